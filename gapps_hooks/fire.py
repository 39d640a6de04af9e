"""The hooks' entry: takes one event and sees that it is recorded, by the agent or by itself.

It must not know the package: it runs as ``python -I -S fire.py`` on the standard library alone,
and imports what only one of its ways needs when it goes that way, because every change of an
account waits for it. docs/agent-protocol.md says what it tells the agent, hooks.d/README.md what
it promises its callers.

    fire.py [--settings PATH] [--defer SECONDS] [--no-stdin] [--] EVENT [SUBJECT]

Exit status: 0 recorded, 1 not recorded, 64 bad input. ``reconcile`` hands its arguments and its
exit status over to the command line of the same name.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import sys
import time

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    import signal
    from collections.abc import Callable, Sequence
    from typing import Any
else:
    # what the module signal is made of, without the 4 ms that its enumerations cost
    import _signal as signal

RECORDED, NOT_RECORDED, BAD_INPUT = 0, 1, 64

EVENTS = ("user-add", "user-modify", "user-delete", "group-change", "password-set")
RECONCILE = "reconcile"

DEFAULT_SETTINGS = "/etc/gapps-hooks/gapps-hooks.toml"
DEFAULT_SOCKET = "/run/gapps-hooks/agent.sock"
CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

#: What JSON takes for space, RFC 8259.
JSON_SPACE = " \t\n\r"
#: Largest payload in bytes.
PAYLOAD_LIMIT = 1 << 20
#: Largest answer of the agent in bytes.
ANSWER_LIMIT = 1 << 16
#: Seconds without a byte after which stdin is taken to have nothing more to say.
STDIN_SILENCE = 2.0
#: Seconds that reading stdin may take in all.
STDIN_TOTAL = 5.0
#: Seconds within which the agent must say that the event is on disk.
RECORDED_WITHIN = 0.5
#: The longest wait for an outcome, in seconds, whatever the agent asks for.
LONGEST_WAIT = 60.0
#: The longest deferral in seconds: an hour.
LONGEST_DEFERRAL = 3600.0
#: Seconds that a full pipe on stdout or stderr may hold us up.
PRINT_WITHIN = 1.0


class BadCall(Exception):
    """The caller's input is wrong; the text says what and how to put it right (exit 64)."""


class Call:
    """What the command line said."""

    __slots__ = ("arguments", "defer", "event", "settings", "stdin", "subject")

    def __init__(self) -> None:
        self.event = ""
        self.subject = ""
        #: The arguments of reconcile, which are passed on as they are.
        self.arguments: list[str] = []
        self.settings = os.environ.get("GAPPS_HOOKS_CONFIG") or DEFAULT_SETTINGS
        #: Seconds before delivery is due.
        self.defer = 0.0
        #: Whether a payload may come on stdin.
        self.stdin = True


# --- form --------------------------------------------------------------------------------------


def read_arguments(words: Sequence[str]) -> Call:
    """Read the command line; raise BadCall if it is not of the form above."""
    call = Call()
    plain = _take_options(call, list(words))
    if not plain:
        raise BadCall(f"event: missing; give one of {', '.join(EVENTS)}, {RECONCILE}")
    call.event, *rest = plain
    call.settings = _utf8("settings", os.path.abspath(call.settings))  # noqa: PTH100 - pathlib costs 5 ms
    if call.event == RECONCILE:
        call.arguments = rest
    elif call.event not in EVENTS:
        raise BadCall(f"event: unknown; give one of {', '.join(EVENTS)}, {RECONCILE}")
    elif len(rest) != 1:
        raise BadCall(f"{call.event}: give one user or group name, and anything more on stdin")
    else:
        call.subject = _utf8("subject", rest[0])
    return call


def _take_options(call: Call, words: list[str]) -> list[str]:
    plain: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--settings":
            call.settings = _value(word, words)
        elif word == "--defer":
            call.defer = _seconds(_value(word, words))
        elif word == "--no-stdin":
            call.stdin = False
        elif word.startswith("--") and word != "--":
            raise BadCall("unknown option; write -- before a name that begins with a dash")
        else:
            plain += [] if word == "--" else [word]
            if word == "--" or plain == [RECONCILE]:
                return plain + words
    return plain


def _value(option: str, words: list[str]) -> str:
    if not words or not words[0]:
        raise BadCall(f"{option}: its value is missing")
    return words.pop(0)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_DEFERRAL:
        raise BadCall(f"--defer: give seconds from 0 to {LONGEST_DEFERRAL:.0f}")
    return seconds


def _utf8(field: str, word: str) -> str:
    try:
        text = os.fsencode(word).decode("utf-8")
    except UnicodeDecodeError:
        raise BadCall(f"{field}: not UTF-8; hand names over as UTF-8 whatever the locale") from None
    if not text or "\n" in text or "\r" in text:
        raise BadCall(f"{field}: empty or with a line break; give one name on one line")
    return text


def read_stdin(descriptor: int, clock: Callable[[], float] = time.monotonic) -> bytes:
    """Read the payload's bytes; empty for a terminal, and for a stdin that stays silent.

    Reading ends at the end of the file, after STDIN_SILENCE seconds without a byte or after
    STDIN_TOTAL seconds: a stdin that was merely inherited must not hang an account manager.
    Raises BadCall for more than PAYLOAD_LIMIT bytes and for a stdin that cannot be read.
    """
    if os.isatty(descriptor):
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
        return os.read(descriptor, 1 << 16)
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


