"""What Prometheus may ask: counts of what happened here, and how the state stands when it asks.

It must not know who calls it: the agent tells it of events, outcomes and requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final, Protocol
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
from gapps_hooks.outbox import State, breaker, links, open_state
from gapps_hooks.outbox.limiter import Rate
from gapps_hooks.outbox.usage import load, usage
from gapps_hooks.pausing import is_paused
from gapps_hooks.record import Receipt
from gapps_hooks.settings import Settings

LOOPBACK: Final = "127.0.0.1"
#: Of so many is remembered since when they wait; in an outage there may be more.
_MOST_WAITING: Final = 10_000
_ENDED: Final = frozenset({Verdict.DONE, Verdict.NOTHING})
#: Seconds: from the answer to a single request to an outage of a night.
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400, 43200)


class Metrics:
    """The counts of one process, in a registry of its own."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.registry: Final = CollectorRegistry()
        self._monotonic, self._clock = monotonic, clock
        self._events = self._counter("events", "Events recorded, by what happened.", "kind")
        text = "What became of entries that were tried; the kind is whose they are."
        self._outcomes = self._counter("outcomes", text, "verdict", "kind")
        text = "Requests sent to Google, by method and what they came to."
        self._requests = self._counter("requests", text, "method", "reason")
        self._seconds = Histogram(
            "gapps_hooks_delivery_seconds",
            "From the recording of a subject's first event to Google's answer to all of them.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        #: Since when somebody waits for Google, of those whose event was recorded here.
        self._since: dict[tuple[Kind, str], float] = {}
        self._lock = threading.Lock()
        self._begin()
        ProcessCollector(registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gapps_hooks_{name}", text, labels, registry=self.registry)

    def _begin(self) -> None:
        """Show what never happened as 0: a count that appears as 1 is an increase to nobody."""
        for event in (kind for kind in EventKind if kind is not EventKind.RECONCILE):
            self._events.labels(event.value)
        for verdict in Verdict:
            for kind in Kind:
                self._outcomes.labels(verdict.value, kind.value)

    def recorded(self, event: Event, receipt: Receipt) -> None:
        """Count an event that is on disk, or did not have to be."""
        self._events.labels(event.kind.value).inc()
        if receipt.subject is None or receipt.duplicate:
            return
        with self._lock:
            self._since.setdefault((event.subject_kind, event.name), self._monotonic())
            if len(self._since) > _MOST_WAITING:
                self._since.pop(next(iter(self._since)))

    def delivered(self, outcome: Outcome, seconds: float) -> None:  # noqa: ARG002 - the agent's observers are told how long the last try took; we tell the whole
        """Count what became of a delivery."""
        self._outcomes.labels(outcome.verdict.value, outcome.kind.value).inc()
        if outcome.verdict is Verdict.LATER:
            return
        with self._lock:
            since = self._since.pop((outcome.kind, outcome.name), None)
        if since is not None and outcome.verdict in _ENDED:
            self._seconds.observe(self._waited(since, outcome.recorded_at))

    def _waited(self, since: float, recorded_at: float | None) -> float:
        """Say how long it took; what another process delivered meanwhile is none of it.

        Nobody tells us of that, but then the entry is younger than what we remember.
        """
        seconds = self._monotonic() - since
        if recorded_at is None:
            return seconds
        return max(0.0, min(seconds, self._clock() - recorded_at))

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
        yield self._linked()

    def _linked(self) -> Metric:
        text = "People and groups linked to an account or group at Google."
        linked = GaugeMetricFamily("gapps_hooks_linked", text, labels=("kind",))
        for kind in Kind:
            linked.add_metric((kind,), links.count(self._state, kind))
        return linked

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


class Surroundings(Protocol):
    """What the server is given when it starts."""

    @property
    def settings(self) -> Settings:
        """The settings that hold from now on."""


class MetricsServer:
    """Answers Prometheus on this machine's loopback, from each ``start`` to the next ``stop``."""

    def __init__(self, metrics: Metrics, port: int, clock: Callable[[], float] = time.time) -> None:
        self._registry = metrics.registry
        self._clock = clock
        self._port = port
        self._open = ExitStack()
        #: The port that answers; of 0 the system makes one.
        self.port = port

    def start(self, surroundings: Surroundings) -> None:
        """Begin to answer, with a state file of its own to read.

        Raises:
            GappsHooksError: the port or the state file is not to be had.
        """
        settings = surroundings.settings
        place = settings.state
        with ExitStack() as opened:
            state = open_state(
                place.directory, domain=settings.domain, owner=place.owner, clock=self._clock
            )
            opened.enter_context(state)
            standing = _Standing(settings, state)
            self._registry.register(standing)
            opened.callback(self._registry.unregister, standing)
            server, thread = self._serve()
            opened.callback(thread.join, 1.0)
            opened.callback(server.server_close)
            opened.callback(server.shutdown)
            self.port = int(server.server_port)
            self._open = opened.pop_all()

    def stop(self) -> None:
        """Answer no more."""
        self._open.close()

    def _serve(self) -> tuple[WSGIServer, threading.Thread]:
        try:
            return start_http_server(self._port, addr=LOOPBACK, registry=self._registry)
        except OSError as error:
            raise GappsHooksError(
                f"metrics cannot be told at {LOOPBACK}:{self._port}: {error.strerror}; "
                "choose another port"
            ) from error
