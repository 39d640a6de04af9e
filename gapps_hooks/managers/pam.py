"""PAM's password stack on Debian: a script after pam_unix sees every changed password's hash.

It must not know what becomes of an event, nor read any hash. Rules: pam_exec(8),
pam-auth-update(8). Always ``optional``: a required one that failed would report "password
unchanged" for a password that was changed.
"""

from __future__ import annotations

from pathlib import Path

from gapps_hooks.managers import owned, pam_unix
from gapps_hooks.managers.adduser import ADDUSER_LOCAL
from gapps_hooks.managers.owned import Standing
from gapps_hooks.managers.script import Script, Superior
from gapps_hooks.managers.site import Callee, ManagerState, Site

NAME = "pam"

#: pam_exec splits its arguments at blanks and knows no quotes: this path has to be a plain one.
_SCRIPT_PATH = "/usr/local/lib/gapps-hooks/pam-password"
_PROFILE_PATH = "/usr/share/pam-configs/gapps-hooks"
_STACK_PATH = "/etc/pam.d/common-password"
_UPDATE = "/usr/sbin/pam-auth-update"
_MODULE_PLACES = ("usr/lib/*/security/pam_exec.so", "usr/lib*/security/pam_exec.so")
_STACK_LINE = f"optional\tpam_exec.so seteuid quiet {_SCRIPT_PATH}"

_PROFILE = f"""\
Name: Tell gapps-hooks about changed passwords
Default: yes
Priority: 0
Password-Type: Additional
Password:
\t{_STACK_LINE}
"""

_SCRIPT = Script(
    manager=NAME,
    purpose="Tells gapps-hooks that a password was changed; its hash is read from /etc/shadow.",
    event="password-set",
    subject="$PAM_USER",
    condition='[ "$PAM_TYPE" = password ]',
    superior=Superior(program="adduser", announcer=ADDUSER_LOCAL),
)


def enable(site: Site, callee: Callee) -> tuple[str, ...]:
    """Have PAM call us after a changed password; return what was done. Raises OSError.

    With ``callee.set_sha512`` pam_unix is told to hash new passwords so that Google takes them.
    """
    script, stack = site.path(_SCRIPT_PATH), site.path(_STACK_PATH)
    replaced = pam_unix.noted(owned.content(script))
    wanted = pam_unix.unusable(stack) if callee.set_sha512 and replaced is None else None
    # noted before it is done, so that it can be undone whatever happens in between
    note = pam_unix.note(replaced or (wanted.scheme if wanted else None))
    lines = [
        owned.install(script, _SCRIPT.text(callee) + note, mode=0o755),
        owned.install(site.path(_PROFILE_PATH), _PROFILE, mark="X-"),
        *_update(site, "--enable"),
    ]
    if site.live and not _in_stack(stack):
        lines.append(
            f"{stack} was edited by hand, so pam-auth-update leaves it alone: add this line after "
            f"its last password line yourself: password\t{_STACK_LINE}"
        )
    if wanted:
        lines.append(pam_unix.rewrite(stack, wanted.scheme, pam_unix.USABLE))
    return tuple(lines)


def disable(site: Site) -> tuple[str, ...]:
    """Undo enable; return what was done. Raises OSError."""
    script, stack = site.path(_SCRIPT_PATH), site.path(_STACK_PATH)
    lines = []
    if (replaced := pam_unix.noted(owned.content(script))) is not None:
        lines.append(pam_unix.rewrite(stack, pam_unix.USABLE, replaced))
    if site.path(_PROFILE_PATH).exists():
        lines += _update(site, "--remove")
    if site.live and _in_stack(stack):
        lines.append(f"{stack} was edited by hand: take the line with {_SCRIPT_PATH} out yourself.")
    lines += [owned.remove(site.path(_PROFILE_PATH)), owned.remove(script)]
    return tuple(lines)


def present(site: Site) -> bool:
    """Say whether anything that enable put there is left."""
    return any(
        owned.standing(site.path(name)) is Standing.OURS for name in (_SCRIPT_PATH, _PROFILE_PATH)
    )


def check(site: Site) -> ManagerState:
    """Say how things stand, and whether Google can take the hashes that are made here."""
    stack = site.path(_STACK_PATH)
    missing, notes = [], []
    if shortcoming := _SCRIPT.shortcoming(site.path(_SCRIPT_PATH)):
        missing.append(shortcoming)
    if not _in_stack(stack):
        missing.append(f"{stack} does not call {_SCRIPT_PATH}: gapps-hooks enable {NAME}")
    enabled = not missing
    absent = [*_absent(site)]
    if line := pam_unix.unusable(stack):
        notes.append(line.remedy(stack))
    return ManagerState(
        name=NAME,
        enabled=enabled,
        possible=not absent,
        missing=(*missing, *absent),
        notes=tuple(notes),
    )


def _absent(site: Site) -> list[str]:
    absent = []
    if not site.path(_UPDATE).is_file():
        absent.append(f"{_UPDATE} is not installed: PAM is set up differently here.")
    # Debian's modules are in a directory named after the machine, others' in lib or lib64
    if not any(any(site.path("/").glob(place)) for place in _MODULE_PLACES):
        absent.append("The PAM module pam_exec.so is not installed.")
    return absent


def _in_stack(stack: Path) -> bool:
    lines = owned.content(stack).splitlines()
    return any(_SCRIPT_PATH in line for line in lines if not line.lstrip().startswith("#"))


def _update(site: Site, what: str) -> tuple[str, ...]:
    command = (_UPDATE, "--package", what, "gapps-hooks")
    if not site.live:
        return (f"To be run there: {' '.join(command)}",)
    status, output = site.run(command)
    said = " ".join(output.split())
    return (f"{' '.join(command)}: {said}" if said or status else f"{' '.join(command)}: done.",)
