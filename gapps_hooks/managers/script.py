"""The shell script that an account manager runs in order to call one of our hooks.

It must not know which account managers there are, nor where the script is put.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from gapps_hooks.managers import owned
from gapps_hooks.managers.owned import Standing
from gapps_hooks.managers.site import Callee

#: Seconds within which the more complete event of the program above us is expected.
_DEFERRAL = 60
#: Seconds after which a hook that hangs, for whatever reason, is ended: its waits are far shorter.
_LONGEST = 120

_PROLOGUE = """\
#!/bin/sh
# {purpose}
# Written by "gapps-hooks enable {manager}", taken away by "gapps-hooks disable {manager}"; once it
# is changed by hand, both leave it alone.
# Whatever happens here, the account manager must not notice: the exit status is always 0.
trap 'exit 0' 0 1 2 13 15
exec </dev/null >/dev/null 2>&1
hook={hook}
{condition}subject={subject}
set --
"""

_DEFERRED = """\
# Says whether one of the processes above us has the name $1.
below() {{
    process=$PPID
    while [ "${{process:-0}}" -gt 1 ]; do
        name='' parent=0
        while read -r key value rest; do
            case $key in
                Name:) name=$value ;;
                PPid:) parent=$value ;;
            esac
        done <"/proc/$process/status"
        [ "$name" != "$1" ] || return 0
        process=$parent
    done
    return 1
}}
# {program} is not finished yet, and tells us itself when it is; until then the event is only noted,
# and delivered after a while should {program} die on the way.
if [ -x {announcer} ] && /bin/grep -q gapps-hooks {announcer} && below {program}; then
    set -- --defer {seconds}
fi
"""

_CALL = """\
said=$(/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin {settings}\\
    /usr/bin/timeout -k 5 {longest} "$hook" --no-stdin "$@" -- "$subject" 2>&1 >/dev/null) ||
    /usr/bin/logger -p auth.err -t gapps-hooks -- "{event} $subject: exit status $?: ${{said##*
}}"
exit 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Superior:
    """A program that runs the account manager's and calls us itself, later and knowing more."""

    #: The name of its process.
    program: str
    #: The file in which it calls us, if it does.
    announcer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One script: on whose behalf, which event, and how it learns the subject."""

    manager: str
    #: A sentence: what it is for.
    purpose: str
    event: str
    #: A shell expression for the subject, such as ``$SUBJECT``; it is quoted here.
    subject: str
    superior: Superior | None = None
    #: A shell command without which there is nothing to do.
    condition: str = ""

    def text(self, callee: Callee) -> str:
        """Return the script, without our mark."""
        settings = f"{shlex.quote(f'GAPPS_HOOKS_CONFIG={callee.settings}')} "
        return "".join(
            (
                _PROLOGUE.format(
                    purpose=self.purpose,
                    manager=self.manager,
                    hook=shlex.quote(str(callee.hooks / self.event)),
                    condition=f"{self.condition} || exit 0\n" if self.condition else "",
                    subject=self.subject,
                ),
                self._deferral(),
                _CALL.format(
                    event=self.event,
                    longest=_LONGEST,
                    settings=settings if callee.settings else "",
                ),
            )
        )

    def shortcoming(self, path: Path) -> str | None:
        """Say what keeps the script at this place from calling us, or None if nothing does."""
        whose = owned.standing(path)
        if whose is Standing.ABSENT:
            return f"{path} is missing: gapps-hooks enable {self.manager}"
        if whose is Standing.FOREIGN:
            return (
                f"{path} was written or changed by somebody else: see that it is right, or move "
                f"it away and run gapps-hooks enable {self.manager}"
            )
        hook = hook_of(owned.content(path))
        if hook is None or not hook.exists():
            return f"{path} calls {hook}, which is gone: gapps-hooks enable {self.manager}"
        return None

    def _deferral(self) -> str:
        if self.superior is None:
            return ""
        return _DEFERRED.format(
            program=self.superior.program, announcer=self.superior.announcer, seconds=_DEFERRAL
        )


def hook_of(text: str) -> Path | None:
    """Return the hook that a script of ours calls, or None if it is none."""
    line = re.search(r"^hook=(.+)$", text, re.MULTILINE)
    words = shlex.split(line[1]) if line else []
    return Path(words[0]) if words else None
