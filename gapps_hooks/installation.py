"""Where this installation keeps what others call: its hooks and its program.

It must not know what they are called for, nor anything of settings and state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gapps_hooks.errors import GappsHooksError

_NAME = "gapps-hooks"
_HOOKS = ("share", _NAME, "hooks.d", "launch")
_PROGRAM = ("bin", _NAME)


def hooks_directory(search: Sequence[str] | None = None) -> Path:
    """Return the directory of the hook scripts that account managers call.

    It is read from the installed distribution's own list of files; an editable installation has
    none, so there it is the checkout's. ``search`` is the module search path, by default this
    interpreter's. Raises GappsHooksError if the scripts are not there.
    """
    for distribution in _distributions(search):
        checkout = _checkout(distribution)
        listed = _listed(distribution, _HOOKS)
        candidates = [listed] if listed else [checkout / "hooks.d" / "launch"] if checkout else []
        for launch in candidates:
            if launch.is_file():
                return launch.parent
    raise GappsHooksError("The hook scripts are not installed; install gapps-hooks again.")


def program(search: Sequence[str] | None = None) -> Path:
    """Return the path of the ``gapps-hooks`` command; raise GappsHooksError if there is none."""
    for distribution in _distributions(search):
        listed = _listed(distribution, _PROGRAM)
        if listed and listed.is_file():
            return listed
    raise GappsHooksError("The command gapps-hooks is not installed; install gapps-hooks again.")


def _distributions(search: Sequence[str] | None) -> Iterator[metadata.Distribution]:
    # more than one: a checkout's egg-info stands first where Python was started inside it
    if search is None:
        return iter(metadata.distributions(name=_NAME))
    return iter(metadata.distributions(name=_NAME, path=list(search)))


def _listed(distribution: metadata.Distribution, ending: tuple[str, ...]) -> Path | None:
    for file in distribution.files or ():
        if file.parts[-len(ending) :] == ending:
            return Path(str(file.locate())).resolve()
    return None


def _checkout(distribution: metadata.Distribution) -> Path | None:
    """Return where an editable installation leads to (direct_url.json, PEP 610)."""
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(origin["url"]).path))
