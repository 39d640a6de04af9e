"""The payload of a hook, as it comes on stdin.

It must not know what the payload means.
"""

from __future__ import annotations

import errno
import posix
import select
import time

from gapps_hooks.firing.call import BadCall
from gapps_hooks.firing.notation import load

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Largest payload in bytes.
PAYLOAD_LIMIT = 1 << 20
#: Seconds without a byte after which stdin is taken to have nothing more to say.
STDIN_SILENCE = 2.0
#: Seconds that reading stdin may take in all.
STDIN_TOTAL = 5.0


def read_stdin(descriptor: int, clock: Callable[[], float] = time.monotonic) -> bytes:
    """Read the payload's bytes; empty for a terminal, and for a stdin that stays silent.

    Reading ends at the end of the file, after STDIN_SILENCE seconds without a byte or after
    STDIN_TOTAL seconds: a stdin that was merely inherited must not hang an account manager.
    Raises BadCall for more than PAYLOAD_LIMIT bytes and for a stdin that cannot be read.
    """
    if posix.isatty(descriptor):
        return b""
    waiting, data, end = select.poll(), bytearray(), clock() + STDIN_TOTAL
    waiting.register(descriptor, select.POLLIN)
    while (left := min(STDIN_SILENCE, end - clock())) > 0 and waiting.poll(left * 1000):
        chunk = _read(descriptor)
        if not chunk:
            break
        data += chunk
        if len(data) > PAYLOAD_LIMIT:
            raise BadCall(f"stdin: more than {PAYLOAD_LIMIT} bytes; send one user or group only")
    return bytes(data)


def _read(descriptor: int) -> bytes:
    try:
        return posix.read(descriptor, 1 << 16)
    except OSError as error:
        # nohup and its like put a write-only file there when they mean "nothing"
        if error.errno == errno.EBADF:
            return b""
        raise BadCall(f"stdin: cannot be read ({error.strerror}); use </dev/null") from None


def payload_text(raw: bytes) -> str:
    """The payload as one line of JSON text, ``null`` for none; BadCall if it is no JSON object.

    The text is the caller's own, not one made anew, so that whoever reads it next still sees
    duplicate keys and other things that Python's reader forgives.
    """
    if not raw.strip():
        return "null"
    try:
        text = raw.decode("utf-8")
        value = load(text)
    except RecursionError:
        raise BadCall("stdin: nested too deeply; send one flat JSON object") from None
    except ValueError as error:
        where = getattr(error, "pos", None)
        place = "" if where is None else f" (at character {where})"
        raise BadCall(f"stdin: not one whole JSON object in UTF-8{place}") from None
    if not isinstance(value, dict):
        raise BadCall('stdin: JSON, but not an object; send {"key": value, …} or nothing')
    return text.replace("\n", " ").replace("\r", " ")
