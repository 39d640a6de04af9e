"""How people name a moment that is past, on the command line: ``2h``, ``7d``, ``2026-09-21 08:00``.

It must not know what the moment is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import click

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str) -> Callable[[float], float]:
    """Read how long ago it was, or a date and time of this machine.

    Returns what makes wall-clock seconds of it, given those of the present. What is no moment is
    wrong usage.
    """
    ago = re.fullmatch(r"([0-9]{1,6})([smhdw])", text.strip())
    if ago:
        seconds = int(ago[1]) * _SECONDS[ago[2]]
        return lambda now: now - seconds
    try:
        named = datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError):
        remedy = "write 90s, 15m, 2h, 7d or 2026-09-21 08:00"
        raise click.BadParameter(f"{text!r} is no moment; {remedy}") from None
    return lambda _: named
