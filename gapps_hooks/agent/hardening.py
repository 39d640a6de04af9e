"""Keeps what is in the agent's memory there: clear-text passwords pass through it.

It must not know the agent. fire.py does the same for itself, and may import nothing.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import Final

#: setpriority(2); a hook has 0.
_NICENESS: Final = -10
#: <linux/prctl.h>
_PR_SET_DUMPABLE: Final = 4
#: Seconds for which one thread keeps the interpreter while others want it, a tenth of Python's
#: own: while they wait, their processor hashes nothing.
_TURN: Final = 0.0005
#: Descriptors for as many hooks as may wait at the door, and for everything else.
_DESCRIPTORS: Final = 4096


def harden() -> None:
    """Leave no core dump, and let nobody but root trace this process or read its memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    # 1 also stops dumps through a pipe to a collector, which core(5) exempts from a limit of 0
    limit = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def claim_resources() -> None:
    """Take as many descriptors as a burst of hooks needs, and go before them, if we may.

    Were all equal, many hooks that start at once would keep the agent from the processor, take it
    for dead after half a second, and each load the whole program instead.
    """
    sys.setswitchinterval(_TURN)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
