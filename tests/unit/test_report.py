"""Plans and outcomes read well, tell what Google answered, and show no secret."""

import json
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.model import (
    Change,
    Kind,
    Link,
    Outcome,
    PasswordHash,
    Plan,
    Refusal,
    Verb,
    Verdict,
)
from gapps_hooks.report import (
    change_line,
    clock_time,
    duration,
    entries_table,
    exit_status,
    facts,
    links_table,
    outcome_as_json,
    outcome_line,
    plan_as_json,
    printable,
    render_plan,
    render_plans,
    summary,
    table,
)

SECRET = PasswordHash("crypt", "$6$salt$secret")
BOB = "bob@example.org"
STAFF = "staff@example.org"


def change(*verbs: Verb, address: str = BOB, **fields: object) -> Change:
    body = fields.pop("body", {})
    before = fields.pop("before", {})
    password = fields.pop("password", None)
    assert not fields
    assert isinstance(body, dict)
    assert isinstance(before, dict)
    assert password is None or isinstance(password, PasswordHash)
    return Change(
        verbs=verbs,
        google_id="1",
        address=address,
        body=body,
        before=before,
        password=password,
        delivers={"password": "digest"},
    )


def outcome(verdict: Verdict, line: str = "suspended", **more: float) -> Outcome:
    return Outcome(
        verdict=verdict, kind=Kind.USER, name="bob", line=line, retry_in=more.get("retry_in")
    )


def add(number: int) -> Change:
    body = {"email": f"user{number}@example.org", "role": "MEMBER"}
    return change(Verb.ADD_MEMBER, address=STAFF, body=body)


RENAMED = change(
    Verb.RENAME,
    Verb.UPDATE,
    Verb.PASSWORD,
    body={"primaryEmail": "robert@example.org", "name": {"givenName": "Robert"}},
    before={"primaryEmail": BOB, "name": {"givenName": "Bob"}},
    password=SECRET,
)


# --- what was done -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (change(Verb.CREATE), f"created {BOB}"),
        (change(Verb.CREATE, Verb.PASSWORD, password=SECRET), f"created {BOB}, password set"),
        (change(Verb.SUSPEND), "suspended"),
        (change(Verb.RESTORE), "restored"),
        (change(Verb.ADOPT), f"adopted {BOB}"),
        (change(Verb.UPDATE), "updated"),
        (
            change(Verb.UPDATE, body={"orgUnitPath": "/x", "name": {}, "suspended": False}),
            "updated name, org unit",
        ),
        (RENAMED, f"renamed {BOB} → robert@example.org, updated name, password set"),
        (change(Verb.ADD_ALIAS, body={"alias": "b@x.org"}), "added alias b@x.org"),
        (change(Verb.REMOVE_ALIAS, body={"alias": "b@x.org"}), "removed alias b@x.org"),
        (change(Verb.CREATE_GROUP, address=STAFF), f"created group {STAFF}"),
        (
            change(Verb.RENAME_GROUP, address=STAFF, body={"email": "team@example.org"}),
            f"renamed {STAFF} → team@example.org",
        ),
        (change(Verb.DELETE_GROUP, address=STAFF), f"deleted group {STAFF}"),
        (
            change(Verb.SET_GROUP_SETTINGS, address=STAFF),
            f"set who may post to and join {STAFF}",
        ),
        (add(1), f"added user1@example.org to {STAFF}"),
        (
            change(Verb.ADD_MEMBER, address=STAFF, body={"email": BOB, "role": "OWNER"}),
            f"added {BOB} to {STAFF} as owner",
        ),
        (
            change(Verb.CHANGE_ROLE, address=STAFF, body={"email": BOB, "role": "MANAGER"}),
            f"made {BOB} manager of {STAFF}",
        ),
        (
            change(Verb.REMOVE_MEMBER, address=STAFF, body={"email": BOB}),
            f"removed {BOB} from {STAFF}",
        ),
    ],
)
def test_a_change_is_told_in_words(done: Change, said: str) -> None:
    assert change_line(done) == said


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_its_words(verb: Verb) -> None:
    assert change_line(change(verb))


def test_a_summary_tells_changes_then_notes() -> None:
    done = (change(Verb.CREATE), add(1))
    assert summary(done, ("carol: not enabled",)) == (
        f"created {BOB}; added user1@example.org to {STAFF}; carol: not enabled"
    )


def test_a_summary_counts_many_members_instead_of_naming_them() -> None:
    assert summary([add(number) for number in range(57)]) == f"added 57 members to {STAFF}"
    assert summary([add(1), add(2), add(3)]).count("added user") == 3


def test_a_summary_of_nothing_says_when_google_last_confirmed_it() -> None:
    assert summary(()) == "nothing to send"
    assert summary((), ("already suspended",)) == "nothing to send; already suspended"
    shown = summary((), (), 1_000_000_000.0)
    assert shown == f"nothing to send (last confirmed {clock_time(1_000_000_000.0)})"


