"""One thing that was looked at while an installation was examined.

It must not know what is looked at, nor how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    #: Whether it is as it has to be.
    fine: bool
    #: What was found; where it is not fine, with the remedy.
    text: str
    #: Whether it was not looked at, so that it is neither right nor wrong.
    note: bool = False
