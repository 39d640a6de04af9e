"""Telling a state file that it belongs to this machine and domain from now on.

It must not know why it was moved.
"""

from __future__ import annotations

from gapps_hooks.outbox.state import State


def adopt(state: State) -> None:
    """Bind the file to where this process runs; the installation keeps its name and its links.

    Raises:
        StateUnusable: the file cannot be written.
    """
    with state.transaction():
        state.set_meta("domain", state.domain)
        state.set_meta("machine", state.machine)