class _Reading:
    """What the scanner asks how to read things: as json.loads does."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def load(text: str) -> object:
    """Do what json.loads does, by the same scanner in C; raise ValueError or RecursionError.

    The Python around it brings regular expressions, which take half as long as Python's start;
    so it is left to say what is wrong with a text, and to a Python that is not made in C.
    """
    try:
        from _json import make_scanner  # noqa: PLC0415 - see above

        make: Any = make_scanner  # it takes whatever has the attributes
        value, end = make(_Reading)(text, len(text) - len(text.lstrip(JSON_SPACE)))
        if not text[end:].strip(JSON_SPACE):
            return value
    except (ImportError, StopIteration, SystemError):
        pass
    import json  # noqa: PLC0415 - see above

    return json.loads(text)


def quote(text: str) -> str:
    """Write a text as JSON has it."""
    try:
        from _json import encode_basestring_ascii  # noqa: PLC0415 - see load
    except ImportError:
        import json  # noqa: PLC0415 - see load

        return json.dumps(text)
    return encode_basestring_ascii(text)


# --- the agent ---------------------------------------------------------------------------------


def socket_path(settings: str) -> str:
    """Where the agent of this installation listens."""
    if chosen := os.environ.get("GAPPS_HOOKS_SOCKET"):
        return chosen
    return DEFAULT_SOCKET if settings == DEFAULT_SETTINGS else f"{settings}.sock"


def ask_agent(path: str, message: bytes, *, wait: bool) -> int | None:
    """Hand the event to the agent; return the exit status, or None to record it ourselves."""
    if not os.path.exists(path):  # noqa: PTH110 - pathlib costs 5 ms
        return None
    # socket is made of this, and adds 3 ms of enumerations
    import _socket  # noqa: PLC0415 - an installation without agent need not pay for it

    answers = Answers(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM), RECORDED_WITHIN)
    try:
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
        import _socket  # noqa: PLC0415 - see ask_agent

        # struct ucred of unix(7): pid, uid, gid, each an int
        peer = self.channel.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        owner = os.stat(os.path.dirname(os.path.abspath(path))).st_uid  # noqa: PTH100, PTH116, PTH120 - pathlib costs 5 ms
        if int.from_bytes(peer[4:8], sys.byteorder) not in {0, os.geteuid(), owner}:
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
        signal.signal(number, lambda *_: os._exit(RECORDED))
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


# --- by ourselves, and what people see ---------------------------------------------------------


def record_here(message: bytes) -> None:
    """Become the recorder, with the message on stdin; return only by OSError."""
    memory = os.memfd_create("gapps-hooks-event")
    rest = memoryview(message)
    while rest:
        rest = rest[os.write(memory, rest) :]
    os.lseek(memory, 0, os.SEEK_SET)
    os.dup2(memory, 0)
    _become(["gapps_hooks.hook"], {})


def _become(words: list[str], environment: dict[str, str]) -> None:
    arguments = [sys.executable, "-I", "-m", *words]
    os.execve(sys.executable, arguments, {"PATH": CLEAN_PATH, **environment})  # noqa: S606 - the same interpreter, no shell is wanted


def say(descriptor: int, line: str) -> None:
    """Print one line, if that is possible; what was decided does not depend on it."""
    text = "".join(letter if letter.isprintable() else " " for letter in line)
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    try:
        if ready.poll(PRINT_WITHIN * 1000):
            os.write(descriptor, _line(text))
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


def _harden() -> None:
    # A clear-text password may pass through: no core dump. A limit of 1 also stops those that go
    # through a pipe to a collector, which core(5) exempts from a limit of 0.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # a closed descriptor would be given to the next file opened, which then gets our lines
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open("/dev/null", os.O_RDWR)


def run(words: Sequence[str]) -> int:
    """Do what the command line asks and return the exit status."""
    call = read_arguments(words)
    if call.event == RECONCILE:
        _become(["gapps_hooks", RECONCILE, *call.arguments], {"GAPPS_HOOKS_CONFIG": call.settings})
    payload = payload_text(read_stdin(0) if call.stdin else b"")
    message = compose(call, payload, os.urandom(16).hex())
    status = ask_agent(socket_path(call.settings), message, wait=call.defer == 0)
    if status is None:
        record_here(message)
    return NOT_RECORDED if status is None else status


def main(words: Sequence[str]) -> int:
    """Run, and turn whatever goes wrong into a sentence and an exit status."""
    try:
        _harden()
        return run(words)
    except BadCall as error:
        say(2, str(error))
        return BAD_INPUT
    except OSError as error:
        return trouble(f"{error.strerror or 'system error'}; see that gapps-hooks is whole")
    except Exception as error:  # noqa: BLE001 - a traceback might show what must not be shown
        return trouble(f"internal error ({type(error).__name__}); please report it")


if __name__ == "__main__":
    # without the interpreter's farewell, in which a broken stdout could change the status
    os._exit(main(sys.argv[1:]))
