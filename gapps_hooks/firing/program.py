"""A hook from its command line to its exit status.

It must not know the rest of the package, which it only becomes where no agent answers.
"""

from __future__ import annotations

import posix
import resource
import sys

from gapps_hooks.firing.agent import ask_agent, compose, socket_path
from gapps_hooks.firing.call import RECONCILE, BadCall, HelpWanted, read_arguments
from gapps_hooks.firing.payload import payload_text, read_stdin
from gapps_hooks.firing.saying import BAD_INPUT, NOT_RECORDED, RECORDED, say, trouble

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
else:
    # what the module signal is made of, without the 4 ms that its enumerations cost
    import _signal as signal

CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def record_here(message: bytes) -> None:
    """Become the recorder, with the message on stdin; return only by OSError."""
    memory = posix.memfd_create("gapps-hooks-event")
    written = 0
    while written < len(message):  # at a place, so that reading begins at the start
        written += posix.pwrite(memory, message[written:], written)
    posix.dup2(memory, 0)
    _become(["gapps_hooks.hook"], {})


def _become(words: list[str], environment: dict[str, str]) -> None:
    arguments = [sys.executable, "-I", "-m", *words]
    posix.execve(sys.executable, arguments, {"PATH": CLEAN_PATH, **environment})


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
            posix.fstat(descriptor)
        except OSError:
            posix.open("/dev/null", posix.O_RDWR)


def run(words: Sequence[str]) -> int:
    """Do what the command line asks and return the exit status."""
    call = read_arguments(words)
    if call.event == RECONCILE:
        _become(["gapps_hooks", RECONCILE, *call.arguments], {"GAPPS_HOOKS_CONFIG": call.settings})
    payload = payload_text(read_stdin(0) if call.stdin else b"")
    message = compose(call, payload, posix.urandom(16).hex())
    status = ask_agent(socket_path(call.settings), message, wait=call.defer == 0)
    if status is None:
        record_here(message)
    return NOT_RECORDED if status is None else status


def main(words: Sequence[str]) -> int:
    """Run, and turn whatever goes wrong into a sentence and an exit status."""
    try:
        _harden()
        return run(words)
    except HelpWanted as help_:
        for line in str(help_).splitlines():
            say(1, line)
        return RECORDED
    except BadCall as error:
        say(2, str(error))
        return BAD_INPUT
    except OSError as error:
        return trouble(f"{error.strerror or 'system error'}; see that gapps-hooks is whole")
    except Exception as error:  # noqa: BLE001 - a traceback might show what must not be shown
        return trouble(f"internal error ({type(error).__name__}); please report it")
