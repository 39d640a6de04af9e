"""Log lines of a long-running process: one event or outcome a line, for people or for programs.

It must not know who reads them; it picks what it writes, and no secret is among that.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TextIO

from gapps_hooks.model import Event, Outcome
from gapps_hooks.record import Receipt
from gapps_hooks.report import iso_time, printable

Form = Literal["text", "json"]
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:@/+,")


#: Lines that wait for a reader; beyond it they are dropped, and counted.
MOST_WAITING: Final = 1000
#: Seconds in which lines are gathered: a thread that wakes for each would hold up the others.
_GATHERING: Final = 0.01


class Journal:
    """Writes lines to a stream, whole and from any thread; one that is closed is not missed.

    A thread of its own writes them: a pipe that nobody empties must hold up no event.
    """

    def __init__(
        self,
        stream: TextIO,
        form: Form,
        clock: Callable[[], float],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._stream = stream
        self._form = form
        self._clock, self._sleep = clock, sleep
        self._lines: list[str] = []
        self._dropped = 0
        #: Lines that are not written yet, those under way among them.
        self._unwritten = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._pass_on, name="journal", daemon=True).start()

    def recorded(self, event: Event, receipt: Receipt) -> None:
        """Tell of an event that is on disk, or did not have to be."""
        self._write("event", {**dict(_of_event(event)), "line": receipt.line})

    def delivered(self, outcome: Outcome, seconds: float) -> None:
        """Tell what became of a delivery, and how many seconds that took."""
        self._write("outcome", dict(_of_outcome(outcome, seconds)))

    def say(self, text: str) -> None:
        """Tell something worth knowing."""
        self._write("notice", {"line": text})

    def trouble(self, text: str) -> None:
        """Tell something that a person may have to look after."""
        self._write("trouble", {"line": text})

    def _write(self, what: str, fields: Mapping[str, Any]) -> None:
        told = {"at": iso_time(self._clock()), "what": what, **fields}
        line = f"{log_line(told, self._form)}\n"
        with self._changed:
            if len(self._lines) >= MOST_WAITING:
                self._dropped += 1
                return
            self._lines.append(line)
            self._unwritten += 1
            if len(self._lines) == 1:
                self._changed.notify_all()

    def _pass_on(self) -> None:
        while True:
            lines, dropped = self._gather()
            count = len(lines)
            if dropped:
                note = {"at": iso_time(self._clock()), "what": "trouble"}
                words = {**note, "line": f"{dropped} lines were dropped: nobody read them"}
                lines.append(f"{log_line(words, self._form)}\n")
            if not self._put("".join(lines)):
                for line in lines:  # one that cannot be written takes no other with it
                    self._put(line)
            with self._changed:
                self._unwritten -= count
                self._changed.notify_all()

    def _put(self, text: str) -> bool:
        """Write it; False if it is nothing that can be written."""
        try:
            with suppress(OSError):  # what a full disk does not take stays in the stream's buffer
                self._stream.write(text)
                self._stream.flush()
        except ValueError:
            return False
        return True

    def _gather(self) -> tuple[list[str], int]:
        """Take all that waits, and the number of those that were dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines)
        self._sleep(_GATHERING)
        with self._changed:
            lines, self._lines = self._lines, []
            dropped, self._dropped = self._dropped, 0
        return lines, dropped

    def finish(self, within: float) -> None:
        """Wait for what was told, for so many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._unwritten, within)


def log_line(fields: Mapping[str, Any], form: Form) -> str:
    """Write named values on one line: as ``key=value`` with quotes where need be, or as JSON."""
    if form == "json":
        return json.dumps(dict(fields), ensure_ascii=False)
    return " ".join(f"{name}={_word(value)}" for name, value in fields.items())


def _word(value: object) -> str:
    text = printable(",".join(map(str, value)) if isinstance(value, list | tuple) else value)
    if text and _PLAIN.issuperset(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _of_event(event: Event) -> Iterator[tuple[str, Any]]:
    yield "event", event.kind.value
    yield "kind", event.subject_kind.value
    yield "name", event.name
    if event.old_name is not None:
        yield "old_name", event.old_name
    yield "id", event.id


def _of_outcome(outcome: Outcome, seconds: float) -> Iterator[tuple[str, Any]]:
    yield "verdict", outcome.verdict.value
    yield "kind", outcome.kind.value
    yield "name", outcome.name
    yield "line", outcome.line
    yield "done", [verb.value for change in outcome.done for verb in change.verbs]
    if outcome.retry_in is not None:
        yield "retry_in", round(outcome.retry_in, 3)
    yield "seconds", round(seconds, 3)