# --- outcomes ------------------------------------------------------------------------------------


def test_an_outcome_is_one_line_with_the_name_first() -> None:
    assert outcome_line(outcome(Verdict.DONE)) == "bob: suspended"
    assert outcome_line(outcome(Verdict.BURIED, "no")) == "bob: buried: no"
    assert outcome_line(outcome(Verdict.HELD, "too many")) == "bob: held: too many"
    waiting = outcome(Verdict.LATER, "waiting: no network", retry_in=90.0)
    assert outcome_line(waiting) == "bob: waiting: no network; next try in 1 min"
    ended = replace(waiting, line="waiting: no network.")
    assert outcome_line(ended) == outcome_line(waiting)


@given(st.text(), st.sampled_from(Verdict))
def test_an_outcome_is_one_printable_line_whatever_is_in_it(text: str, verdict: Verdict) -> None:
    line = outcome_line(outcome(verdict, text))
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_an_outcome_as_json_holds_what_was_done() -> None:
    done = Outcome(
        verdict=Verdict.DONE, kind=Kind.USER, name="bob", line="x", done=(RENAMED,), notes=("n",)
    )
    shown = json.loads(json.dumps(outcome_as_json(done)))
    assert shown["verdict"] == "done"
    assert shown["kind"] == "user"
    assert shown["notes"] == ["n"]
    assert shown["done"][0]["verbs"] == ["rename", "update", "password"]
    assert shown["done"][0]["password"] == "crypt"


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.DONE, 0),
        (Verdict.NOTHING, 0),
        (Verdict.LATER, 75),
        (Verdict.HELD, 4),
        (Verdict.BURIED, 1),
    ],
)
def test_each_verdict_has_its_exit_status(verdict: Verdict, status: int) -> None:
    assert exit_status([outcome(verdict)]) == status


def test_the_worst_verdict_is_the_exit_status_in_any_order() -> None:
    ranked = (Verdict.DONE, Verdict.LATER, Verdict.HELD, Verdict.BURIED)
    expected = {1: 0, 2: 75, 3: 4, 4: 1}
    for length, status in expected.items():
        for order in permutations(ranked[:length]):
            assert exit_status(map(outcome, order)) == status
    assert exit_status([]) == 0


# --- plans ---------------------------------------------------------------------------------------


def test_a_plan_shows_only_what_changes_with_the_old_value_first() -> None:
    plan = Plan(
        changes=(RENAMED,), refusals=(Refusal("Free the address."),), notes=("taken up by name",)
    )
    assert render_plan(plan, "bob") == "\n".join(
        (
            "+ add   ~ change   - suspend or remove   ! refused   * note",
            "",
            "bob",
            f"  ~ rename, update, set password {BOB}",
            f"      address: {BOB} -> robert@example.org",
            "      given name: Bob -> Robert",
            "      password (crypt)",
            "  ! Free the address.",
            "  * taken up by name",
            "",
            "Plan: 1 to update, 1 to rename, 1 to set password. 1 refused.",
        )
    )


def test_a_creation_shows_its_fields_and_a_suspension_its_sign() -> None:
    created = change(
        Verb.CREATE,
        body={
            "primaryEmail": BOB,
            "phones": [{"type": "work", "value": "+1"}, {"value": "+2"}],
            "languages": ["de"],
            "recoveryEmail": None,
        },
    )
    suspended = change(Verb.SUSPEND, body={"suspended": True}, before={"suspended": False})
    page = render_plans([("bob", Plan(changes=(created,))), ("eve", Plan(changes=(suspended,)))])
    assert f"bob\n  + create {BOB}\n      address: {BOB}\n      phones: [+1, +2]\n" in page
    assert "      languages: [de]\n      recoveryEmail: (none)\n" in page
    assert f"eve\n  - suspend {BOB}\n      suspended: False -> True\n" in page
    assert page.endswith("Plan: 1 to create, 1 to suspend.")


def test_our_mark_is_shown_as_what_it_is() -> None:
    theirs = {"type": "custom", "customType": "badge", "value": "42"}
    ours = {"type": "custom", "customType": "gapps-hooks", "value": "ab12:uid:1001"}
    marked = Change(
        verbs=(Verb.UPDATE,),
        google_id="1",
        address="a@example.org",
        body={"externalIds": [theirs, ours]},
        before={"externalIds": [theirs]},
    )
    page = render_plan(Plan(changes=(marked,)), "alice")
    assert "ids: [42] -> [42, ab12:uid:1001 (our mark: managed from here)]" in page


