"""The command line of a hook: one event of one subject, and how it is to be taken.

It must not know what becomes of the event.
"""

from __future__ import annotations

import posix  # what os is made of, without the 2 ms that its collections and paths cost
import sys

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS = ("user-add", "user-modify", "user-delete", "group-change", "password-set")
RECONCILE = "reconcile"

DEFAULT_SETTINGS = "/etc/gapps-hooks/gapps-hooks.toml"

#: The longest deferral in seconds: an hour.
LONGEST_DEFERRAL = 3600.0

HELP = """\
Usage: user-add | user-modify | user-delete | group-change | password-set
           [--settings PATH] [--defer SECONDS] [--no-stdin] [--] NAME [< OBJECT]
       reconcile [ARGUMENT]...
Tell gapps-hooks that the person or group NAME was changed; OBJECT is JSON and says more of it.
Exit status: 0 recorded, 1 not recorded, 64 bad input.
README.md beside the hook scripts is the contract; gapps-hooks managers says where they are."""


class BadCall(Exception):
    """The caller's input is wrong; the text says what and how to put it right (exit 64)."""


class HelpWanted(Exception):
    """Whoever calls asks how to; the text says it, line by line."""


class Call:
    """What the command line said."""

    __slots__ = ("arguments", "defer", "event", "settings", "stdin", "subject")

    def __init__(self) -> None:
        self.event = ""
        self.subject = ""
        #: The arguments of reconcile, which are passed on as they are.
        self.arguments: list[str] = []
        self.settings = environment("GAPPS_HOOKS_CONFIG") or DEFAULT_SETTINGS
        #: Seconds before delivery is due.
        self.defer = 0.0
        #: Whether a payload may come on stdin.
        self.stdin = True


def environment(name: str) -> str:
    """Return a variable of the environment, "" if there is none, as os.environ has it."""
    return posix.environ.get(name.encode(), b"").decode(*_encoding())


def _encoding() -> tuple[str, str]:
    return sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


def read_arguments(words: Sequence[str]) -> Call:
    """Read the command line; raise BadCall if it is not of that form, HelpWanted for --help."""
    call = Call()
    plain = _take_options(call, list(words))
    if not plain:
        raise BadCall(f"event: missing; give one of {', '.join(EVENTS)}, {RECONCILE}")
    call.event, *rest = plain
    call.settings = _utf8("settings", _absolute(call.settings))
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
        elif word == "--help":
            raise HelpWanted(HELP)
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


def _absolute(path: str) -> str:
    """Do what os.path.abspath does, which is seldom anything."""
    root, *parts = path.split("/")
    if not root and not {"", ".", ".."}.intersection(parts):
        return path
    import os.path  # noqa: PLC0415 - for the few who need it

    return os.path.abspath(path)  # noqa: PTH100 - pathlib costs 5 ms


def _utf8(field: str, word: str) -> str:
    try:
        text = word.encode(*_encoding()).decode("utf-8")
    except UnicodeDecodeError:
        raise BadCall(f"{field}: not UTF-8; hand names over as UTF-8 whatever the locale") from None
    if not text or "\n" in text or "\r" in text:
        raise BadCall(f"{field}: empty or with a line break; give one name on one line")
    return text
