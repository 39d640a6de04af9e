"""Read the bytes of a file or of a program's output, bounded in size and time.

It must not know what the bytes mean.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.trust import read_regular

_CLEAN_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
#: Of util-linux: asks the kernel for a signal when its parent dies, and becomes the program.
_SETPRIV: Final = "/usr/bin/setpriv"
_PIECE: Final = 1 << 16
#: Seconds that a program which is just being started may hold up the one who stops it.
_START_SECONDS: Final = 0.5


class Leash:
    """Holds the program that runs, so that another thread can stop it, and any that would follow.

    A process that leaves at once (os._exit) would otherwise leave its program behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cut = False

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program.

        Raises:
            SourceUnreadable: it does not start, or may not any more.
        """
        with self._lock:
            self.check(command)
            self._process = _started(command)
            return self._process

    def check(self, command: Sequence[str]) -> None:
        """Raise SourceUnreadable if the program was stopped, and so means nothing."""
        if self._cut:
            raise SourceUnreadable(f"{command[0]} was stopped: the time for all of it was over")

    def cut(self) -> None:
        """Kill what runs, with all that it started."""
        self._cut = True
        if self._lock.acquire(timeout=_START_SECONDS):
            try:
                if self._process is not None:
                    _end(self._process)
            finally:
                self._lock.release()


def read_file(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """Read a whole regular file, with the state it had when it was opened.

    Raises:
        SourceUnreadable: it is not there, may not be read, is no file or too long.
    """
    try:
        return read_regular(path, max_bytes)
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from error


def read_output(
    command: Sequence[str],
    *,
    timeout: float,
    max_bytes: int,
    leash: Leash,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Run a program without a shell and return what it prints.

    It gets an empty stdin and a clean environment, and is killed with all that it started once
    it takes too long or prints too much.

    Args:
        command: the program's absolute path and its arguments.
        timeout: seconds that it may take.
        max_bytes: bytes that it may print.
        leash: stops it from another thread.
        clock: monotonic seconds.

    Raises:
        SourceUnreadable: it does not start, fails, is stopped, takes too long or prints too much.
    """
    deadline = clock() + timeout
    process = leash.start(command)
    with process:
        try:
            output = _collect(process, max_bytes, lambda: deadline - clock())
            status = process.wait(max(0.0, deadline - clock()))
        except subprocess.TimeoutExpired:
            raise SourceUnreadable(f"{command[0]} took longer than {timeout:g} seconds") from None
        except _TooMuch:
            raise SourceUnreadable(f"{command[0]} printed more than {max_bytes} bytes") from None
        finally:
            _end(process)
    leash.check(command)
    if status:
        raise SourceUnreadable(f"{command[0]} failed with status {status}")
    return output


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            _bound_to_us(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_CLEAN_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"{command[0]} does not start: {error}") from error


def _bound_to_us(command: Sequence[str]) -> tuple[str, ...]:
    """Have the program killed with us, if it can be: nobody else would end it if we are killed.

    What does not start at all is started bare, so that the system says why.
    """
    there = os.access(_SETPRIV, os.X_OK) and os.access(command[0], os.X_OK)
    return (_SETPRIV, "--pdeathsig", "KILL", "--", *command) if there else tuple(command)


class _TooMuch(Exception):
    """The program printed more than it may."""


def _collect(
    process: subprocess.Popen[bytes], max_bytes: int, remaining: Callable[[], float]
) -> bytes:
    stream: IO[Any] | None = process.stdout
    if stream is None:
        raise ValueError("the process was started without a pipe")
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(max(0.0, remaining())):
            piece = os.read(stream.fileno(), _PIECE)
            if not piece:
                return bytes(output)
            output += piece
            if len(output) > max_bytes:
                raise _TooMuch
    raise subprocess.TimeoutExpired(process.args, 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    # not once it was waited for: its number, and so its group, may be another program's by then
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
