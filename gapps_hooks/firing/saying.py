"""What people see of a hook, and the statuses that its caller sees.

It must not know what is said.
"""

from __future__ import annotations

import posix
import select

RECORDED, NOT_RECORDED, BAD_INPUT = 0, 1, 64

#: Seconds that a full pipe on stdout or stderr may hold us up.
PRINT_WITHIN = 1.0


def say(descriptor: int, line: str) -> None:
    """Print one line, if that is possible; what was decided does not depend on it."""
    text = "".join(letter if letter.isprintable() else " " for letter in line)
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    try:
        if ready.poll(PRINT_WITHIN * 1000):
            posix.write(descriptor, _line(text))
    except OSError:
        pass


def _line(text: str) -> bytes:
    """Encode a line, no longer than what a pipe that is ready takes at once (poll(2), pipe(7))."""
    whole = text.encode("utf-8", "replace") + b"\n"
    if len(whole) <= select.PIPE_BUF:
        return whole
    end = " …\n".encode()
    return whole[: select.PIPE_BUF - len(end)].decode("utf-8", "ignore").encode() + end


def trouble(sentence: str) -> int:
    """Say that nothing was recorded, also in the system's log; return the exit status."""
    import syslog  # noqa: PLC0415 - needed in trouble only

    say(2, f"not recorded: {sentence}")
    syslog.openlog("gapps-hooks", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_ERR, f"not recorded: {sentence}".replace("\0", " "))
    return NOT_RECORDED
