"""Every request of the product, failed in every way, before and after the write took effect.

Run with ``-s`` to see the table: what came of each fault at first, and what it was in the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from organisation import Organisation, organise

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.emulator.faults import KINDS, WIRE, Fault
from gapps_hooks.emulator.state.pages import Distortion
from gapps_hooks.model import Outcome, Verdict
from gapps_hooks.outbox import entries

WIDE: Final = "".join(
    f"[bounds.{verb}]\nleast = 5000\nmost = 5000\n"
    for verb in ("suspend", "restore", "rename", "remove_member")
)
FIRST_HASH: Final = "$6$salt$" + "a" * 86
HASH: Final = "$6$salt$" + "b" * 86

Event = tuple[str, str, dict[str, Any]]
State = dict[str, Any]


def _user(name: str, **fields: object) -> Event:
    first = {"given_name": "Given", "family_name": "First", "id": f"entryUUID:{name}"}
    return "user-add", name, {**first, "password_hash": FIRST_HASH, **fields}


def _group(name: str, **fields: object) -> Event:
    return "group-change", name, {"members": [], "owners": [], "managers": [], **fields}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request of the product: how it comes about, and what is so afterwards."""

    call: str
    #: Values in the request's body that single it out.
    body: dict[str, Any] = field(default_factory=dict)
    before: Callable[[str], list[Event]] = lambda _: []
    event: Callable[[str], Event]
    #: Reads from Google's state what the event is about, and says what it should be.
    seen: Callable[[State, str], object]
    wanted: Callable[[str], object]
    #: Faults that are a final word for this request: the entry is buried with its reason.
    final: frozenset[str] = frozenset({"403"})
    #: An answer that says what is so already, and would be a lie if it came before the write.
    believed: str = ""


def _one(state: State, address: str, *keys: str) -> list[tuple[Any, ...]]:
    """The listed fields of all users that have this primary address; of one, if all is well."""
    found = [user for user in state["users"] if user["primaryEmail"] == address]
    return [tuple(user.get(key) for key in keys) for user in found]


def _family(state: State, name: str) -> list[str]:
    return [names["familyName"] for (names,) in _one(state, f"{name}@example.org", "name")]


def _suspended(state: State, name: str) -> list[bool]:
    return [suspended for (suspended,) in _one(state, f"{name}@example.org", "suspended")]


def _aliases(state: State, name: str) -> list[list[str]]:
    return [aliases or [] for (aliases,) in _one(state, f"{name}@example.org", "aliases")]


def _team(state: State, name: str) -> list[tuple[Any, ...]]:
    return [
        (
            group["description"],
            group["settings"]["whoCanPostMessage"],
            sorted((member["email"], member["role"]) for member in group["members"]),
        )
        for group in state["groups"]
        if group["email"] == f"{name}@example.org"
    ]


def _team_aliases(state: State, name: str) -> list[list[str]]:
    teams = [group for group in state["groups"] if group["email"] == f"{name}@example.org"]
    return [group.get("aliases") or [] for group in teams]


def _made(description: str, *members: tuple[str, str]) -> list[tuple[Any, ...]]:
    return [(description, "ALL_IN_DOMAIN_CAN_POST", sorted(members))]


MEMBER: Final = ("guest@example.net", "MEMBER")
OWNER: Final = ("guest@example.net", "OWNER")
#: A linked account that Google says it does not know was deleted there: a person decides.
GONE: Final = frozenset({"403", "404"})
#: The same where an address is claimed: who holds it is a matter for a person, too.
HELD: Final = GONE | {"409 renamed"}

