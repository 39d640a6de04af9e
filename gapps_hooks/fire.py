"""The hooks' door: runs the entry of the package that this file lies in.

It must not know what the entry does. Python compiles what it is started with anew each time, which
took half as long as its own start; it keeps compiled what is imported. So the program lies in
``firing``, and here is only what finds it and says so if it is not there.

    python -I -S fire.py [--settings PATH] [--defer SECONDS] [--no-stdin] [--] EVENT [SUBJECT]

docs/agent-protocol.md says what it tells the agent, hooks.d/README.md what it promises its callers.
Exit status: 0 recorded, 1 not recorded, 64 bad input. ``reconcile`` hands its arguments and its
exit status over to the command line of the same name.
"""

import posix  # what os is made of, without the 2 ms that its collections and paths cost
import sys


def fire() -> int:
    """Do what the command line asks and return the exit status."""
    # Python makes the directory of what it compiled as the umask lets, and some daemons have none
    posix.umask(posix.umask(0o077) | 0o022)
    # behind the standard library, so that nothing there can stand in for a part of it
    sys.path.append(__file__.rpartition("/gapps_hooks/")[0] or "/")
    try:
        try:
            from gapps_hooks.firing.program import main  # noqa: PLC0415 - found by the line above
        except (EOFError, ValueError, TypeError):
            # a compiled copy was cut off, as by a power cut: read what it was made of
            sys.pycache_prefix, sys.dont_write_bytecode = "/dev/null", True
            from gapps_hooks.firing.program import main  # noqa: PLC0415 - as above
    except Exception as error:  # noqa: BLE001 - an account manager is never shown a traceback
        return _not_whole(f"not recorded: gapps-hooks is not whole ({error}); install it again")
    return main(sys.argv[1:])


def _not_whole(sentence: str) -> int:
    import select  # noqa: PLC0415 - needed in trouble only
    import syslog  # noqa: PLC0415 - needed in trouble only

    # as firing.saying does it, which may be what is missing
    ready = select.poll()
    ready.register(2, select.POLLOUT)
    try:
        if ready.poll(1000):
            posix.write(2, f"{sentence}\n".encode(errors="replace")[: select.PIPE_BUF])
    except OSError:
        pass
    syslog.openlog("gapps-hooks", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_ERR, sentence)
    return 1


if __name__ == "__main__":
    # without the interpreter's farewell, in which a broken stdout could change the status
    posix._exit(fire())  # noqa: SLF001 - its only name
