"""The organisation's policy files: found in order, trusted or refused by name, and run.

It must not know what the hooks mean, nor who asks them.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from gapps_hooks.errors import BadSettings, Complaint

_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def load_files(directory: Path, *, user: int) -> tuple[tuple[str, ModuleType], ...]:
    """Run the policy files of a directory, in the byte order of their names.

    Names that begin with a dot or end in anything but ``.py`` (an editor's ``~`` too) are passed
    over, and a directory that is not there holds no policy. ``user`` is the id that may own the
    files beside root. Returns path and module of each file.

    Raises:
        BadSettings: every file that others may write, cannot be read or does not load.
    """
    modules: list[tuple[str, ModuleType]] = []
    complaints: list[Complaint] = []
    try:
        found = tuple(_find(directory))
    except OSError as error:
        raise BadSettings((_unreadable(directory, error),)) from error
    if found:
        complaints.extend(_distrust_parents(directory, user))
    for path in found if not complaints else ():
        result = _load(path, user)
        if isinstance(result, Complaint):
            complaints.append(result)
        else:
            modules.append((str(path), result))
    if complaints:
        raise BadSettings(complaints)
    return tuple(modules)


def _find(directory: Path) -> Iterator[Path]:
    try:
        paths = sorted(directory.iterdir(), key=os.fsencode)
    except FileNotFoundError:
        return
    for path in paths:
        if path.name.endswith(".py") and not path.name.startswith("."):
            yield path


def _distrust_parents(directory: Path, user: int) -> Iterator[Complaint]:
    places = (directory.absolute(), directory.resolve())
    for place in dict.fromkeys(parent for path in places for parent in (path, *path.parents)):
        reason = _distrust(place.stat(), user)
        if reason:
            yield _complaint(place, reason)


def _distrust(status: os.stat_result, user: int) -> str | None:
    if status.st_uid not in {0, user}:
        return f"belongs to user {status.st_uid}; make root its owner (chown root)"
    # In a sticky directory, such as /tmp, nobody can replace what belongs to another.
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & _WRITABLE_BY_OTHERS and not sticky:
        return "may be written by others; take that away (chmod go-w)"
    return None


def _load(path: Path, user: int) -> ModuleType | Complaint:
    # The opened file is both checked and run, so that no other can be put in its place between.
    try:
        with open(path, "rb", opener=_open_at_once) as file:  # noqa: PTH123 - pathlib has no opener
            status = os.fstat(file.fileno())
            reason = _distrust(status, user) if stat.S_ISREG(status.st_mode) else "is not a file"
            source = b"" if reason else file.read()
    except OSError as error:
        return _unreadable(path, error)
    return _complaint(path, reason) if reason else _run(path, source)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would be waited for


def _run(path: Path, source: bytes) -> ModuleType | Complaint:
    # Not by the import system, which would leave compiled copies beside the settings.
    module = ModuleType("gapps_hooks_policy_" + re.sub(r"\W", "_", path.stem))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    try:
        code = compile(source, path, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - a policy is a program of the organisation's own
    except SyntaxError as error:
        return _complaint(path, f"line {error.lineno or 1}: {error.msg}; correct it")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a policy may raise anything
        return _complaint(path, f"{place_of(error, path)}: {describe(error)}; correct it")
    return module


def place_of(error: BaseException, path: Path | str | None = None) -> str:
    """Say where an error arose: the deepest line in ``path``, or where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if path is None or frame.filename == str(path)]
    if not own:
        return "unknown line"
    return f"line {own[-1].lineno}" if path else f"{own[-1].filename} line {own[-1].lineno}"


def describe(error: BaseException) -> str:
    """Name an error by its type and the beginning of its first line."""
    first, *_ = str(error).splitlines() or [""]
    shown = first if len(first) <= 200 else first[:199] + "…"  # noqa: PLR2004 - one line of a log
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__


def _unreadable(path: Path, error: OSError) -> Complaint:
    return _complaint(path, f"cannot be read ({error.strerror}); let this program's user read it")


def _complaint(path: Path, reason: str) -> Complaint:
    return Complaint(field="policy_directory", value=str(path), remedy=reason)
