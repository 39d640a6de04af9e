"""The account managers that can be set up to call us, and the retry that goes with them.

It must not know settings, state or Google; what the account managers call is told to it.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from gapps_hooks.errors import BadInput
from gapps_hooks.managers import adduser, pam, retry, shadow
from gapps_hooks.managers.site import Callee, ManagerState, Run, Site, run_command

__all__ = ["Callee", "ManagerState", "check", "disable", "enable", "names", "retried_by", "states"]


def names() -> tuple[str, ...]:
    """Return the names of the account managers, in the order in which they are shown."""
    return tuple(_modules())


def enable(
    name: str, callee: Callee, root: Path = Path("/"), *, run: Run = run_command
) -> tuple[str, ...]:
    """Have the account manager call us, and what waits be retried; return what was done.

    Doing it again changes nothing; whoever wants to know whether all is in place asks check().
    Raises BadInput for an unknown name and OSError where a file cannot be written.
    """
    site = Site(root=root, run=run)
    lines: tuple[str, ...] = _module(name).enable(site, callee)
    return (*lines, *retry.install(site, callee))


def disable(name: str, root: Path = Path("/"), *, run: Run = run_command) -> tuple[str, ...]:
    """Undo enable exactly; with the last account manager the retry goes too.

    Raises BadInput for an unknown name and OSError where a file cannot be removed.
    """
    site = Site(root=root, run=run)
    lines: tuple[str, ...] = _module(name).disable(site)
    if any(module.present(site) for module in _modules().values()):
        return lines
    return (*lines, *retry.remove(site))


def check(name: str, root: Path = Path("/")) -> ManagerState:
    """Say how things stand with one account manager; raise BadInput for an unknown name."""
    state: ManagerState = _module(name).check(Site(root=root))
    return state


def states(root: Path = Path("/")) -> tuple[ManagerState, ...]:
    """Say how things stand with all of them."""
    return tuple(check(name, root) for name in names())


def retried_by(root: Path = Path("/")) -> str:
    """Name what has what waits tried again, each minute; empty if nothing has."""
    return retry.runner(Site(root=root))


def _modules() -> dict[str, ModuleType]:
    return {module.NAME: module for module in (shadow, adduser, pam)}


def _module(name: str) -> ModuleType:
    if name not in _modules():
        raise BadInput.of("manager", name, f"unknown; give one of {', '.join(names())}")
    return _modules()[name]
