"""What is done with an error that nobody expected, in a thread of the agent that has to go on.

It must not know what the thread does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from gapps_hooks.errors import GappsHooksError, StateDamaged


def bear(
    error: Exception,
    tell_trouble: Callable[[str], None],
    renew: Callable[[], None] | None = None,
) -> None:
    """See that it is known, or mended by ``renew``, which opens the state anew; never raises."""
    with suppress(Exception):  # nobody is left who could be told
        if renew is not None and isinstance(error, StateDamaged):
            renew()
        elif isinstance(error, GappsHooksError):
            tell_trouble(f"agent: {error}")
        else:
            tell_trouble(f"agent: an error of this program, {type(error).__name__}")
