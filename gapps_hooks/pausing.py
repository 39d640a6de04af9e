"""Whether a person has said that nothing may be sent for now.

It must not know what would be sent.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.outbox import State

_FLAG: Final = "paused"


def is_paused(state: State) -> bool:
    """Whether nothing may be sent until resume."""
    return state.meta(_FLAG) != ""


def pause(state: State) -> bool:
    """Let nothing be sent from now on; False if that was so already. Raises StateUnusable."""
    return _set(state, "yes")


def resume(state: State) -> bool:
    """Let things be sent again; False if nothing stood against it. Raises StateUnusable."""
    return _set(state, "")


def _set(state: State, value: str) -> bool:
    with state.transaction():
        changed = state.meta(_FLAG) != value
        if changed:
            state.set_meta(_FLAG, value)
    return changed
