"""Noticing at once that one of the local files was replaced, by inotify.

It must not know what is in the files. The directory is watched, because account programs write a
new file and rename it over the old one. It is imported only where the watchdog package is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.inotify import InotifyObserver

from gapps_hooks.watching.files import WATCHED

#: Not the openings, of which there is one each time that anybody looks up a name.
_CHANGES: Final[tuple[type[FileSystemEvent], ...]] = (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
)
_STOP_SECONDS: Final = 0.5


class _Handler(FileSystemEventHandler):
    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring for the files that count, whichever way they came there."""
        paths = (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))
        if any(os.path.basename(path) in WATCHED for path in paths):  # noqa: PTH119 - a name, no file
            self._ring()


def notice(directory: Path, ring: Callable[[], None]) -> Callable[[], None]:
    """Call ``ring`` from another thread whenever a file was replaced; return what ends that.

    Raises:
        OSError: inotify is not to be had here, such as when all its watches are in use.
    """
    observer = InotifyObserver()
    observer.schedule(_Handler(ring), str(directory), event_filter=list(_CHANGES))
    observer.start()

    def stop() -> None:
        observer.stop()
        observer.join(_STOP_SECONDS)

    return stop
