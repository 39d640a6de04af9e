"""Whatever hooks say in whatever order, nothing acknowledged is lost or mixed up."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gapps_hooks.model import Event, EventKind, Kind, Link, PasswordHash
from gapps_hooks.outbox import State, entries, links, open_state, subjects
from gapps_hooks.outbox.entries import Entry

NAMES = st.sampled_from(["ann", "bob", "cid"])
KEYS = st.dictionaries(
    st.sampled_from(["given_name", "phones", "org_unit"]), st.integers(0, 9), max_size=2
)
HASHES = st.none() | st.sampled_from(["$6$one", "$6$two"])


@dataclass
class Told:
    """What a person was told to be, by replaying the events since the last settling."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    linked: bool = False
    #: The highest generation ever seen.
    generation: int = 0

    def expected(self) -> tuple[Mapping[str, Any], PasswordHash | None, bool, bool]:
        patch: dict[str, Any] = {}
        password, added, removed = None, False, False
        for _, event in sorted(self.events, key=lambda numbered: numbered[0]):
            if event.kind is EventKind.USER_DELETE:
                patch, password, added, removed = {}, None, False, True
                continue
            if event.kind is EventKind.USER_ADD:
                added, removed = True, False
            patch |= event.patch
            password = event.password or password
        return patch, password, added, removed


class Outbox(RuleBasedStateMachine):
    """The outbox beside a replay of the same events."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.state: State = self.opened()
        self.people: dict[str, Told] = {}
        self.numbers = itertools.count(1)
        self.last: Event | None = None
        #: An entry as a deliverer has read it, which events may have overtaken since.
        self.read: Entry | None = None

    def opened(self) -> State:
        return open_state(self.root / "state", domain="example.org")

    def teardown(self) -> None:
        self.state.close()
        shutil.rmtree(self.root)

    def record(self, event: Event, person: Told, number: int) -> None:
        receipt = entries.record(self.state, event)
        assert not receipt.duplicate
        assert receipt.generation > person.generation
        person.events.append((number, event))
        person.generation = receipt.generation
        self.last = event

    @rule(
        name=NAMES,
        kind=st.sampled_from([EventKind.USER_ADD, EventKind.USER_MODIFY, EventKind.USER_DELETE]),
        patch=KEYS,
        password=HASHES,
    )
    def says(self, name: str, kind: EventKind, patch: dict[str, int], password: str | None) -> None:
        number = next(self.numbers)
        word = None if password is None else PasswordHash("crypt", password)
        event = Event(id=f"{number:032x}", kind=kind, name=name, patch=patch, password=word)
        self.record(event, self.people.setdefault(name, Told()), number)

    @rule(old=NAMES, new=NAMES, patch=KEYS)
    def renames(self, old: str, new: str, patch: dict[str, int]) -> None:
        number = next(self.numbers)
        event = Event(
            id=f"{number:032x}", kind=EventKind.USER_MODIFY, name=new, old_name=old, patch=patch
        )
        self.record(event, self.renamed(old, new), number)

    def renamed(self, old: str, new: str) -> Told:
        if old == new or old not in self.people:
            return self.people.setdefault(new, Told())
        holder = self.people.get(new, Told())
        if holder.linked:
            return self.people[old]
        person = self.people.pop(old)
        person.events += holder.events
        person.generation = max(person.generation, holder.generation)
        self.people[new] = person
        return person

    @precondition(lambda self: self.last is not None)
    @rule()
    def says_the_same_again(self) -> None:
        assert self.last is not None
        assert entries.record(self.state, self.last).duplicate

    @rule(name=NAMES)
    def links(self, name: str) -> None:
        person = self.people.get(name)
        if person is None or person.linked:
            return
        subject = self.subject(name)
        mark = f"{next(self.numbers)}"
        links.save(
            self.state,
            Link(subject=subject, google_id=mark, address=f"{mark}@example.org", name=name),
        )
        person.linked = True

    @rule(name=NAMES)
    def a_deliverer_reads(self, name: str) -> None:
        if name in self.people:
            self.read = entries.get(self.state, self.subject(name))

    @rule()
    def a_deliverer_settles(self) -> None:
        if self.read is None:
            return
        unmoved = [each for each in entries.all_entries(self.state) if each == self.read]
        assert entries.settle(self.state, self.read) == bool(unmoved)
        for each in unmoved:
            self.people[each.name].events.clear()
        self.read = None

    @rule()
    def the_process_is_replaced(self) -> None:
        self.state.close()
        self.state = self.opened()

    def subject(self, name: str) -> int:
        subject = subjects.of_name(self.state, Kind.USER, name)
        assert subject is not None
        return subject

    @invariant()
    def one_subject_has_each_name(self) -> None:
        numbers = {name: self.subject(name) for name in self.people}
        assert len(set(numbers.values())) == len(numbers)
        for name in ("ann", "bob", "cid"):
            if name not in self.people:
                assert subjects.of_name(self.state, Kind.USER, name) is None

    @invariant()
    def every_entry_reflects_the_last_word_on_each_key(self) -> None:
        present = {entry.name: entry for entry in entries.all_entries(self.state)}
        assert set(present) == {name for name, told in self.people.items() if told.events}
        for name, entry in present.items():
            found = (entry.patch, entry.password, entry.added, entry.removed)
            assert found == self.people[name].expected()

    @invariant()
    def generations_never_fall_and_links_stay_with_their_person(self) -> None:
        for name, told in self.people.items():
            subject = self.subject(name)
            assert subjects.generation_of(self.state, subject) >= told.generation
            assert (links.of(self.state, subject) is not None) == told.linked

    @invariant()
    def no_hash_outlives_its_entry(self) -> None:
        hashes = {
            told.expected()[1].value  # type: ignore[union-attr] # a pair whenever it is asked for
            for told in self.people.values()
            if told.expected()[1]
        }
        raw = b"".join(path.read_bytes() for path in (self.root / "state").iterdir())
        for value in ("$6$one", "$6$two"):
            assert (value.encode() in raw) == (value in hashes)


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
