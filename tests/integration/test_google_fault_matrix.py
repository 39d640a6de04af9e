"""Every verb of the directory, met by every fault, before and after its write took effect.

What a delivery makes of it is told by test_deliver_faults; here each request by itself ends in the
right verdict, and in what was wanted as soon as the fault is over. ``-s`` shows the table.
"""

from __future__ import annotations

import inspect
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from organisation import Organisation, organise

from gapps_hooks.emulator.faults import KINDS, WIRE, Fault
from gapps_hooks.emulator.state.pages import Distortion
from gapps_hooks.errors import (
    AlreadyExists,
    GoogleFault,
    NotFound,
    NotYet,
    Passing,
    Refused,
    SignInRefused,
    Throttled,
)
from gapps_hooks.google import Directory
from gapps_hooks.model import PasswordHash, Role

HASH: Final = PasswordHash("crypt", "$6$salt$" + "a" * 86)
#: What is public of the directory and asks Google for nothing, or for a token only.
SILENT: Final = frozenset({"within", "keep_warm"})


def address(name: str) -> str:
    return f"{name}@example.org"


def person(house: Organisation, name: str) -> str:
    body = {"primaryEmail": address(name), "name": {"givenName": "G", "familyName": "F"}}
    return house.google.insert_user(body, HASH).id


def group(house: Organisation, name: str) -> str:
    return house.google.insert_group({"email": address(name)}).id


def seen_user(house: Organisation, name: str) -> dict[str, Any]:
    return house.found_user(address(name)) or {}


def seen_group(house: Organisation, name: str) -> dict[str, Any]:
    state = house.emulator.state()
    return next((one for one in state["groups"] if one["email"] == address(name)), {})


def org_units(house: Organisation) -> set[str]:
    return {unit["orgUnitPath"] for unit in house.emulator.state()["orgUnits"]}


