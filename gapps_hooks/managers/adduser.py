"""Debian's adduser and deluser: they run one program of the administrator's when they are done.

It must not know what becomes of an event. Rules: adduser(8), deluser(8).
"""

from __future__ import annotations

from gapps_hooks.managers import owned
from gapps_hooks.managers.owned import Standing
from gapps_hooks.managers.script import Script
from gapps_hooks.managers.site import Callee, ManagerState, Site

NAME = "adduser"

ADDUSER_LOCAL = "/usr/local/sbin/adduser.local"
DELUSER_LOCAL = "/usr/local/sbin/deluser.local"

_SCRIPTS = {
    ADDUSER_LOCAL: Script(
        manager=NAME,
        purpose="Tells gapps-hooks that adduser has added a person, with name and password.",
        event="user-add",
        subject="$1",
    ),
    DELUSER_LOCAL: Script(
        manager=NAME,
        purpose="Tells gapps-hooks that deluser has removed a person.",
        event="user-delete",
        subject="$1",
    ),
}


def enable(site: Site, callee: Callee) -> tuple[str, ...]:
    """Have adduser and deluser call us; return what was done. Raises OSError.

    An administrator's own adduser.local stays as it is; the line that it needs is returned.
    """
    lines = []
    for name, script in _SCRIPTS.items():
        path = site.path(name)
        lines.append(owned.install(path, script.text(callee), mode=0o755))
        if owned.standing(path) is Standing.FOREIGN and not _calls_us(site, name):
            call = f'{callee.hooks / script.event} --no-stdin -- "$1" >/dev/null 2>&1 || true'
            lines.append(f"To have it call us, add this line to {path}: {call}")
    return tuple(lines)


def disable(site: Site) -> tuple[str, ...]:
    """Undo enable; return what was done. Raises OSError."""
    lines = []
    for name in reversed(_SCRIPTS):
        lines.append(owned.remove(site.path(name)))
        if _calls_us(site, name):
            lines.append(f"{site.path(name)} still calls us; take the line with gapps-hooks out.")
    return tuple(lines)


def present(site: Site) -> bool:
    """Say whether anything calls us: what enable put there, or a line of the administrator's."""
    return any(
        owned.standing(site.path(name)) is Standing.OURS or _calls_us(site, name)
        for name in _SCRIPTS
    )


def check(site: Site) -> ManagerState:
    """Say how things stand; an administrator's own adduser.local that calls us counts."""
    missing, notes = [], []
    for name, script in _SCRIPTS.items():
        shortcoming = script.shortcoming(site.path(name))
        if shortcoming and _calls_us(site, name):
            notes.append(f"{site.path(name)} is the administrator's own and mentions gapps-hooks.")
        elif shortcoming:
            missing.append(shortcoming)
    enabled, possible = not missing, site.path("/usr/sbin/adduser").is_file()
    if not possible:
        missing.append("/usr/sbin/adduser is not installed.")
    return ManagerState(
        name=NAME, enabled=enabled, possible=possible, missing=tuple(missing), notes=tuple(notes)
    )


def _calls_us(site: Site, name: str) -> bool:
    path = site.path(name)
    return owned.standing(path) is Standing.FOREIGN and "gapps-hooks" in owned.content(path)
