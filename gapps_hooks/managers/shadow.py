"""useradd and userdel (shadow-utils): they run whatever is in /etc/shadow-maint.

It must not know what becomes of an event. Rules: useradd(8), userdel(8) of shadow-utils 4.9 up.
"""

from __future__ import annotations

from pathlib import Path

from gapps_hooks.managers import owned
from gapps_hooks.managers.adduser import ADDUSER_LOCAL, DELUSER_LOCAL
from gapps_hooks.managers.owned import Standing
from gapps_hooks.managers.script import Script, Superior
from gapps_hooks.managers.site import Callee, ManagerState, Site

NAME = "shadow"

_UNSEEN = (
    "usermod, gpasswd and chage call no hooks: what they change is seen by the agent's "
    "watcher, by a reconcile, or when another event concerns the same person."
)

_SCRIPTS = {
    "/etc/shadow-maint/useradd-post.d/50-gapps-hooks": Script(
        manager=NAME,
        purpose="Tells gapps-hooks that useradd has added a person.",
        event="user-add",
        subject="$SUBJECT",
        superior=Superior(program="adduser", announcer=ADDUSER_LOCAL),
    ),
    "/etc/shadow-maint/userdel-post.d/50-gapps-hooks": Script(
        manager=NAME,
        purpose="Tells gapps-hooks that userdel has removed a person.",
        event="user-delete",
        subject="$SUBJECT",
        superior=Superior(program="deluser", announcer=DELUSER_LOCAL),
    ),
}


def enable(site: Site, callee: Callee) -> tuple[str, ...]:
    """Have useradd and userdel call us; return what was done. Raises OSError."""
    # useradd runs every file in these directories, also one that is half written
    return tuple(
        owned.install(site.path(name), script.text(callee), mode=0o755, stage_above=True)
        for name, script in _SCRIPTS.items()
    )


def disable(site: Site) -> tuple[str, ...]:
    """Undo enable; return what was done. Raises OSError."""
    return tuple(owned.remove(site.path(name)) for name in reversed(_SCRIPTS))


def present(site: Site) -> bool:
    """Say whether anything that enable put there is left."""
    return any(owned.standing(site.path(name)) is Standing.OURS for name in _SCRIPTS)


def check(site: Site) -> ManagerState:
    """Say how things stand."""
    missing = [
        shortcoming
        for name, script in _SCRIPTS.items()
        if (shortcoming := script.shortcoming(site.path(name)))
    ]
    enabled, possible = not missing, _runs_hooks(site.path("/usr/sbin/useradd"))
    if not possible:
        missing.append("/usr/sbin/useradd runs no hooks; that came with shadow-utils 4.9.")
    return ManagerState(
        name=NAME,
        enabled=enabled,
        possible=possible,
        missing=tuple(missing),
        notes=(_UNSEEN,),
    )


def _runs_hooks(useradd: Path) -> bool:
    try:
        return b"/etc/shadow-maint" in useradd.read_bytes()
    except OSError:
        return False