def role_of(house: Organisation, name: str) -> object:
    return next((one["role"] for one in seen_group(house, name).get("members", ())), None)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How a verb is called about a name of its own, and what is so afterwards."""

    #: The API's name of the request.
    call: str
    prepare: Callable[[Organisation, str], tuple[Any, ...]]
    #: Whether Google holds what the verb was to bring about; for a look it always does.
    done: Callable[[Organisation, str], bool] = lambda _, __: True


def _deleted(house: Organisation, name: str) -> tuple[Any, ...]:
    key = person(house, name)
    house.console.users().delete(userKey=key).execute()
    return key, "/"


def _with_alias(house: Organisation, name: str) -> tuple[Any, ...]:
    key = person(house, name)
    house.google.insert_user_alias(key, address(f"a-{name}"))
    return key, address(f"a-{name}")


def _with_group_alias(house: Organisation, name: str) -> tuple[Any, ...]:
    key = group(house, name)
    house.google.insert_group_alias(key, address(f"a-{name}"))
    return key, address(f"a-{name}")


def _with_member(house: Organisation, name: str) -> tuple[str, str]:
    key, member = group(house, name), person(house, f"m-{name}")
    house.google.insert_member(key, member, Role.MEMBER)
    return key, member


SCENARIOS: Final = {
    "get_user": Scenario(call="users.get", prepare=lambda house, name: (person(house, name),)),
    "list_users": Scenario(call="users.list", prepare=lambda _, __: ()),
    "list_deleted_users": Scenario(call="users.list", prepare=lambda _, __: ()),
    "insert_user": Scenario(
        call="users.insert",
        prepare=lambda _, name: (
            {"primaryEmail": address(name), "name": {"givenName": "G", "familyName": "F"}},
            HASH,
        ),
        done=lambda house, name: bool(seen_user(house, name)),
    ),
    "patch_user": Scenario(
        call="users.patch",
        prepare=lambda house, name: (person(house, name), {"suspended": True}),
        done=lambda house, name: seen_user(house, name)["suspended"] is True,
    ),
    "undelete_user": Scenario(
        call="users.undelete",
        prepare=_deleted,
        done=lambda house, name: bool(seen_user(house, name)),
    ),
    "insert_user_alias": Scenario(
        call="users.aliases.insert",
        prepare=lambda house, name: (person(house, name), address(f"a-{name}")),
        done=lambda house, name: seen_user(house, name).get("aliases") == [address(f"a-{name}")],
    ),
    "delete_user_alias": Scenario(
        call="users.aliases.delete",
        prepare=_with_alias,
        done=lambda house, name: not seen_user(house, name).get("aliases"),
    ),
    "get_group": Scenario(call="groups.get", prepare=lambda house, name: (group(house, name),)),
    "user_pages": Scenario(call="users.list", prepare=lambda _, __: ()),
    "group_pages": Scenario(call="groups.list", prepare=lambda _, __: ()),
    "insert_group": Scenario(
        call="groups.insert",
        prepare=lambda _, name: ({"email": address(name)},),
        done=lambda house, name: bool(seen_group(house, name)),
    ),
    "patch_group": Scenario(
        call="groups.patch",
        prepare=lambda house, name: (group(house, name), {"description": "new"}),
        done=lambda house, name: seen_group(house, name)["description"] == "new",
    ),
    "delete_group": Scenario(
        call="groups.delete",
        prepare=lambda house, name: (group(house, name),),
        done=lambda house, name: not seen_group(house, name),
    ),
    "insert_group_alias": Scenario(
        call="groups.aliases.insert",
        prepare=lambda house, name: (group(house, name), address(f"a-{name}")),
        done=lambda house, name: seen_group(house, name).get("aliases") == [address(f"a-{name}")],
    ),
    "delete_group_alias": Scenario(
        call="groups.aliases.delete",
        prepare=_with_group_alias,
        done=lambda house, name: not seen_group(house, name).get("aliases"),
    ),
    "see_group_settings": Scenario(
        call="settings.get",
        prepare=lambda house, name: (group(house, name) and address(name),),
    ),
    "patch_group_settings": Scenario(
        call="settings.patch",
        prepare=lambda house, name: (
            group(house, name) and address(name),
            {"whoCanJoin": "INVITED_CAN_JOIN"},
        ),
        done=lambda house, name: (
            seen_group(house, name)["settings"]["whoCanJoin"] == "INVITED_CAN_JOIN"
        ),
    ),
    "list_members": Scenario(
        call="members.list", prepare=lambda house, name: (_with_member(house, name)[0],)
    ),
    "insert_member": Scenario(
        call="members.insert",
        prepare=lambda house, name: (group(house, name), "guest@example.net", Role.MEMBER),
        done=lambda house, name: role_of(house, name) == "MEMBER",
    ),
    "patch_member": Scenario(
        call="members.patch",
        prepare=lambda house, name: (*_with_member(house, name), Role.OWNER),
        done=lambda house, name: role_of(house, name) == "OWNER",
    ),
    "delete_member": Scenario(
        call="members.delete",
        prepare=_with_member,
        done=lambda house, name: role_of(house, name) is None,
    ),
    "insert_org_unit": Scenario(
        call="orgunits.insert",
        prepare=lambda _, name: ("/", name),
        done=lambda house, name: f"/{name}" in org_units(house),
    ),
    "list_org_units": Scenario(call="orgunits.list", prepare=lambda _, __: ()),
    "list_domains": Scenario(call="domains.list", prepare=lambda _, __: ()),
}

DISTORTED: Final = frozenset({*Distortion, "expired token"})
#: What a fault that lasts comes to, by its kind; all others are passing.
VERDICTS: Final[dict[str, type[GoogleFault]]] = {
    "401": SignInRefused,
    "403": Refused,
    "404": NotFound,
    "409 renamed": AlreadyExists,
    "412 creation": NotYet,
    "409 conflict": Passing,
}
#: Answered at the door, before anything is looked at: nothing can have been done.
AT_THE_DOOR: Final = ("401", "403 ", "412", "429", "503 text")


def verdict_of(kind: str) -> type[GoogleFault]:
    """What a fault that does not end has to come to."""
    if kind.startswith(("403 ", "429")) or kind == "503 text":
        return Throttled
    return VERDICTS.get(kind, Passing)


def faults(scenario: Scenario) -> Iterator[Fault]:
    """All faults that can strike the verb's request: once, and for as long as it lasts."""
    looks = scenario.call.endswith((".get", ".list"))
    for kind in sorted(KINDS):
        if kind in DISTORTED:
            continue  # of whole listings: see test_google_directory
        always_after = kind in {"lost answer", "truncated"}
        both = not (looks or kind in WIRE or kind.startswith(AT_THE_DOOR))
        for when in ("after",) if always_after else ("before", "after")[: 1 + both]:
            for times in (1, 0):
                yield Fault(
                    call=scenario.call,
                    fails=kind,
                    when=when,  # type: ignore[arg-type] # one of the two literals
                    times=times,
                    seconds=60.0,
                )


