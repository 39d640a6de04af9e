"""Trouble that nobody may be there to read on a terminal goes to the system's log.

It must not know what the trouble is about; what it is given holds no secret.
"""

from __future__ import annotations

import syslog


def tell_syslog(text: str) -> None:
    """Write one line to the system's log, facility auth (syslog(3))."""
    syslog.openlog("gapps-hooks", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_WARNING, text.replace("\n", "; "))