ROWS: Final = {
    "create": Row(
        call="users.insert",
        event=_user,
        seen=_family,
        wanted=lambda _: ["First"],
        final=HELD,
    ),
    "modify": Row(
        call="users.patch",
        before=lambda name: [_user(name)],
        event=lambda name: ("user-modify", name, {"family_name": "Second"}),
        seen=_family,
        wanted=lambda _: ["Second"],
        final=GONE,
    ),
    "rename": Row(
        call="users.patch",
        before=lambda name: [_user(name)],
        event=lambda name: ("user-modify", f"new-{name}", {"old_username": name}),
        seen=lambda state, name: _aliases(state, f"new-{name}"),
        wanted=lambda name: [[f"{name}@example.org"]],
        final=HELD,
    ),
    "suspend": Row(
        call="users.patch",
        body={"suspended": True},
        before=lambda name: [_user(name)],
        event=lambda name: ("user-delete", name, {}),
        seen=_suspended,
        wanted=lambda _: [True],
        believed="404",
    ),
    "look first": Row(
        call="users.get",
        before=lambda name: [_user(name)],
        event=lambda name: ("user-modify", name, {"enabled": False}),
        seen=_suspended,
        wanted=lambda _: [True],
    ),
    "restore": Row(
        call="users.patch",
        body={"suspended": False},
        before=lambda name: [_user(name), ("user-modify", name, {"enabled": False})],
        event=lambda name: ("user-modify", name, {"enabled": True}),
        seen=_suspended,
        wanted=lambda _: [False],
        final=GONE,
    ),
    "password": Row(
        call="users.patch",
        before=lambda name: [_user(name)],
        event=lambda name: ("password-set", name, {"password_hash": HASH}),
        seen=lambda state, name: state["passwords"][f"{name}@example.org"],
        wanted=lambda _: ("crypt", HASH),
        final=GONE,
    ),
    "add alias": Row(
        call="users.aliases.insert",
        before=lambda name: [_user(name)],
        event=lambda name: ("user-modify", name, {"aliases": [f"a-{name}@example.org"]}),
        seen=_aliases,
        wanted=lambda name: [[f"a-{name}@example.org"]],
        final=GONE,
        believed="409 renamed",
    ),
    "drop alias": Row(
        call="users.aliases.delete",
        before=lambda name: [_user(name, aliases=[f"a-{name}@example.org"])],
        event=lambda name: ("user-modify", name, {"aliases": []}),
        seen=_aliases,
        wanted=lambda _: [[]],
        believed="404",
    ),
    "create group": Row(
        call="groups.insert",
        event=lambda name: _group(name, members=[MEMBER[0]]),
        seen=_team,
        wanted=lambda _: _made("", MEMBER),
        final=HELD,
    ),
    "group settings": Row(
        call="settings.patch",
        event=lambda name: _group(name, members=[MEMBER[0]]),
        seen=_team,
        wanted=lambda _: _made("", MEMBER),
        # It has a scope of its own, for the want of which nobody else's delivery stops.
        final=frozenset({"401", "403"}),
    ),
    "change group": Row(
        call="groups.patch",
        before=lambda name: [_group(name)],
        event=lambda name: _group(name, description="new"),
        seen=_team,
        wanted=lambda _: _made("new"),
        final=HELD,
    ),
    "add group alias": Row(
        call="groups.aliases.insert",
        event=lambda name: _group(name, aliases=[f"a-{name}@example.org"]),
        seen=_team_aliases,
        wanted=lambda name: [[f"a-{name}@example.org"]],
        believed="409 renamed",
    ),
    "drop group alias": Row(
        call="groups.aliases.delete",
        before=lambda name: [_group(name, aliases=[f"a-{name}@example.org"])],
        event=lambda name: _group(name, aliases=[]),
        seen=_team_aliases,
        wanted=lambda _: [[]],
        believed="404",
    ),
    "list members": Row(
        call="members.list",
        before=lambda name: [_group(name)],
        event=lambda name: _group(name, members=[MEMBER[0]]),
        seen=_team,
        wanted=lambda _: _made("", MEMBER),
        final=GONE,
    ),
    "add member": Row(
        call="members.insert",
        event=lambda name: _group(name, members=[MEMBER[0]]),
        seen=_team,
        wanted=lambda _: _made("", MEMBER),
        believed="409 renamed",
    ),
    "change role": Row(
        call="members.patch",
        before=lambda name: [_group(name, members=[MEMBER[0]])],
        event=lambda name: _group(name, owners=[MEMBER[0]]),
        seen=_team,
        wanted=lambda _: _made("", OWNER),
        final=GONE,
    ),
    "remove member": Row(
        call="members.delete",
        before=lambda name: [_group(name, members=[MEMBER[0]])],
        event=_group,
        seen=_team,
        wanted=lambda _: _made(""),
        believed="404",
    ),
    "sign in": Row(
        call="token",
        before=lambda name: [_user(name)],
        event=lambda name: ("user-modify", name, {"family_name": "Second"}),
        seen=_family,
        wanted=lambda _: ["Second"],
        final=frozenset(),
    ),
}

LISTS: Final = frozenset({"members.list"})
READS: Final = LISTS | {"users.get", "token"}
#: Where Google tells that an address or a member is there already (409, duplicate).
UNIQUE: Final = frozenset(
    {"users.insert", "users.patch", "users.aliases.insert", "groups.insert", "groups.patch"}
    | {"groups.aliases.insert", "members.insert"}
)


def _applies(row: Row, kind: str) -> bool:
    """Whether Google can answer this request so."""
    if kind in {*Distortion, "expired token"}:
        return row.call in LISTS
    if kind == "409 renamed":
        return row.call in UNIQUE
    if kind == "412 creation":
        return row.call.startswith("users.")
    # A linked account that is not there needs no suspension.
    return kind != "404" or row.call != "users.get"


#: Of faults that come to the same verdict, one is met once, too; all of them are met for long.
FIRST: Final = frozenset({"403 quota", "429", "503", "502"})
SAME: Final = frozenset(
    kind for kind in KINDS - FIRST if kind.startswith(("403 ", "429", "5")) or kind == "reset"
)


#: Answered before anything is looked at, so that the write cannot have taken effect.
AT_ONCE: Final = frozenset(
    kind for kind in KINDS if kind.startswith(("401", "403 ", "429")) or kind == "503 text"
)