def test_members_and_aliases_take_one_line_each() -> None:
    role = change(
        Verb.CHANGE_ROLE,
        address=STAFF,
        body={"id": "7", "email": BOB, "role": "OWNER"},
        before={"role": "MEMBER"},
    )
    plan = Plan(
        changes=(
            add(1),
            change(Verb.REMOVE_MEMBER, address=STAFF, body={"id": "9", "email": BOB}),
            role,
            change(Verb.ADD_ALIAS, body={"alias": "b@example.org"}),
        )
    )
    block = render_plan(plan, "staff").split("\n\n")[1]
    assert block.splitlines() == [
        "staff",
        f"  + add member {STAFF}: user1@example.org as member",
        f"  - remove member {STAFF}: bob@example.org",
        f"  ~ change role {STAFF}: bob@example.org",
        "      role: MEMBER -> OWNER",
        f"  + add alias {BOB}: b@example.org",
    ]


def test_plans_show_the_legend_once_and_no_block_for_who_has_nothing() -> None:
    plans = [("a", Plan(changes=(change(Verb.SUSPEND),))), ("b", Plan()), ("c", Plan(notes=("n",)))]
    page = render_plans(plans)
    assert page.count("+ add") == 1
    assert "\nb\n" not in page
    assert "c\n  * n" in page


def test_an_empty_plan_says_that_there_is_nothing_to_do() -> None:
    assert render_plans([("a", Plan())]) == "Nothing to do."


def test_a_plan_as_json_holds_changes_refusals_and_notes() -> None:
    plan = Plan(changes=(RENAMED,), refusals=(Refusal("no"),), notes=("n",))
    shown = json.loads(json.dumps(plan_as_json(plan, "bob")))
    assert shown["name"] == "bob"
    assert shown["refusals"] == ["no"]
    assert shown["notes"] == ["n"]
    assert shown["changes"][0]["before"]["primaryEmail"] == BOB


@pytest.mark.parametrize("verb", Verb)
def test_no_secret_is_in_anything_that_is_shown(verb: Verb) -> None:
    body = {"alias": "a", "email": "e", "role": "OWNER"}
    secret = change(verb, body=body, password=SECRET)
    told = Outcome(verdict=Verdict.DONE, kind=Kind.USER, name="b", line="x", done=(secret,))
    plan = Plan(changes=(secret,))
    shown = (
        change_line(secret),
        summary([secret]),
        outcome_line(told),
        json.dumps(outcome_as_json(told)),
        render_plan(plan, "b"),
        json.dumps(plan_as_json(plan, "b")),
    )
    assert "secret" not in "".join(shown)
    assert "password (crypt)" in shown[4]


# --- times, values, tables -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11100, "3 h 5 min"),
        (86400, "1 d"),
        (200000, "2 d"),
    ],
)
def test_a_duration_is_told_in_the_units_that_matter(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_time_of_another_day_has_its_date() -> None:
    noon = 1_700_000_000.0
    assert clock_time(noon, zone=UTC) == "22:13"
    assert clock_time(noon, now=noon + 60, zone=UTC) == "22:13"
    assert clock_time(noon, now=noon + 86400, zone=UTC) == "2023-11-14 22:13"


@given(st.text())
def test_a_value_can_never_steer_the_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_an_escape_sequence_is_made_visible() -> None:
    assert printable("\x1b[31mred\n") == "\\x1b[31mred\\n"


def test_a_table_is_aligned_under_its_headings() -> None:
    assert table(("name", "age"), [("bob", 1), ("caroline", 22)]) == (
        "NAME      AGE\nbob       1\ncaroline  22"
    )
    assert table(("name",), []) == "(none)"


def test_facts_stand_below_each_other() -> None:
    assert facts([("agent", "running"), ("waiting", 3)]) == "agent:    running\nwaiting:  3"
    assert facts([]) == ""


@dataclass
class SomeEntry:
    kind: Kind
    name: str
    status: str
    recorded_at: float
    due_at: float
    reason: str


def test_the_outbox_is_shown_with_ages_and_next_tries() -> None:
    entries = [
        SomeEntry(Kind.USER, "bob", "waiting", 0.0, 90.0, "no network"),
        SomeEntry(Kind.USER, "eve", "waiting", 0.0, 10.0, ""),
        SomeEntry(Kind.GROUP, "staff", "buried", 0.0, 10.0, "refused"),
    ]
    assert entries_table(entries, now=30.0).splitlines() == [
        "NAME   KIND   STATUS   AGE   NEXT TRY  REASON",
        "bob    user   waiting  30 s  in 1 min  no network",
        "eve    user   waiting  30 s  due",
        "staff  group  buried   30 s  -         refused",
    ]


def test_links_are_shown_with_their_state() -> None:
    links = [
        Link(subject=1, google_id="11", address=BOB, name="bob", created=True),
        Link(
            subject=2,
            google_id="22",
            address="e@x.org",
            name="eve",
            ended_at=1.0,
            suspended_by_us=True,
        ),
    ]
    assert links_table([(link.name, link) for link in links], now=0.0).splitlines() == [
        "NAME  ADDRESS          GOOGLE ID  MADE     STATE                   CONFIRMED",
        "bob   bob@example.org  11         ours     active                  never",
        "eve   e@x.org          22         adopted  ended, suspended by us  never",
    ]
