"""The organisation's policy files: found in order, trusted or refused by name, and run.

It must not know what the hooks mean, nor who asks them.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from gapps_hooks.errors import BadSettings, Complaint
from gapps_hooks.trust import distrust, distrusted_parents, read_regular

#: Bytes of the longest policy file that is read.
LONGEST: Final = 1 << 20


def load_files(directory: Path, *, user: int) -> tuple[tuple[str, ModuleType], ...]:
    """Run the policy files of a directory, in the byte order of their names.

    Names that begin with a dot or end in anything but ``.py`` (an editor's ``~`` too) are passed
    over, and a directory that is not there holds no policy. ``user`` is the id that may own the
    files beside root. Returns path and module of each file.

    Raises:
        BadSettings: every file that others may write, cannot be read or does not load.
    """
    owners = frozenset({0, user})
    try:
        found = tuple(find(directory))
        distrusted = dict(pair for path in found for pair in distrusted_parents(path, owners))
    except OSError as error:
        raise BadSettings((_unreadable(Path(error.filename or directory), error),)) from error
    if distrusted:
        raise BadSettings(_complaint(path, reason) for path, reason in distrusted.items())
    results = tuple((str(path), _load(path, owners)) for path in found)
    complaints = tuple(result for _, result in results if isinstance(result, Complaint))
    if complaints:
        raise BadSettings(complaints)
    return tuple((path, result) for path, result in results if isinstance(result, ModuleType))


def find(directory: Path) -> Iterator[Path]:
    """Find the policy files, in the order in which they are run; raises OSError."""
    try:
        paths = sorted(directory.iterdir(), key=os.fsencode)
    except FileNotFoundError:
        return
    for path in paths:
        if path.name.endswith(".py") and not path.name.startswith("."):
            yield path


def _load(path: Path, owners: frozenset[int]) -> ModuleType | Complaint:
    try:
        source, status = read_regular(path, LONGEST)
    except OSError as error:
        return _unreadable(path, error)
    reason = distrust(status, owners, private=False)
    return _complaint(path, reason) if reason else _run(path, source)


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
