"""A small organisation for tests: the real stories, the emulator in-process, one moveable clock."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped] # it has no types
from googleapiclient.discovery import build

from gapps_hooks.deliver.subject import deliver, drain
from gapps_hooks.emulator import Emulator
from gapps_hooks.emulator.keys import ServiceAccountKey, new_key
from gapps_hooks.emulator.transport import InProcess
from gapps_hooks.google import Directory, connect, probe
from gapps_hooks.google.boundaries import Observer, unobserved
from gapps_hooks.model import GoogleGroup, GoogleMember, GoogleUser, Outcome
from gapps_hooks.outbox import State, entries, open_state
from gapps_hooks.plugins import open_policy
from gapps_hooks.record import Desk, Receipt, read_event, record
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import open_source
from gapps_hooks.wiring import SharedPace, Wiring, make_rules

START = 1_790_000_000.0


@dataclass
class Clock:
    """Seconds since the epoch that pass only when somebody waits."""

    now: float = START
    #: By how many seconds Google's clock is ahead of ours when it looks at a sign-in.
    skew: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Line(InProcess):
    """The way to the emulated Google, which can be cut."""

    def __init__(self, organisation: Organisation) -> None:
        super().__init__(organisation.emulator.application, organisation.clock.sleep)
        self._organisation = organisation

    def request(self, *arguments: Any, **more: Any) -> tuple[Any, bytes]:  # noqa: ANN401 - passed on
        """Send one request, if there is a way."""
        self._organisation.attempts += 1
        if self._organisation.cut is not None:
            raise self._organisation.cut
        return super().request(*arguments, **more)


_FOUNDED: list[Organisation] = []


def close_all() -> None:
    """Close every organisation that the test founded (the fixture ``tidy`` does it)."""
    while _FOUNDED:
        _FOUNDED.pop().state.close()


@dataclass
class Organisation:
    """One installation beside one Google domain."""

    folder: Path
    clock: Clock
    emulator: Emulator
    settings: Settings
    state: State
    troubles: list[str] = field(default_factory=list)
    #: What every connection to Google fails with, if any.
    cut: Exception | None = None
    #: How many requests were tried, sign-ins and failures counted.
    attempts: int = 0
    #: Is told of each request that delivery sends (wire anew after setting it).
    observe: Observer = unobserved
    wiring: Wiring = field(init=False)
    google: Directory = field(init=False)

    def wire(self) -> None:
        """Put the stories together, as a process that starts now would."""
        self.google = self._connect()
        self.wiring = Wiring(
            settings=self.settings,
            state=self.state,
            source=open_source(self.settings),
            policy=open_policy(self.settings.policy_directory, domain=self.settings.domain),
            rules=make_rules(self.settings, self.state),
            directory=self._connect(),
            probe=self._probe,
            clock=self.clock,
            sleep=self.clock.sleep,
            random=lambda: 0.5,
            tell_trouble=self.troubles.append,
        )

    def _connect(self) -> Directory:
        return connect(
            self.settings,
            pace=SharedPace(self.state, self.settings, self.clock.sleep),
            http_factory=lambda: Line(self),
            clock=self.clock,
            wall_clock=self.clock,
            sleep=self.clock.sleep,
            random=lambda: 0.5,
            observe=self.observe,
        )

    def _probe(self, sign_in: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        probe(
            self.settings,
            sign_in=sign_in,
            http_factory=lambda: Line(self),
            clock=self.clock,
            wall_clock=self.clock,
        )

    def restart(self) -> None:
        """Die and come back: whatever was only in memory is gone."""
        self.state.close()
        self.state = open_state(
            self.settings.state.directory, domain=self.settings.domain, clock=self.clock
        )
        self.wire()

    # --- the account manager's side ----------------------------------------------------------

    def record(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> Receipt:
        """Record an event as a hook does, without delivering it."""
        desk = Desk(
            settings=self.settings,
            state=self.state,
            source=self.wiring.source,
            tell_trouble=self.troubles.append,
        )
        message = {
            "id": secrets.token_hex(16),
            "event": event,
            "subject": name,
            "payload": payload,
        }
        return record(desk, read_event(message))

    def fire(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> Outcome:
        """Record an event and deliver it, as a hook does; then drain what else is due."""
        receipt = self.record(event, name, payload)
        assert receipt.subject is not None, receipt.line
        outcome = deliver(self.wiring, receipt.subject)
        assert outcome is not None
        self.drain()
        return outcome

    def drain(self, *, whole: bool = False) -> list[Outcome]:
        """Deliver what is due now."""
        return list(drain(self.wiring, self.clock() + 3600.0, whole=whole))

    def settle(self, hours: float = 12.0) -> list[Outcome]:
        """Let time pass, delivering what falls due, until nothing waits by itself any more."""
        outcomes = self.drain()
        end = self.clock.now + hours * 3600.0
        while self.clock.now < end and "waiting" in self.left().values():
            self.clock.now += 5.0 if self.clock.now < end - (hours - 0.1) * 3600.0 else 120.0
            outcomes += self.drain()
        return outcomes

    def left(self) -> dict[str, str]:
        """What is still in the outbox: names and their status."""
        return {entry.name: entry.status for entry in entries.all_entries(self.state)}

    def people(self, *users: Mapping[str, Any], groups: tuple[Mapping[str, Any], ...] = ()) -> None:
        """Write the account manager's database, for a source of the type json."""
        file = self.folder / "accounts.json"
        file.write_text(json.dumps({"users": list(users), "groups": list(groups)}))

    # --- Google's side -----------------------------------------------------------------------

    def user(self, key: str) -> GoogleUser:
        """What Google has under this key."""
        return self.google.get_user(key)

    def group(self, key: str) -> GoogleGroup:
        """What Google has under this key."""
        return self.google.get_group(key)

    def members(self, group: str) -> dict[str, GoogleMember]:
        """Who is in a group at Google, by address."""
        found = self.google.list_members(self.google.get_group(group).id)
        return {member.email: member for member in found}

    def roles(self, group: str) -> dict[str, str]:
        """Who is in a group and as what, looked up past Google's API, its lags and its faults."""
        return {member["email"]: member["role"] for member in self.found_group(group)["members"]}

    def found_group(self, address: str) -> dict[str, Any]:
        """A group with its settings and members, looked up past Google's API."""
        (found,) = [one for one in self.emulator.state()["groups"] if one["email"] == address]
        return dict(found)

    def found_user(self, address: str) -> dict[str, Any] | None:
        """A user, looked up past Google's API; None if there is none."""
        everybody = self.emulator.state()["users"]
        return next((one for one in everybody if one["primaryEmail"] == address), None)

    @cached_property
    def console(self) -> Any:  # noqa: ANN401 - built from Google's discovery document
        """What a person does in Google's Admin console, by Google's own client."""
        credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # google-auth has no types here
            self.emulator.key(),
            subject="admin@example.org",
            scopes=[
                "https://www.googleapis.com/auth/admin.directory.user",
                "https://www.googleapis.com/auth/admin.directory.group",
            ],
        )
        signed = AuthorizedHttp(credentials, http=self.emulator.transport())
        return build("admin", "directory_v1", http=signed, cache_discovery=False)

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """Collect the API methods that are called inside; signing in does not count."""
        before = len(self.emulator.requests.calls())
        made: list[str] = []
        yield made
        made += [call for call in self.emulator.requests.calls()[before:] if call != "token"]

    def fail(self, **fault: object) -> None:
        """Add one line to the script of what goes wrong at Google."""
        self.emulator.faults.script([fault])

    def forbid(self, table: str, when: str) -> None:
        """Let the state file refuse some writes."""
        self._alter(
            f"CREATE TRIGGER refusing BEFORE {table} WHEN {when} "
            "BEGIN SELECT RAISE(ABORT, 'not this'); END"
        )

    def allow(self) -> None:
        """Let the state file take everything again."""
        self._alter("DROP TRIGGER refusing")

    def _alter(self, statement: str) -> None:
        with closing(sqlite3.connect(self.settings.state.directory / "state.db")) as state:
            state.execute(statement)


