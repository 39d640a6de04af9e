"""The outbox: everything an installation remembers, in one durable SQLite file.

It must not know Google's client, the sources, the settings file or the hooks.
"""

from __future__ import annotations

from gapps_hooks.outbox.opening import open_state
from gapps_hooks.outbox.state import State

__all__ = ["State", "open_state"]
