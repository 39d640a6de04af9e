"""Whose account is no stranger's: of those for whom an event waits, and of those who come late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person, reconcile

from gapps_hooks.model import Verb, Verdict
from gapps_hooks.outbox import bounds, entries
from gapps_hooks.reconcile.applying import Applying, Progress
from gapps_hooks.reconcile.everybody import Looked, carry_out, everything, look

ELSEWHERE = "hans.meier@example.org"
CHOOSING = f"""
from gapps_hooks import hookimpl


@hookimpl
def gapps_org_unit(account):
    return "/Staff"


@hookimpl
def gapps_choose_address(account):
    return "{ELSEWHERE}" if account.username == "hans" and account.org_unit == "/Staff" else None
"""


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path, more='unknown_accounts = "suspend"')
    house.people(person("alice"))
    reconcile(house)
    house.emulator.seed({"users": [{"primaryEmail": ELSEWHERE}]})
    return house


def is_left(house: Organisation) -> bool:
    user = house.found_user(ELSEWHERE)
    return user is not None and not user["suspended"]


def test_the_account_that_a_waiting_payload_names_is_no_strangers(house: Organisation) -> None:
    house.people(person("alice"), person("hans"))
    house.record("user-add", "hans", {"email": ELSEWHERE})
    reconcile(house)
    assert is_left(house)
    assert house.drain()
    assert house.left() == {}


def test_the_account_that_the_policy_chooses_is_no_strangers(house: Organisation) -> None:
    (house.folder / "policy.d").mkdir()
    (house.folder / "policy.d" / "ours.py").write_text(CHOOSING)
    house.wire()
    house.people(person("alice"), person("hans"))
    house.record("user-add", "hans")
    reconcile(house)
    assert is_left(house)


@pytest.mark.parametrize("stop", [entries.hold, entries.bury])
def test_what_a_person_has_to_answer_first_leaves_strangers_alone(
    house: Organisation, stop: Callable[..., bool]
) -> None:
    house.people(person("alice"), person("hans"))
    house.record("user-add", "hans")
    (entry,) = entries.all_entries(house.state)
    stop(house.state, entry, "because")
    looked = reconcile(house).looked
    assert is_left(house)
    assert "of 1 here it is not known" in looked.remarks[0]


def test_who_is_linked_and_buried_holds_nobody_up(house: Organisation) -> None:
    house.record("user-modify", "alice")
    (entry,) = entries.all_entries(house.state)
    entries.bury(house.state, entry, "because")
    reconcile(house)
    assert not is_left(house)


# --- between the look and the suspension ---------------------------------------------------------


def go_on(looked: Looked, started: Callable[[Applying], None] = lambda _: None) -> Progress:
    works = everything(looked)
    return carry_out(looked, works, force=False, report=lambda _: None, started=started)


def test_one_who_comes_while_a_run_goes_on_leaves_strangers_to_the_next(
    house: Organisation,
) -> None:
    looked = look(house.wiring, dry=False)
    house.people(person("alice"), person("hans", email=ELSEWHERE))
    house.record("user-add", "hans")
    (told,) = go_on(looked).outcomes
    assert is_left(house)
    assert told.verdict is Verdict.LATER
    assert told.line.startswith("left to the next reconcile: an event on hans came")


def test_what_waited_already_says_another_thing_by_then(house: Organisation) -> None:
    house.people(person("alice"), person("hans"))
    house.record("user-modify", "hans", {"email": "h@example.org"})
    looked = look(house.wiring, dry=False)
    house.record("user-modify", "hans", {"email": ELSEWHERE})
    go_on(looked)
    assert is_left(house)


def test_an_event_on_one_who_is_linked_holds_nobody_up(house: Organisation) -> None:
    looked = look(house.wiring, dry=False)
    house.record("user-modify", "alice")
    go_on(looked)
    assert not is_left(house)


def test_whose_account_it_is_by_then_is_told_by_the_link_even_without_a_mark(
    house: Organisation,
) -> None:
    looked = look(house.wiring, dry=False)
    house.people(person("alice"), person("hans", email=ELSEWHERE))
    house.fire("user-add", "hans")
    state = house.emulator.state()
    for user in state["users"]:
        user["externalIds"] = []
    house.emulator.restore(state)
    go_on(looked)
    assert is_left(house)


def test_the_bound_holds_for_strangers_in_the_middle_of_a_run(house: Organisation) -> None:
    def others(_: Applying) -> None:
        bounds.reserve(house.state, 99, 1, Verb.SUSPEND, 3, None)

    (told,) = go_on(look(house.wiring, dry=False), others).outcomes
    assert is_left(house)
    assert told.verdict is Verdict.HELD
    assert "4 x suspend within 24 hours is more than the bound of 3" in told.line
    assert bounds.used(house.state, Verb.SUSPEND) == 3
