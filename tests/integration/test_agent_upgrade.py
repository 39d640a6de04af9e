"""An installation without agent gets one: old scripts, old state, a thousand events that wait."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from pathlib import Path

from real_hooks import CLEAN, Site
from resident import resident

from gapps_hooks.outbox import entries
from gapps_hooks.record import Desk, read_event, record

HOOKS = Path(__file__).resolve().parents[2] / "hooks.d"
EVENTS, PEOPLE = 1000, 25


def fill(site: Site) -> None:
    """Record as hooks without an agent do, while Google is away."""
    with site.wiring() as wiring:
        desk = Desk(
            settings=wiring.settings,
            state=wiring.state,
            source=wiring.source,
            tell_trouble=wiring.tell_trouble,
        )
        for number in range(EVENTS):
            event = "user-add" if number < PEOPLE else "user-modify"
            message = {
                "id": secrets.token_hex(16),
                "event": event,
                "subject": f"user{number % PEOPLE}",
                "payload": {"family_name": f"F{number}"},
            }
            record(desk, read_event(message))


def test_a_thousand_waiting_events_and_the_scripts_of_before_lose_nothing(
    site: Site,
) -> None:
    site.configure(wait=20.0)
    fill(site)
    with resident(site) as agent:
        for number in range(3):
            script = subprocess.run(
                [HOOKS / "user-modify", f"user{number}"],
                input=json.dumps({"given_name": "New"}),
                env={**CLEAN, "GAPPS_HOOKS_CONFIG": str(site.settings)},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert (script.returncode, script.stderr) == (0, "")
            assert script.stdout.startswith(f"user{number}: ")
        end = time.monotonic() + 60
        with site.wiring() as wiring:
            while entries.all_entries(wiring.state) and time.monotonic() < end:
                time.sleep(0.1)
            assert entries.all_entries(wiring.state) == ()
        assert agent.stop() == 0
    assert sorted(site.created()) == sorted(f"user{number}" for number in range(PEOPLE))
    for number in range(PEOPLE):
        last = EVENTS - PEOPLE + number
        name = site.user(f"user{number}")["name"]
        assert name["familyName"] == f"F{last}"
        assert name["givenName"] == "New" or number >= 3
