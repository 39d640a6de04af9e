"""Records events from many threads with one writer: what arrives together shares one fsync.

It must not know sockets, nor what becomes of an event after it is on disk.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.agent.mishaps import bear
from gapps_hooks.agent.progress import Progress
from gapps_hooks.errors import StateUnusable
from gapps_hooks.model import Event
from gapps_hooks.outbox import State
from gapps_hooks.record import Desk, Prepared, Receipt, prepare, put, tell_news
from gapps_hooks.superseded import READINGS, Superseded

#: Threads that validate, hash and read the source, which may be slow.
READERS: Final = 8
#: Events that may share one transaction; it keeps other processes out for some 30 ms, or twice
#: that if one of them cannot be put.
MOST_AT_ONCE: Final = 100
#: Seconds for which a transaction waits for events that are being prepared; passwords in clear
#: text come one a millisecond, and alone each costs three times the processor time.
GATHERING: Final = 0.03

Result = Receipt | Exception


@dataclass(slots=True, kw_only=True)
class Slip:
    """One event on its way to the disk."""

    #: Validates the event; raises BadInput.
    read: Callable[[], Event]
    #: Called once, in the writer's thread, and so has to be quick.
    answer: Callable[[Event | None, Result], None] = field(repr=False)
    #: Called in the writer's thread while nobody else can record; raises if it is to be left out.
    check: Callable[[], None] = lambda: None
    event: Event | None = field(default=None, repr=False)
    prepared: Prepared | None = field(default=None, repr=False)
    failed: Exception | None = None


class Recorder:
    """Takes events, and says of each when it is on disk.

    ``desk`` is for reading; ``state`` is another State of the same file, so that reading never
    waits for the disk.
    """

    def __init__(self, desk: Desk, state: State, progress: Progress | None = None) -> None:
        self._desk, self._state = desk, state
        self._progress = progress or Progress()
        #: What is to be read, and what was; None ends one of those who take from it.
        self._taken: queue.SimpleQueue[Slip | None] = queue.SimpleQueue()
        self._slips: queue.SimpleQueue[Slip | None] = queue.SimpleQueue()
        #: How many were taken and are not on disk yet.
        self._pending = 0
        self._closed = False
        self._lock = threading.Lock()
        self._readers = [self._start(self._read, "reader") for _ in range(_count_readers(desk))]
        self._writer = self._start(self._write, "writer")

    def _start(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def submit(self, slip: Slip) -> None:
        """Take an event; its answer comes later. Raises RuntimeError after close()."""
        with self._lock:
            if self._closed:
                raise RuntimeError("no more events are taken")
            self._pending += 1
            self._taken.put(slip)

    def record(self, event: Event) -> Receipt:
        """Record an event and wait until it is on disk; raises what recording raises."""
        for _ in range(READINGS - 1):
            with suppress(Superseded):
                return self._record(event)
        return self._record(event)

    def _record(self, event: Event) -> Receipt:
        done: Future[Receipt] = Future()

        def answer(_: Event | None, result: Result) -> None:
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)

        self.submit(Slip(read=lambda: event, answer=answer))
        return done.result()

    @property
    def alive(self) -> bool:
        """Whether readers and writer are at work."""
        return all(thread.is_alive() for thread in (*self._readers, self._writer))

    def close(self, within: float) -> None:
        """Record what was taken, and take no more; a source that is slow is cut short."""
        source = self._desk.source
        timer = threading.Timer(within, source.cut_short if source else lambda: None)
        timer.start()
        with self._lock:
            self._closed = True
        for _ in self._readers:
            self._taken.put(None)
        for reader in self._readers:
            reader.join()
        timer.cancel()
        self._slips.put(None)
        self._writer.join()

    def _read(self) -> None:
        while (slip := self._taken.get()) is not None:
            try:
                with self._progress.at_work():
                    slip.event = slip.read()
                    slip.prepared = prepare(self._desk, slip.event)
            except Exception as error:  # noqa: BLE001 - told to whoever sent it
                slip.failed = error
            self._slips.put(slip)

    # --- the writer --------------------------------------------------------------------------

    def _write(self) -> None:
        while (first := self._slips.get()) is not None:
            batch = [first]
            closing = self._gather(batch)
            with self._progress.at_work():
                self._record_all(batch)
            if closing:
                return

    def _record_all(self, batch: Sequence[Slip]) -> None:
        for slip, result in zip(batch, self._put_all(batch), strict=True):
            self._answer(slip, result)
        for slip in batch:
            if slip.prepared is not None:
                tell_news(self._desk, slip.prepared)

    def _answer(self, slip: Slip, result: Result) -> None:
        try:
            slip.answer(slip.event, result)
        except Exception as error:  # noqa: BLE001 - what the others brought is on disk, too
            bear(error, self._desk.tell_trouble)

    def _gather(self, batch: list[Slip]) -> bool:
        """Wait a moment for those that are about to come; True if none come after them."""
        end = time.monotonic() + GATHERING
        while len(batch) < MOST_AT_ONCE and len(batch) < self._pending:
            left = end - time.monotonic()
            try:
                slip = self._slips.get(timeout=left) if left > 0 else self._slips.get_nowait()
            except queue.Empty:
                break
            if slip is None:
                return True
            batch.append(slip)
        with self._lock:
            self._pending -= len(batch)
        return False

    def _put_all(self, batch: Sequence[Slip]) -> list[Result]:
        try:
            return self._put_together(batch) or self._put_each(batch)
        except Exception as error:  # noqa: BLE001 - told to whoever sent them
            return [slip.failed or error for slip in batch]

    def _put_together(self, batch: Sequence[Slip]) -> list[Result] | None:
        """Put them all; None if nothing was put, as one of them cannot be."""
        try:
            with self._state.transaction():
                return [self._put(slip) for slip in batch]
        except StateUnusable:
            raise
        except Exception:  # noqa: BLE001 - it is met again, and then told
            return None

    def _put_each(self, batch: Sequence[Slip]) -> list[Result]:
        with self._state.transaction():
            return [self._put_alone(slip) for slip in batch]

    def _put_alone(self, slip: Slip) -> Result:
        try:
            with self._state.attempt():
                return self._put(slip)
        except StateUnusable:
            raise
        except Exception as error:  # noqa: BLE001 - it is undone; the others go on
            return error

    def _put(self, slip: Slip) -> Result:
        if slip.failed is not None or slip.prepared is None:
            return slip.failed or RuntimeError("it was not prepared")
        try:
            slip.check()
        except Exception as error:  # noqa: BLE001 - told to whoever sent it; nothing was put yet
            return error
        return put(self._state, slip.prepared)


def _count_readers(desk: Desk) -> int:
    """Say how many there have to be; more than processors only where they wait for a source.

    Each that waits for the interpreter makes all the others wait longer.
    """
    return READERS if desk.source is not None else max(2, os.cpu_count() or 2)
