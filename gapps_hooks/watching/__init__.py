"""Watching the local files, for changes that no hook tells.

It must not know Google, nor how events are delivered.
"""

from gapps_hooks.watching.companion import WatchingCompanion
from gapps_hooks.watching.watcher import Rhythm, Watcher, open_watcher

__all__ = ["Rhythm", "Watcher", "WatchingCompanion", "open_watcher"]
