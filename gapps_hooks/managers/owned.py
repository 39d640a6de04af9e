"""Files that we put into an account manager's directories, and take away again unharmed.

It must not know what is in them. The last line of each is our mark, with a digest of the rest: a
file without it, or one that was changed since, is somebody else's and is never touched.
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

_MARK = re.compile(r"gapps-hooks: directories=(\d+) sha256=([0-9a-f]{64})\n\Z")


class Standing(enum.Enum):
    """Whose a file is."""

    ABSENT = "absent"
    OURS = "ours"
    FOREIGN = "foreign"


def standing(path: Path) -> Standing:
    """Say whose the file is; a link, a directory or an unreadable file is foreign."""
    return _inspect(path)[0]


def content(path: Path) -> str:
    """Return the file's text, or an empty text if it cannot be read as such."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def install(
    path: Path, text: str, *, mode: int = 0o644, mark: str = "# ", stage_above: bool = False
) -> str:
    """Put our file there, unless somebody else's is; return a sentence that says what was done.

    ``mark`` begins the line that marks the file as ours, so that its readers pass it by.
    ``stage_above`` has it written one directory further up first, where every file in the
    directory itself counts, also one that is half written. Raises OSError.
    """
    whose, directories = _inspect(path)
    if whose is Standing.FOREIGN:
        return f"{path} was written or changed by somebody else: left as it is."
    made = _make_directories(path.parent) if whose is Standing.ABSENT else directories
    marked = f"{text}{mark}gapps-hooks: directories={made} sha256={_digest(text, made)}\n"
    if whose is Standing.OURS and content(path) == marked and _mode(path) == mode:
        return f"{path} is in place."
    staging = path.parent.parent if stage_above else path.parent
    replace(path, marked, mode=mode, staging=staging)
    return f"{path} was {'written' if whose is Standing.ABSENT else 'renewed'}."


def remove(path: Path) -> str:
    """Take our file away, and the directories made for it; return a sentence about it.

    Raises OSError.
    """
    whose, directories = _inspect(path)
    if whose is Standing.ABSENT:
        return f"{path} is not there."
    if whose is Standing.FOREIGN:
        return f"{path} was written or changed by somebody else: left as it is."
    path.unlink()
    for directory in list(path.parents)[:directories]:
        try:
            directory.rmdir()
        except OSError:
            break
    return f"{path} was removed."


def replace(
    path: Path,
    text: str,
    *,
    mode: int,
    owner: tuple[int, int] = (-1, -1),
    staging: Path,
) -> None:
    """Write a whole file at once, so that no reader ever sees a part of it; raise OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix="~", dir=staging)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is a descriptor
            file.write(text)
            file.flush()
            os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _inspect(path: Path) -> tuple[Standing, int]:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return Standing.ABSENT, 0
    text = content(path) if stat.S_ISREG(kind) else ""
    if not (mark := _MARK.search(text)):
        return Standing.FOREIGN, 0
    rest = text[: text.rfind("\n", 0, mark.start()) + 1]
    ours = mark[2] == _digest(rest, int(mark[1]))
    return (Standing.OURS, int(mark[1])) if ours else (Standing.FOREIGN, 0)


def _digest(text: str, directories: int) -> str:
    return hashlib.sha256(f"{directories}\n{text}".encode()).hexdigest()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _make_directories(wanted: Path) -> int:
    missing = [directory for directory in (wanted, *wanted.parents) if not directory.exists()]
    for directory in reversed(missing):
        directory.mkdir()
        directory.chmod(0o755)
    return len(missing)
