"""What a hook tells the resident agent, and hears from it, as docs/agent-protocol.md has it.

It must not know how an event is recorded where no agent answers.
"""

from __future__ import annotations

import _socket  # what socket is made of, without the 3 ms of its enumerations
import errno
import posix
import sys
import time

from gapps_hooks.firing.call import DEFAULT_SETTINGS, Call, environment
from gapps_hooks.firing.notation import load, quote
from gapps_hooks.firing.saying import BAD_INPUT, RECORDED, say, trouble

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    # what the module signal is made of, without the 4 ms that its enumerations cost
    import _signal as signal

DEFAULT_SOCKET = "/run/gapps-hooks/agent.sock"
#: Largest answer of the agent in bytes.
ANSWER_LIMIT = 1 << 16
#: Seconds within which the agent must say that the event is on disk.
RECORDED_WITHIN = 0.5
#: The longest wait for an outcome, in seconds, whatever the agent asks for.
LONGEST_WAIT = 60.0


def compose(call: Call, payload: str, event_id: str) -> bytes:
    """The event as the one line of JSON that agent and recorder read, without its line end.

    It says when it is sent, so that an agent which comes to it too late leaves it to us.
    """
    words = {
        "version": "1",
        "id": quote(event_id),
        "event": quote(call.event),
        "subject": quote(call.subject),
        "settings": quote(call.settings),
        "defer": repr(call.defer),
        "sent": repr(time.monotonic()),
        "payload": payload,
    }
    return ("{" + ", ".join(f'"{key}": {text}' for key, text in words.items()) + "}").encode()


def socket_path(settings: str) -> str:
    """Where the agent of this installation listens."""
    if chosen := environment("GAPPS_HOOKS_SOCKET"):
        return chosen
    return DEFAULT_SOCKET if settings == DEFAULT_SETTINGS else f"{settings}.sock"


def ask_agent(path: str, message: bytes, *, wait: bool) -> int | None:
    """Hand the event to the agent; return the exit status, or None to record it ourselves."""
    try:
        # a caller that is confined may have no sockets at all
        answers = Answers(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM), RECORDED_WITHIN)
        answers.connect(path)
        answers.channel.sendall(b"gapps-hooks/1\n" + message + b"\n")
        answer = answers.following()
    except (OSError, ValueError, RecursionError):
        return None
    if answer.get("recorded") is True:
        return _recorded(answers, answer.get("wait"), wait=wait)
    return _refused(answer)


class Answers:
    """The agent's answers, each one JSON object on one line, within a time."""

    def __init__(self, channel: _socket.socket, seconds: float) -> None:
        self.channel = channel
        self._data = bytearray()
        self.within(seconds)

    def within(self, seconds: float) -> None:
        """Give what follows this many seconds from now."""
        self._end = time.monotonic() + seconds
        self.channel.settimeout(seconds or 0.001)

    def connect(self, path: str) -> None:
        """Connect, or raise OSError; also if another user could have put the socket there."""
        self.channel.connect(path)
        # struct ucred of unix(7): pid, uid, gid, each an int
        peer = self.channel.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        directory, root, _ = path.rpartition("/")
        owner = posix.stat(directory or root or ".").st_uid
        if int.from_bytes(peer[4:8], sys.byteorder) not in {0, posix.geteuid(), owner}:
            raise PermissionError(errno.EPERM, "the agent is run by a stranger")

    def following(self) -> dict[str, object]:
        """Return the next answer; raise OSError or ValueError if there is none."""
        while b"\n" not in self._data:
            self.channel.settimeout(max(0.001, self._end - time.monotonic()))
            chunk = self.channel.recv(1 << 16)
            self._data += chunk
            if not chunk or len(self._data) > ANSWER_LIMIT or time.monotonic() > self._end:
                raise ValueError("no whole answer")
        line, _, self._data = self._data.partition(b"\n")
        answer = load(line.decode())
        return answer if isinstance(answer, dict) else {}


def _recorded(answers: Answers, seconds: object, *, wait: bool) -> int:
    # from here on nothing changes the status, and a signal only ends the wait
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: posix._exit(RECORDED))  # noqa: SLF001 - its only name
    if not wait or not isinstance(seconds, (int, float)) or not seconds > 0:
        return RECORDED
    answers.within(min(seconds, LONGEST_WAIT))
    try:
        outcome = answers.following().get("outcome")
    except (OSError, ValueError, RecursionError):
        outcome = None
    line = outcome.get("line") if isinstance(outcome, dict) else None
    say(1, line if isinstance(line, str) else "recorded; it will be delivered")
    return RECORDED


def _refused(answer: dict[str, object]) -> int | None:
    sentence = answer.get("refused")
    if not isinstance(sentence, str):
        return None
    if answer.get("exit") == BAD_INPUT:
        say(2, sentence)
        return BAD_INPUT
    return trouble(sentence)
