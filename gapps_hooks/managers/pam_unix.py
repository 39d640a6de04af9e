"""pam_unix's option that says how new passwords are hashed, in a file of /etc/pam.d.

It must not know our hooks. Debian's default, yescrypt, is none that Google takes; a scheme is
changed only for whoever asks, and changed back to what it was. Rules: pam_unix(8), pam.d(5).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from gapps_hooks.managers import owned

#: The scheme that Google takes and every pam_unix has.
USABLE = "sha512"

_LINE = re.compile(
    r"^(?P<head>\s*password\s+(?:\[[^]]*\]|\w+)\s+(?:\S*/)?pam_unix\.so\b(?:\s+\S+)*?\s+)"
    r"(?P<scheme>yescrypt|gost_yescrypt|blowfish|sha512)(?=\s|$)"
)
_NOTE = re.compile(r"^# pam_unix: (\w+) was replaced\.$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeLine:
    """A line that has passwords hashed in a way that Google does not take."""

    #: Counted from one.
    number: int
    text: str
    scheme: str

    def remedy(self, path: Path) -> str:
        """Say what to change where."""
        return (
            f"Google cannot take passwords hashed by {self.scheme}: in {path}, line {self.number} "
            f"({' '.join(self.text.split())}), change {self.scheme} to {USABLE} (gapps-hooks "
            "enable pam --set-sha512 does it); it counts from each person's next change."
        )


def unusable(path: Path) -> SchemeLine | None:
    """Find the line of pam_unix whose hashes Google does not take, if there is one."""
    for number, text in enumerate(owned.content(path).splitlines(), start=1):
        found = _LINE.match(text)
        if found and found["scheme"] != USABLE:
            return SchemeLine(number=number, text=text, scheme=found["scheme"])
    return None


def is_usable(path: Path) -> bool:
    """Whether passwords that are set from now on are hashed as Google takes them."""
    found = (_LINE.match(text) for text in owned.content(path).splitlines())
    return {line["scheme"] for line in found if line} == {USABLE}


def rewrite(path: Path, old: str, new: str) -> str:
    """Change the scheme from ``old`` to ``new``; return a sentence about it. Raises OSError."""
    text = owned.content(path)
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        found = _LINE.match(line)
        if found and found["scheme"] == old:
            lines[number] = f"{found['head']}{new}{line[found.end() :]}"
            _write(path, "".join(lines))
            return f"{path}: pam_unix now hashes new passwords with {new} instead of {old}."
    return f"{path}: no line of pam_unix with {old}; left as it is."


def note(replaced: str | None) -> str:
    """Make the comment that remembers which scheme was replaced; nothing if none was."""
    return f"# pam_unix: {replaced} was replaced.\n" if replaced else ""


def noted(text: str) -> str | None:
    """Read which scheme was replaced."""
    found = _NOTE.search(text)
    return found[1] if found else None


def _write(path: Path, text: str) -> None:
    was: os.stat_result = path.stat()
    owner = (was.st_uid, was.st_gid)
    owned.replace(path, text, mode=stat.S_IMODE(was.st_mode), owner=owner, staging=path.parent)
