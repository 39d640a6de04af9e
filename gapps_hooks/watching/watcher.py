"""The watcher: a thread that looks whenever the local files change, and now and then anyway.

It must not know what a look finds, nor who records it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gapps_hooks.errors import GappsHooksError, SourceUnreadable
from gapps_hooks.model import Event
from gapps_hooks.outbox import State
from gapps_hooks.settings import Settings
from gapps_hooks.sources import NssSource
from gapps_hooks.watching.bell import Bell
from gapps_hooks.watching.files import signature
from gapps_hooks.watching.looking import Looker

#: A trouble that is over by the next try is that of a file being written, and nobody's business.
_TOLD_FROM = 2
#: Doubts that one sentence names: of a file that was cut off there may be thousands.
_TOLD_AT_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When the watcher looks; all in seconds."""

    #: A burst of changes is over when nothing changed for so long,
    quiet: float = 0.3
    #: and is not waited for any longer than this.
    longest: float = 2.0
    #: How often the files are looked for changes where inotify is not to be had,
    poll: float = 2.0
    #: and where it is, for what it missed: its queue can overflow, the directory be replaced.
    glance: float = 30.0
    #: It looks at least so often: accounts expire without a change of any file.
    idle: float = 900.0
    #: After a look from which nothing could be concluded: at first, and doubled up to the last.
    again: float = 0.5
    again_at_most: float = 60.0
    #: How long stopping may take.
    stop: float = 0.9


class Watcher:
    """Watches the local files from ``start`` to ``stop``, each of which is called once."""

    def __init__(
        self,
        looker: Looker,
        directory: Path,
        *,
        tell: Callable[[str], None],
        rhythm: Rhythm | None = None,
    ) -> None:
        self._looker = looker
        self._directory = directory
        self._tell = tell
        self._rhythm = rhythm or Rhythm()
        self._bell = Bell()
        self._unnotice: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._failures = 0
        self._told = ""
        self._looked_at = signature(directory)

    def start(self) -> None:
        """Begin to watch; the first look is taken at once, in the watcher's own thread."""
        self._unnotice = _notice(self._directory, self._bell.ring, self._tell)
        self._thread.start()

    def stop(self) -> None:
        """End watching, within a second; what happens from now on is found by the next start."""
        self._bell.close()
        if self._unnotice is not None:
            self._unnotice()
        if self._thread.is_alive():
            self._thread.join(self._rhythm.stop)

    @property
    def alive(self) -> bool:
        """Whether its thread is at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._bell.closed:
            self._look()
            self._wait(self._next_look())

    def _look(self) -> None:
        self._looked_at = signature(self._directory)  # before reading: what comes later counts
        try:
            doubts = self._looker.look().doubts
        except SourceUnreadable as error:
            doubts = (str(error),)
        except GappsHooksError as error:
            doubts = (f"what was seen is not recorded: {error}",)
        except Exception as error:  # noqa: BLE001 - one misfortune must not end the watching
            doubts = (f"an error of this program, {type(error).__name__}",)
        self._failures = self._failures + 1 if doubts else 0
        more = f"; and {len(doubts) - _TOLD_AT_MOST} more" if doubts[_TOLD_AT_MOST:] else ""
        self._say("; ".join(doubts[:_TOLD_AT_MOST]) + more)

    def _say(self, trouble: str) -> None:
        if not trouble:
            self._told = ""
        elif self._failures >= _TOLD_FROM and trouble != self._told:
            self._tell(f"local accounts: {trouble}; it is looked at again")
            self._told = trouble

    def _next_look(self) -> float:
        if not self._failures:
            return self._rhythm.idle
        doublings = min(self._failures - 1, 16)
        return min(self._rhythm.again * 2.0**doublings, self._rhythm.again_at_most)

    def _wait(self, seconds: float) -> None:
        """Wait for a change, but no longer than that; then until the burst is over."""
        pause = self._rhythm.poll if self._unnotice is None else self._rhythm.glance
        for _ in range(max(1, round(seconds / pause))):
            changed = signature(self._directory) != self._looked_at
            if changed or self._bell.wait(min(seconds, pause)):
                self._bell.settle(self._rhythm.quiet, self._rhythm.longest)
                return
            if self._bell.closed:
                return


def _notice(
    directory: Path, ring: Callable[[], None], tell: Callable[[str], None]
) -> Callable[[], None] | None:
    try:
        # An extra: a server that only runs hooks does without the package.
        from gapps_hooks.watching.noticing import notice  # noqa: PLC0415 - it may be missing, see above

        return notice(directory, ring)
    except ModuleNotFoundError as missing:
        tell(
            f"{directory} is looked at every few seconds, for want of the packages of agent "
            f"({missing.name}); in the checkout of gapps-hooks: {sys.prefix}/bin/pip install "
            "'.[agent]'"
        )
    except (ImportError, OSError) as error:
        tell(f"{directory} is looked at every few seconds, for want of inotify: {error}")
    return None


def open_watcher(
    settings: Settings,
    state: State,
    record: Callable[[Event], object],
    tell: Callable[[str], None],
) -> Watcher | None:
    """Make the watcher that the settings ask for; None if they ask for none.

    ``record`` puts an event on disk, and reads the stored hash of a password-set without one, as
    ``record.record`` does; ``tell`` takes a sentence about what a person should know.
    """
    source = settings.source
    if source.type != "nss" or not settings.agent.watch:
        return None
    reader = NssSource(
        source.directory, max_bytes=source.max_bytes, decisive=settings.enabled.group
    )
    looker = Looker(settings=settings, state=state, source=reader, record=record)
    return Watcher(looker, source.directory, tell=tell)
