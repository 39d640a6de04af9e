"""What Prometheus may ask: counts of what happened here, and how the state stands when it asks.

It must not know who calls it: the agent tells it of events, outcomes and requests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Event, EventKind, Kind, Outcome, Verdict
from gapps_hooks.outbox import State, breaker, links
from gapps_hooks.outbox.limiter import Rate
from gapps_hooks.outbox.usage import load, usage
from gapps_hooks.pausing import is_paused
from gapps_hooks.settings import Settings

LOOPBACK: Final = "127.0.0.1"
#: Seconds: from the answer to a single request to an outage of a night.
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400, 43200)


class Metrics:
    """The counts of one process, in a registry of its own."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.registry: Final = CollectorRegistry()
        self._events = self._counter("events", "Events recorded.", "kind")
        self._outcomes = self._counter(
            "outcomes", "What became of entries that were tried.", "verdict", "kind"
        )
        self._requests = self._counter(
            "requests",
            "Requests sent to Google, by method and what they came to.",
            *("method", "reason"),
        )
        self._seconds = Histogram(
            "gapps_hooks_delivery_seconds",
            "From the recording of an event to Google's answer to all of it.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._begin()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Standing(settings, state))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gapps_hooks_{name}", text, labels, registry=self.registry)

    def _begin(self) -> None:
        """Show what never happened as 0: a count that appears as 1 is an increase to nobody."""
        for event in EventKind:
            self._events.labels(event.value)
        for verdict in Verdict:
            for kind in Kind:
                self._outcomes.labels(verdict.value, kind.value)

    def event(self, event: Event) -> None:
        """Count an event that was recorded."""
        self._events.labels(event.kind.value).inc()

    def outcome(self, outcome: Outcome, seconds: float | None = None) -> None:
        """Count an outcome.

        ``seconds`` have passed since its first event was recorded; they count where it is done.
        """
        self._outcomes.labels(outcome.verdict.value, outcome.kind.value).inc()
        if seconds is not None and outcome.verdict in {Verdict.DONE, Verdict.NOTHING}:
            self._seconds.observe(max(0.0, seconds))

    def request(self, method: str, reason: str) -> None:
        """Count a request to Google (see google.boundaries.Observer)."""
        self._requests.labels(method, reason).inc()


class _Standing(Collector):
    """Reads from the state file, each time that somebody asks, how things stand."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings = settings
        self._state = state

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: what is read now would be old when it is asked for."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read how things stand."""
        yield from self._load()
        yield from self._quota()
        breaks = breaker.current(self._state)
        yield _gauge("breaker_open", "Whether an outage stops all delivery.", breaks is not None)
        yield _gauge("paused", "Whether people have paused it.", is_paused(self._state))
        yield _gauge("linked", "People linked to an account at Google.", links.count(self._state))

    def _load(self) -> Iterator[Metric]:
        found = load(self._state)
        text = "Entries of the outbox, by status."
        entries = GaugeMetricFamily("gapps_hooks_entries", text, labels=("status",))
        for status, count in found.counts.items():
            entries.add_metric((status,), count)
        yield entries
        text = "For how long the oldest waiting entry has waited; 0 if none waits."
        yield _gauge("oldest_waiting_seconds", text, found.oldest)

    def _quota(self) -> Iterator[Metric]:
        google = self._settings.google
        used = usage(self._state, Rate(google.rate, google.burst))
        text = "Requests a second that may be sent in the long run."
        yield _gauge("limiter_rate", text, used.per_second)
        yield _gauge("limiter_burst", "Requests that may be sent at once.", used.burst)
        yield _gauge("limiter_used", "Requests of the burst that are used up.", used.used)
        text = "For how long nobody may send, because Google asked for that."
        yield _gauge("limiter_paused_seconds", text, used.paused)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"gapps_hooks_{name}", text, value=float(value))


class MetricsServer:
    """Answers Prometheus on this machine's loopback, from ``start`` to ``stop``."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        self._registry = metrics.registry
        self._port = port
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that answers; of 0 the system has made one."""
        return self._port if self._server is None else int(self._server.server_port)

    def start(self) -> None:
        """Begin to answer.

        Raises:
            GappsHooksError: the port is not to be had.
        """
        try:
            self._server, self._thread = start_http_server(
                self._port, addr=LOOPBACK, registry=self._registry
            )
        except OSError as error:
            raise GappsHooksError(
                f"metrics cannot be told at {LOOPBACK}:{self._port}: {error.strerror}; "
                "choose another port"
            ) from error

    def stop(self) -> None:
        """Answer no more."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1.0)
