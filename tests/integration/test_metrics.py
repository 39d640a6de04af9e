"""What Prometheus is told: scraped over HTTP, and read by Prometheus' own parser."""

from __future__ import annotations

import re
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from organisation import Organisation, organise
from prometheus_client.parser import text_string_to_metric_families

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.metrics import Metrics, MetricsServer
from gapps_hooks.model import Event, EventKind, Kind, Outcome, Verdict
from gapps_hooks.outbox import breaker, entries
from gapps_hooks.outbox.limiter import Rate, slow_down, take
from gapps_hooks.record import Receipt

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Scraped:
    """One installation whose metrics are served."""

    def __init__(self, office: Organisation) -> None:
        self.office = office
        self.settings = office.settings
        #: What the clock says that only counts up.
        self.now = 100.0
        self.metrics = Metrics(monotonic=lambda: self.now, clock=office.clock)
        self.server = MetricsServer(self.metrics, 0, clock=office.clock)
        office.observe = self.metrics.request
        office.wire()

    def samples(self) -> Samples:
        url = f"http://127.0.0.1:{self.server.port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        return self.samples()[f"gapps_hooks_{name}", tuple(sorted(labels.items()))]


@pytest.fixture
def scraped(tmp_path: Path) -> Iterator[Scraped]:
    scraped = Scraped(organise(tmp_path))
    scraped.server.start(scraped)
    yield scraped
    scraped.server.stop()


EVENT = Event(id="1", kind=EventKind.USER_ADD, name="alice")
RECORDED = Receipt(subject=1, line="recorded")


def outcome(verdict: Verdict) -> Outcome:
    return Outcome(verdict=verdict, kind=Kind.USER, name="alice", line="")


def test_what_never_happened_is_told_as_0(scraped: Scraped) -> None:
    assert scraped.value("events_total", kind="user-add") == 0
    assert scraped.value("outcomes_total", kind="group", verdict="buried") == 0
    assert scraped.value("delivery_seconds_count") == 0


def test_what_is_never_an_event_here_has_no_count(scraped: Scraped) -> None:
    name = "gapps_hooks_events_total"
    assert (name, (("kind", EventKind.RECONCILE.value),)) not in scraped.samples()


def test_events_and_outcomes_are_counted(scraped: Scraped) -> None:
    for _ in range(2):
        scraped.metrics.recorded(EVENT, RECORDED)
    scraped.metrics.delivered(outcome(Verdict.LATER), 1.0)
    scraped.metrics.delivered(outcome(Verdict.DONE), 1.0)
    assert scraped.value("events_total", kind="user-add") == 2
    assert scraped.value("outcomes_total", kind="user", verdict="done") == 1
    assert scraped.value("outcomes_total", kind="user", verdict="later") == 1


def test_how_long_people_waited_is_a_histogram_of_what_ended_well(scraped: Scraped) -> None:
    scraped.metrics.recorded(EVENT, RECORDED)
    scraped.now += 2.0
    scraped.metrics.recorded(EVENT, RECORDED)
    scraped.metrics.delivered(outcome(Verdict.LATER), 0.1)
    scraped.now += 1.0
    scraped.metrics.delivered(outcome(Verdict.DONE), 0.1)
    scraped.metrics.recorded(EVENT, RECORDED)
    scraped.metrics.delivered(outcome(Verdict.BURIED), 0.1)
    scraped.metrics.delivered(outcome(Verdict.DONE), 0.1)
    scraped.metrics.recorded(EVENT, Receipt(subject=None, line="not enabled"))
    scraped.metrics.delivered(outcome(Verdict.NOTHING), 0.1)
    assert scraped.value("delivery_seconds_count") == 1
    assert scraped.value("delivery_seconds_sum") == 3.0
    assert scraped.value("delivery_seconds_bucket", le="2.5") == 0
    assert scraped.value("delivery_seconds_bucket", le="5.0") == 1


def test_how_long_people_waited_begins_anew_after_another_process_has_delivered(
    scraped: Scraped,
) -> None:
    """Nobody tells the agent of that, and what it remembers of the name is days old by then."""
    office = scraped.office

    def told(name: str) -> None:
        scraped.metrics.recorded(replace(EVENT, name=name), office.record("user-add", name))

    def passes(seconds: float) -> None:
        scraped.now += seconds
        office.clock.now += seconds

    told("alice")
    passes(1.0)
    office.drain()
    passes(86_400.0)
    told("alice")
    passes(2.0)
    for outcome in office.drain():
        scraped.metrics.delivered(outcome, 0.1)
    assert scraped.value("delivery_seconds_count") == 1
    assert scraped.value("delivery_seconds_sum") == pytest.approx(2.0, abs=1.0)


def test_an_outage_of_many_is_not_remembered_without_end(scraped: Scraped) -> None:
    for number in range(10_001):
        scraped.metrics.recorded(replace(EVENT, name=f"user{number}"), RECORDED)
    for number in (0, 1):
        scraped.metrics.delivered(replace(outcome(Verdict.DONE), name=f"user{number}"), 0.1)
    assert scraped.value("delivery_seconds_count") == 1