def _faults(row: Row) -> Iterator[Fault]:
    """All faults that can strike this request: once, and for as long as it lasts."""
    for kind in sorted(kind for kind in KINDS if _applies(row, kind)):
        always_after = kind in {"lost answer", "truncated", row.believed}
        afterwards = row.call not in READS and kind not in {*WIRE, *AT_ONCE}
        if (kind, row.call) == ("409 renamed", "groups.insert"):
            afterwards = False  # groups bear no mark: what is there at once is a stranger's
        for when in ("after",) if always_after else ("before", "after")[: 1 + afterwards]:
            for times in (0,) if kind in SAME else (1, 0):
                yield Fault(
                    call=row.call,
                    body=row.body,
                    fails=kind,
                    when=when,  # type: ignore[arg-type] # one of the two literals
                    times=times,
                )


def _state(house: Organisation) -> State:
    state = house.emulator.state()
    state["passwords"] = {
        user["primaryEmail"]: house.emulator.password_of(user["primaryEmail"])
        for user in state["users"]
    }
    return state


class Cell:
    """One fault met by one request, from the event to the end."""

    def __init__(self, house: Organisation, row: Row, fault: Fault, name: str) -> None:
        self.house, self.row, self.fault, self.name = house, row, fault, name
        self.first = ""
        self.end = ""
        self.wrong: list[str] = []

    def play(self) -> None:
        """Let it happen, then let the fault pass and time go on."""
        house = self.house
        for event in self.row.before(self.name):
            assert house.fire(*event).verdict is Verdict.DONE
        house.clock.now += 400.0
        if self.row.call == "token":
            house.restart()
        receipt = house.record(*self.row.event(self.name))
        house.emulator.faults.script([self.fault])
        assert receipt.subject is not None
        outcome = deliver(house.wiring, receipt.subject)
        assert outcome is not None
        self.first = str(outcome.verdict)
        self._check(outcome)
        if self.fault.fails in {"503", "lost answer"} and not self.fault.times:
            house.restart()
            house.drain()
        house.emulator.faults.clear()
        for later in house.settle():
            self._check(later)
        self._conclude()

    def _conclude(self) -> None:
        left = set(self.house.left().values())
        self.end = "buried" if left else "done"
        if left - {"buried"}:
            self.wrong.append(f"still {left}")
        if left and self.fault.fails not in self.row.final:
            self.wrong.append(f"buried: {entries.all_entries(self.house.state)[0].reason}")
        for entry in entries.all_entries(self.house.state):
            entries.retry(self.house.state, entry.subject)
        self.house.settle()
        if self._seen() != self.row.wanted(self.name):
            self.wrong.append(f"in the end {self._seen()}")
        for entry in entries.all_entries(self.house.state):
            self.wrong.append(f"for ever {entry.status}: {entry.reason}")
            entries.drop(self.house.state, entry.subject)
        self.wrong += _done_twice(self.house)

    def _seen(self) -> object:
        return self.row.seen(_state(self.house), self.name)

    def _check(self, outcome: Outcome) -> None:
        """A verdict that claims success is only given when Google has what was wanted."""
        claimed = outcome.verdict in {Verdict.DONE, Verdict.NOTHING}
        if claimed and self._seen() != self.row.wanted(self.name):
            self.wrong.append(f"claims {outcome.line}, and there is {self._seen()}")


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is such a thing: a thousand fsyncs are not the point here."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.mark.parametrize("title", ROWS)
def test_whatever_fails_google_is_in_the_end_what_it_should_be(
    quick_folder: Path, title: str
) -> None:
    row = ROWS[title]
    house = organise(quick_folder, more=f"---\n{WIDE}")
    table: dict[str, list[str]] = {}
    wrong: list[str] = []
    for number, fault in enumerate(_faults(row)):
        house.emulator.requests.clear()
        cell = Cell(house, row, fault, f"n{number}")
        cell.play()
        wrong += [f"{fault.fails} {fault.when} {fault.times}: {text}" for text in cell.wrong]
        mark = f"{fault.when[0]}{'1' if fault.times else '∞'} {cell.first}/{cell.end}"
        table.setdefault(fault.fails, []).append(mark)
    print(f"\n{title} ({row.call})")  # noqa: T201 - the table that -s shows
    for kind, marks in table.items():
        print(f"  {kind:16}{'   '.join(marks)}")  # noqa: T201 - the table that -s shows
    assert not wrong, "\n".join(["", *wrong])


def _done_twice(house: Organisation) -> list[str]:
    """Name what was created with success more than once."""
    created = [
        str(one.body.get("primaryEmail") or one.body.get("email"))
        for one in house.emulator.requests
        if one.call in {"users.insert", "groups.insert"} and one.status == HTTPStatus.OK
    ]
    return [f"{one} made twice" for one in created if created.count(one) > 1]