class Cell:
    """One fault met by one verb."""

    def __init__(self, house: Organisation, verb: str, fault: Fault, name: str) -> None:
        self.house, self.verb, self.fault, self.name = house, verb, fault, name
        self.scenario = SCENARIOS[verb]
        self.arguments = self.scenario.prepare(house, name)

    def play(self) -> tuple[str, list[str]]:
        """Let it happen, then let the fault pass; return the mark and what is wrong."""
        self.house.emulator.faults.script([self.fault])
        first = self._call()
        wrong = self._wrong_at_first(first)
        self.house.emulator.faults.clear()
        again = self._call()
        settled = {type(None), AlreadyExists, NotFound}
        if type(again) not in settled or not self._is_done():
            wrong.append(f"in the end {again!r}, done: {self._is_done()}")
        return type(first).__name__ if first else "done", wrong

    def _call(self) -> GoogleFault | None:
        self.house.clock.now += 100.0
        try:
            answer = getattr(self.house.google, self.verb)(*self.arguments)
            if isinstance(answer, Iterator):
                deque(answer, maxlen=0)  # pages are asked for as they are read
        except GoogleFault as fault:
            return fault
        return None

    def _is_done(self) -> bool:
        return self.scenario.done(self.house, self.name)

    def _wrong_at_first(self, first: GoogleFault | None) -> list[str]:
        if first is None:
            # It says that it is done, and so it must be.
            return [] if self._is_done() else ["claims to be done"]
        if self.fault.times and self._is_done() and first.tried_before:
            return []  # an earlier try took effect, and the caller is told that it may have
        wanted = verdict_of(self.fault.fails)
        passing = issubclass(wanted, Passing) and self.fault.fails != "hang"
        if self.fault.times and passing:
            return [f"gave up: {first!r}"]
        return [] if isinstance(first, wanted) else [f"{first!r} is no {wanted.__name__}"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Organisation]:
    if not os.access("/dev/shm", os.W_OK):
        yield organise(tmp_path)
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield organise(Path(folder))


def test_no_verb_is_without_a_scenario() -> None:
    verbs = {name for name, _ in inspect.getmembers(Directory, inspect.isfunction)}
    assert {name for name in verbs if not name.startswith("_")} - SILENT == SCENARIOS.keys()


@pytest.mark.parametrize("verb", SCENARIOS)
def test_each_fault_comes_to_the_right_verdict_and_ends(house: Organisation, verb: str) -> None:
    table: dict[str, list[str]] = {}
    wrong: list[str] = []
    for number, fault in enumerate(faults(SCENARIOS[verb])):
        mark, complaints = Cell(house, verb, fault, f"n{number}").play()
        wrong += [f"{fault.fails} {fault.when} {fault.times}: {text}" for text in complaints]
        times = "1" if fault.times else "∞"
        table.setdefault(fault.fails, []).append(f"{fault.when[0]}{times} {mark}")
    print(f"\n{verb} ({SCENARIOS[verb].call})")  # noqa: T201 - the table that -s shows
    for kind, marks in table.items():
        print(f"  {kind:16}{'   '.join(marks)}")  # noqa: T201 - the table that -s shows
    assert not wrong, "\n".join(["", *wrong])