def test_requests_are_counted_by_method_and_reason(scraped: Scraped) -> None:
    scraped.office.fail(call="users.insert", fails="503", times=1)
    scraped.office.fire("user-add", "alice")
    scraped.office.fire("user-add", "alice")
    method = "directory.users.insert"
    assert scraped.value("requests_total", method=method, reason="ok") == 1
    failures = {
        dict(labels)["reason"]: value
        for (name, labels), value in scraped.samples().items()
        if name == "gapps_hooks_requests_total" and dict(labels)["reason"] != "ok"
    }
    assert sum(failures.values()) == 1


def test_a_lost_connection_has_a_reason_too(scraped: Scraped) -> None:
    scraped.office.fire("user-add", "alice")
    scraped.office.cut = ConnectionRefusedError(111, "refused")
    scraped.office.record("user-add", "bob")
    scraped.office.drain()
    method = "directory.users.insert"
    assert scraped.value("requests_total", method=method, reason="Unreachable") == 1
    assert scraped.value("breaker_open") == 1


def test_what_waits_is_read_when_it_is_asked_for(scraped: Scraped) -> None:
    assert scraped.value("entries", status="waiting") == 0
    assert scraped.value("oldest_waiting_seconds") == 0
    first = scraped.office.record("user-add", "alice")
    scraped.office.clock.now += 90.0
    scraped.office.record("user-add", "bob")
    assert scraped.value("entries", status="waiting") == 2
    assert scraped.value("oldest_waiting_seconds") == 90
    assert first.subject is not None
    entry = entries.get(scraped.office.state, first.subject)
    assert entry is not None
    entries.bury(scraped.office.state, entry, "refused")
    assert scraped.value("entries", status="buried") == 1
    assert scraped.value("entries", status="held") == 0
    assert scraped.value("oldest_waiting_seconds") == 0


def test_an_outage_and_a_pause_are_told(scraped: Scraped) -> None:
    state = scraped.office.state
    assert (scraped.value("breaker_open"), scraped.value("paused")) == (0, 0)
    breaker.open_(state, "no connection", 1.0)
    with state.transaction():
        state.set_meta("paused", "yes")
    assert (scraped.value("breaker_open"), scraped.value("paused")) == (1, 1)


def test_how_much_of_the_quota_is_used_is_told(scraped: Scraped) -> None:
    google = scraped.office.settings.google
    assert scraped.value("limiter_rate") == google.rate
    assert scraped.value("limiter_burst") == google.burst
    assert scraped.value("limiter_used") == 0
    scraped.office.fire("user-add", "alice")
    assert scraped.value("linked", kind="user") == 1
    assert scraped.value("linked", kind="group") == 0
    scraped.office.clock.now += 60.0
    for _ in range(5):
        take(scraped.office.state, ("request",), {"request": Rate(google.rate, google.burst)})
    assert scraped.value("limiter_used") == pytest.approx(5.0, abs=0.01)
    scraped.office.clock.now += 2.0 / google.rate
    assert scraped.value("limiter_used") == pytest.approx(3.0, abs=0.01)
    slow_down(scraped.office.state, 20.0)
    assert scraped.value("limiter_paused_seconds") == pytest.approx(20.0, abs=0.01)


def test_everything_is_in_the_operators_page(scraped: Scraped) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    scraped.office.fire("user-add", "alice")
    ending = re.compile("_(bucket|count|sum)$")
    told = {name for name, _ in scraped.samples() if not name.endswith("_created")}
    names = {ending.sub("", name) for name in told}
    own = {name for name in names if name.startswith("gapps_hooks_")}
    assert len(own) > 10
    assert {name for name in own if f"`{name}`" not in page} == set()


def test_two_of_them_share_nothing(scraped: Scraped, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Scraped(organise(tmp_path / "other"))
    other.server.start(other)
    try:
        other.metrics.recorded(EVENT, RECORDED)
        assert scraped.value("events_total", kind="user-add") == 0
        assert other.value("events_total", kind="user-add") == 1
    finally:
        other.server.stop()


def test_nobody_outside_of_this_machine_is_answered(scraped: Scraped) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", scraped.server.port), timeout=5)


def test_a_port_that_is_taken_is_named(scraped: Scraped) -> None:
    second = MetricsServer(scraped.metrics, scraped.server.port)
    with pytest.raises(GappsHooksError, match=rf"127\.0\.0\.1:{scraped.server.port}.*another port"):
        second.start(scraped)
    second.stop()


def test_with_new_settings_it_begins_anew_and_counts_on(scraped: Scraped) -> None:
    scraped.metrics.recorded(EVENT, RECORDED)
    scraped.server.stop()
    google = replace(scraped.settings.google, rate=7.0)
    scraped.settings = replace(scraped.settings, google=google)
    scraped.server.start(scraped)
    assert scraped.value("limiter_rate") == 7.0
    assert scraped.value("events_total", kind="user-add") == 1


def test_after_the_end_nothing_answers(scraped: Scraped) -> None:
    port = scraped.server.port
    scraped.server.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
