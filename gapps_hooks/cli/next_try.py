"""When what waits is tried next, in the one way that holds on this machine now.

It must not know what waits, nor why.
"""

from __future__ import annotations

from gapps_hooks import managers
from gapps_hooks.outbox import State, leases


def next_try(state: State) -> str:
    """Say who tries next what is due, and when: the agent, the retry, or else a person."""
    if leases.is_held(state.directory, leases.AGENT):
        return "within seconds, by the agent"
    if managers.retried_by():
        return "within a minute, or at once with: gapps-hooks deliver"
    return "when you call: gapps-hooks deliver"
