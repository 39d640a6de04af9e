"""For how long an event on its way may still be recorded: while its hook waits for that."""

from __future__ import annotations

import json

import pytest

from gapps_hooks.agent.handover import Declined, Handover

SETTINGS = "/etc/gapps-hooks/gapps-hooks.toml"
NOW = 1000.0


def handed_over(more: dict[str, object], *, hung_up: bool = False) -> Handover:
    """A message that was read, and is about to be put on disk."""
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
    handover = Handover(json.dumps(words).encode(), SETTINGS, lambda: hung_up, lambda: NOW)
    assert handover.read().name == "alice"
    return handover


@pytest.mark.parametrize("more", [{}, {"sent": NOW}, {"sent": NOW - 0.49}])
def test_while_the_hook_waits_its_event_is_recorded(more: dict[str, object]) -> None:
    handed_over(more).check()


@pytest.mark.parametrize("more", [{}, {"sent": NOW}])
def test_of_a_hook_that_has_gone_away_nothing_is_recorded(more: dict[str, object]) -> None:
    with pytest.raises(Declined, match="has gone away"):
        handed_over(more, hung_up=True).check()


@pytest.mark.parametrize("sent", [NOW - 0.5, NOW - 3600.0, NOW + 0.1])
def test_what_was_sent_too_long_ago_or_by_another_clock_is_not_recorded(sent: float) -> None:
    with pytest.raises(Declined, match=r"not on disk within 0\.5 s"):
        handed_over({"sent": sent}).check()
