"""One message from a hook, when no agent runs: recorded, then delivered within the hook's wait.

It must not know which account manager called, nor how the answer reaches people.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from gapps_hooks.errors import BadInput, BadSettings, GappsHooksError, StateDamaged
from gapps_hooks.model import Event
from gapps_hooks.outbox import open_state
from gapps_hooks.outbox.connection import BUSY_SECONDS
from gapps_hooks.record import Desk, Receipt, read_event, record
from gapps_hooks.settings import load_settings
from gapps_hooks.sources import Source, open_source
from gapps_hooks.trouble import tell_syslog

DEFAULT_SETTINGS: Final = Path("/etc/gapps-hooks/gapps-hooks.toml")
RECORDED: Final = 0
NOT_RECORDED: Final = 1
#: sysexits.h, EX_USAGE: the input was wrong.
BAD_INPUT: Final = 64
#: What is recorded from a source has this long, however short the wait for Google is.
RECORDING_SECONDS: Final = 2.0
#: For so long a locked file is waited for at the least, in seconds.
SHORTEST_PATIENCE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hook tells its caller: the exit status, and one line for people."""

    exit: int
    line: str


def handle(
    message: Mapping[str, Any],
    *,
    end: Callable[[Answer], None] | None = None,
    recorded: Callable[[], None] = lambda: None,
) -> Answer:
    """Record one event and deliver it within the hook's wait.

    ``end`` ends the process when the wait is over, whatever is under way then; without it
    (inside somebody else's process) the source and the calls to Google are cut short.
    ``recorded`` is called as soon as the event is on disk: from then on the status is 0.
    """
    try:
        try:
            return _attempt(message, end, recorded)
        except StateDamaged:  # nothing is recorded yet; whoever opens the file again mends it
            return _attempt(message, end, recorded)
    except BadInput as error:
        bad_settings = isinstance(error, BadSettings)
        return _not_recorded(message, error) if bad_settings else Answer(BAD_INPUT, str(error))
    except GappsHooksError as error:
        return _not_recorded(message, error)


def _attempt(
    message: Mapping[str, Any],
    end: Callable[[Answer], None] | None,
    recorded: Callable[[], None],
) -> Answer:
    desk = _open_desk(message)
    with desk.state as state:
        answer = _handle(desk, message, end, recorded)
        return answer if state.notice is None else replace(answer, line=_with(answer, state.notice))


def _with(answer: Answer, notice: str) -> str:
    return f"{answer.line}; {notice}"


def _handle(
    desk: Desk,
    message: Mapping[str, Any],
    end: Callable[[Answer], None] | None,
    recorded: Callable[[], None],
) -> Answer:
    wait = desk.settings.hooks.wait
    event = read_event(message)
    with _Watch(event, wait, desk.source, end) as watch:
        receipt = record(replace(desk, keeping=watch.keeping), event)
        recorded()
        if receipt.subject is None or receipt.duplicate or event.defer:
            return Answer(RECORDED, f"{event.name}: {receipt.line}")
        return _deliver(desk, receipt, event.name, watch)


def _not_recorded(message: Mapping[str, Any], error: GappsHooksError) -> Answer:
    text = _in_short(message, error) if isinstance(error, BadSettings) else str(error)
    tell_syslog(f"{message['event']} {message['subject']}: not recorded: {text}")
    return Answer(NOT_RECORDED, f"not recorded: {text}")


def _in_short(message: Mapping[str, Any], error: BadSettings) -> str:
    """A hook has one line, the settings may have many mistakes."""
    if len(error.complaints) == 1:
        return str(error)
    file = message.get("settings") or DEFAULT_SETTINGS
    first = error.complaints[0]
    return (
        f"{file} has {len(error.complaints)} mistakes, the first: {first}; "
        "see them all: gapps-hooks check"
    )


def _open_desk(message: Mapping[str, Any]) -> Desk:
    settings = load_settings(Path(message.get("settings") or DEFAULT_SETTINGS))
    source = open_source(settings)
    # A locked file may cost so much in all, not each time; less loses events on a busy machine.
    end = time.monotonic() + BUSY_SECONDS
    state = open_state(
        settings.state.directory,
        domain=settings.domain,
        owner=settings.state.owner,
        patience=BUSY_SECONDS,
    )
    state.wait_at_most(_left(end))
    return Desk(settings=settings, state=state, source=source, tell_trouble=tell_syslog)


def _left(end: float) -> float:
    return max(SHORTEST_PATIENCE, end - time.monotonic())


class _Watch:
    """Ends the process when the hook's time is over, with the best answer known by then.

    One bound is for recording and delivering together, though a source always gets
    RECORDING_SECONDS to say whether something may be recorded.
    """

    def __init__(
        self,
        event: Event,
        wait: float,
        source: Source | None,
        end: Callable[[Answer], None] | None,
    ) -> None:
        self._event, self._wait, self._source, self._end = event, wait, source, end
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._closed = False
        longest = max(wait, RECORDING_SECONDS)
        late = f"not recorded: the source did not answer within {longest:g} s"
        self.answer = Answer(NOT_RECORDED, late)
        self._timer = self._start(longest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:  # waits for an end that has begun: two answers would be one too many
            self._closed = True

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let the event come on disk undisturbed: what is answered from then on is "recorded"."""
        with self._lock:
            try:
                yield
            except BaseException:
                self._closed = True  # whoever raised it answers, and not the end of the time
                raise
            late = f"recorded; no answer from Google within {self._wait:g} s, it waits"
            self.answer = Answer(RECORDED, f"{self._event.name}: {late}")

    def rest(self) -> float:
        """End after what is left of the wait, and return these seconds."""
        self._timer.cancel()
        left = max(0.0, self._began + self._wait - time.monotonic())
        self._timer = self._start(left)
        return left

    def say(self, line: str) -> None:
        """Take the line that the hook is going to print."""
        self.answer = Answer(RECORDED, line)

    def _start(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._over)
        timer.daemon = True
        timer.start()
        return timer

    def _over(self) -> None:
        with self._lock:
            if self._closed:
                return
            if self._source is not None:
                self._source.cut_short()
            if self._end is None:  # inside somebody else's process
                return
            if self.answer.exit != RECORDED:
                tell_syslog(f"{self._event.kind} {self._event.name}: {self.answer.line}")
            self._end(self.answer)


def _deliver(desk: Desk, receipt: Receipt, name: str, watch: _Watch) -> Answer:
    """Deliver the event, and in the rest of the wait whatever else is due; never raise."""
    within = watch.rest()
    try:
        # Google's client is imported only now: what is recorded is safe, whatever it costs.
        from gapps_hooks.deliver.prompt import deliver_promptly  # noqa: PLC0415 - keeps recording light

        deliver_promptly(desk, receipt, name, watch.say, within=within)
    except Exception as error:  # noqa: BLE001 - the event is on disk: exit 0 must stand
        tell_syslog(f"{name}: recorded, not delivered: {type(error).__name__}: {error}")
        watch.say(f"{name}: recorded; delivering it failed: {error}")
    return watch.answer
