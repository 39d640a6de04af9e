"""One message from a hook, when no agent runs: recorded, then delivered within the hook's wait.

It must not know which account manager called, nor how the answer reaches people.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from gapps_hooks.errors import BadInput, GappsHooksError
from gapps_hooks.outbox import open_state
from gapps_hooks.record import Desk, Receipt, read_event, record
from gapps_hooks.settings import load_settings
from gapps_hooks.sources import open_source
from gapps_hooks.trouble import tell_syslog

DEFAULT_SETTINGS: Final = Path("/etc/gapps-hooks/gapps-hooks.toml")
RECORDED: Final = 0
NOT_RECORDED: Final = 1
#: sysexits.h, EX_USAGE: the input was wrong.
BAD_INPUT: Final = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hook tells its caller: the exit status, and one line for people."""

    exit: int
    line: str


def handle(message: Mapping[str, Any], *, end: Callable[[Answer], None] | None = None) -> Answer:
    """Record one event and deliver it within the hook's wait.

    ``end`` ends the process when the wait is over, whatever is under way then; without it
    (inside somebody else's process) the calls to Google themselves are cut short.
    """
    try:
        desk = _open_desk(message)
    except GappsHooksError as error:
        return _not_recorded(message, error)
    with desk.state:
        return _handle(desk, message, end or _go_on)


def _handle(desk: Desk, message: Mapping[str, Any], end: Callable[[Answer], None]) -> Answer:
    try:
        event = read_event(message)
        receipt = record(desk, event)
    except BadInput as error:
        return Answer(BAD_INPUT, str(error))
    except GappsHooksError as error:
        return _not_recorded(message, error)
    if receipt.subject is None or receipt.duplicate or event.defer:
        return Answer(RECORDED, f"{event.name}: {receipt.line}")
    return _deliver(desk, receipt, event.name, end)


def _not_recorded(message: Mapping[str, Any], error: GappsHooksError) -> Answer:
    tell_syslog(f"{message['event']} {message['subject']}: not recorded: {error}")
    return Answer(NOT_RECORDED, f"not recorded: {error}")


def _open_desk(message: Mapping[str, Any]) -> Desk:
    settings = load_settings(Path(message.get("settings") or DEFAULT_SETTINGS))
    source = open_source(settings)
    state = open_state(settings.state.directory, domain=settings.domain, owner=settings.state.owner)
    return Desk(settings=settings, state=state, source=source, tell_trouble=tell_syslog)


class _Watch:
    """Ends the process when the wait is over, with the best answer known by then."""

    def __init__(self, seconds: float, answer: Answer, end: Callable[[Answer], None]) -> None:
        self.answer = answer
        self._timer = threading.Timer(seconds, lambda: end(self.answer))
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def say(self, line: str) -> None:
        """Take the line that the hook is going to print."""
        self.answer = Answer(RECORDED, line)


def _deliver(desk: Desk, receipt: Receipt, name: str, end: Callable[[Answer], None]) -> Answer:
    """Deliver the event, and in the rest of the wait whatever else is due; never raise."""
    # Google's client is imported only now: what is recorded is safe, whatever it costs.
    from gapps_hooks.deliver.prompt import deliver_promptly  # noqa: PLC0415 - keeps recording light

    wait = desk.settings.hooks.wait
    late = f"{name}: recorded; no answer from Google within {wait:g} s, it waits"
    with _Watch(wait, Answer(RECORDED, late), end) as watch:
        try:
            deliver_promptly(desk, receipt, name, watch.say)
        except Exception as error:  # noqa: BLE001 - the event is on disk: exit 0 must stand
            tell_syslog(f"{name}: recorded, not delivered: {type(error).__name__}: {error}")
            watch.say(f"{name}: recorded; delivering it failed: {error}")
    return watch.answer


def _go_on(_: Answer) -> None:
    """Inside somebody else's process the wait is kept by the calls to Google alone."""
