"""For how long an event on its way may still be recorded: while its hook waits for that."""

from __future__ import annotations

import json

import pytest

from gapps_hooks.agent.handover import Declined, Handover

SETTINGS = "/etc/gapps-hooks/gapps-hooks.toml"
NOW = 1000.0


def message(**more: object) -> bytes:
    words = {
        "version": 1,
        "id": "e" * 32,
        "event": "user-add",
        "subject": "alice",
        "settings": SETTINGS,
        "defer": 0.0,
        "payload": None,
        **more,
    }
    return json.dumps(words).encode()


class Hook:
    """Who has sent a message, and may go away; it carries the clock that both look at."""

    def __init__(self) -> None:
        self.gone = False
        self.now = NOW

    def hands_over(self, **more: object) -> Handover:
        """Hand over a message that is read while the hook is there."""
        handover = self.leaves(**more)
        assert handover.read().name == "alice"
        return handover

    def leaves(self, **more: object) -> Handover:
        return Handover(message(**more), SETTINGS, lambda: self.gone, lambda: self.now)


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.mark.parametrize("more", [{}, {"sent": NOW}, {"sent": NOW - 0.49}])
def test_while_the_hook_waits_its_event_is_recorded(hook: Hook, more: dict[str, object]) -> None:
    hook.hands_over(**more).check()


@pytest.mark.parametrize("more", [{}, {"sent": NOW}])
def test_of_a_hook_that_has_gone_away_nothing_is_recorded(
    hook: Hook, more: dict[str, object]
) -> None:
    handover = hook.hands_over(**more)
    hook.gone = True
    with pytest.raises(Declined, match="has gone away"):
        handover.check()


@pytest.mark.parametrize("later", [0.5, 3600.0, -0.1])
def test_what_was_sent_too_long_ago_or_by_another_clock_is_not_recorded(
    hook: Hook, later: float
) -> None:
    handover = hook.hands_over(sent=NOW)
    hook.now += later
    with pytest.raises(Declined, match=r"not on disk within 0\.5 s"):
        handover.check()


def test_what_nobody_waits_for_is_not_even_looked_at(hook: Hook) -> None:
    """Behind a slow source it would cost a hash and a question for nothing."""
    with pytest.raises(Declined, match="not on disk"):
        hook.leaves(sent=NOW - 1.0, payload={"surprise": 1}).read()
    hook.gone = True
    with pytest.raises(Declined, match="has gone away"):
        hook.leaves(payload={"surprise": 1}).read()