@cache
def account_key() -> ServiceAccountKey:
    """One key for all organisations, half as long as Google's: both sides read it each time."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return replace(new_key("c0ffee" * 6 + "abcd"), private=private)


def organise(
    folder: Path, *, source: str = '[source]\ntype = "none"', more: str = ""
) -> Organisation:
    """Found an organisation in an empty folder; ``more`` goes into its settings."""
    clock = Clock()
    emulator = Emulator(
        clock=clock,
        sleep=clock.sleep,
        sign_in_clock=lambda: time.time() + clock.skew,
        account_key=account_key(),
    )
    settings = load_settings(_write_settings(folder, emulator, source, more))
    state = open_state(settings.state.directory, domain=settings.domain, clock=clock)
    organisation = Organisation(
        folder=folder, clock=clock, emulator=emulator, settings=settings, state=state
    )
    _FOUNDED.append(organisation)
    organisation.wire()
    return organisation


def _write_settings(folder: Path, emulator: Emulator, source: str, more: str) -> Path:
    key = folder / "key.json"
    key.write_text(json.dumps(emulator.key()))
    key.chmod(0o600)
    file = folder / "gapps-hooks.toml"
    top, _, tables = more.partition("---")
    file.write_text(
        f"""domain = "example.org"
admin = "admin@example.org"
{top}
[google]
credentials = "{key}"
{source}
[state]
directory = "{folder / "state"}"
{tables if "[enabled]" in tables else "[enabled]" + chr(10) + "all = true" + chr(10) + tables}
"""
    )
    file.chmod(0o600)
    return file


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """Close the organisations that a test founded, whichever way it ended."""
    yield
    close_all()


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Found an organisation without a source."""
    return organise(tmp_path)


@pytest.fixture
def clock() -> Clock:
    """Let time stand still until the test moves it."""
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> Iterator[State]:
    """Open an empty state file, alone."""
    with open_state(tmp_path / "state", domain="example.org", clock=clock) as opened:
        yield opened
