"""The program that fire.py becomes when no agent runs: a message on stdin, a line, a status.

It must not know what the message means; it sees that a status comes out, whatever happens.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from gapps_hooks.firing.saying import BAD_INPUT, NOT_RECORDED, say, trouble

if TYPE_CHECKING:
    from gapps_hooks.handling import Answer

#: The largest payload (1 MiB) and what fire.py writes around it, in bytes.
LONGEST_MESSAGE: Final = (1 << 20) + (1 << 16)


def main() -> None:
    """Handle the message on stdin and leave with its status, whatever becomes of the printing."""
    # Imports make many objects and no garbage, and a process of seconds leaves none behind:
    # looking for it is a tenth of a hook's own time.
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback for a person who presses Ctrl-C
    try:
        # Imported here so that a damaged installation, too, ends in a sentence and the syslog.
        from gapps_hooks.handling import handle  # noqa: PLC0415 - for the reason above
        from gapps_hooks.payload import parse_json  # noqa: PLC0415 - for the reason above

        message = parse_json(sys.stdin.buffer.read(), longest=LONGEST_MESSAGE) or {}
        leave(handle(message, end=leave, recorded=_keep_status))
    except Exception as error:  # noqa: BLE001 - an account manager is never shown a traceback
        text = str(error) if _is_bad_input(error) else f"an error of this program, {_kind(error)}"
        trouble(text)
        os._exit(BAD_INPUT if _is_bad_input(error) else NOT_RECORDED)


def _keep_status() -> None:
    """From now on a signal ends the wait and nothing else: the event is on disk."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(0))


def _is_bad_input(error: Exception) -> bool:
    return type(error).__name__ == "BadInput"


def _kind(error: Exception) -> str:
    # The text of an error may show what it was about; that of a missing module is worth it.
    return (
        f"{type(error).__name__}: {error}"
        if isinstance(error, ImportError)
        else type(error).__name__
    )


def leave(answer: Answer) -> None:
    """End the process at once with the answer's status; a failing print cannot change it."""
    say(1 if answer.exit == 0 else 2, answer.line)
    os._exit(answer.exit)


if __name__ == "__main__":
    main()
