"""What no plan for a person ever does, and that a plan carried out leaves nothing to do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plan_builders import (
    ADMIN,
    DOMAIN,
    INSTANCE,
    NOW,
    SECRET,
    account,
    at,
    delivered,
    google_user,
    link,
    mark,
    password,
    person,
    rules,
)
from plan_world import PureGoogle, deliver

from gapps_hooks.model import (
    UNSET,
    Change,
    GoogleUser,
    Identity,
    Plan,
    Question,
    Verb,
)
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules
from gapps_hooks.plan.user import plan_user

HOUR = 3600.0
ALICE = f"alice@{DOMAIN}"

NAMES = st.sampled_from(["alice", "bob", "admin", "svc"])
IDENTITIES = st.none() | st.builds(
    Identity, st.sampled_from(["uid", "entryUUID"]), st.sampled_from(["1", "2"])
)
ADDRESSES = st.sampled_from([f"{n}@{DOMAIN}" for n in ("alice", "bob", "admin", "svc", "abuse")])
ALIASES = st.sampled_from([(), (f"x@{DOMAIN}",), (f"x@{DOMAIN}", f"bob@{DOMAIN}")])
ACCOUNTS = st.builds(
    account,
    given_name=st.sampled_from(["Alice", "Al", UNSET, None]),
    enabled=st.sampled_from([True, False, UNSET]),
    aliases=ALIASES | st.just(UNSET),
    phones=st.sampled_from([(), ("+1 1",), UNSET]),
    employee_id=st.sampled_from(["E1", None, UNSET]),
    org_unit=st.sampled_from(["/X", None, UNSET]),
    extra=st.sampled_from([{}, {"notes": "n"}]),
)
MARKS = st.sampled_from(["name:alice", "uid:1", "uid:2", "entryUUID:1"]).map(mark)
FOREIGN = st.sampled_from([{"type": "organization", "value": "E9"}, mark("uid:1", "ffff")])
ACTUALS = st.builds(
    google_user,
    NAMES,
    given_name=st.sampled_from(["Alice", "Root"]),
    suspended=st.booleans(),
    suspension_reason=st.sampled_from(["", "ADMIN", "ABUSE"]),
    suspension_time=st.none() | st.sampled_from([at(-10), at(10)]),
    is_admin=st.booleans(),
    is_delegated_admin=st.booleans(),
    aliases=ALIASES,
    external_ids=st.lists(MARKS | FOREIGN, max_size=2, unique_by=str).map(tuple),
    phones=st.sampled_from([(), ({"value": "+1 1"},), ({"value": "+1 9"},)]),
)
LINKS = st.builds(
    link,
    NAMES,
    identity=IDENTITIES,
    delivered=st.builds(
        delivered,
        enabled=st.booleans(),
        address=ADDRESSES,
        aliases=ALIASES,
        former=st.just(()) | st.just((ALICE,)),
    ),
    created=st.booleans(),
    administrator=st.booleans(),
    suspended_by_us=st.booleans(),
    confirmed_at=st.sampled_from([NOW, NOW - 2 * HOUR]),
    administrator_checked_at=st.sampled_from([NOW, NOW - HOUR]),
    ended_at=st.none() | st.just(NOW - 1),
)
PEOPLE = st.builds(
    person,
    NAMES,
    account=st.none() | ACCOUNTS,
    address=ADDRESSES,
    identity=IDENTITIES,
    password=st.none() | st.just(password()),
    creation_password=st.none() | st.just(password()),
    link=st.none() | LINKS,
    added=st.booleans(),
    attempted=st.booleans(),
)
LAWS = st.builds(
    rules,
    administrators=st.sampled_from(["leave", "profile", "all"]),
    existing_accounts=st.sampled_from(["adopt", "adopt-active", "refuse"]),
    protected=st.sampled_from([(), ("svc@*",)]),
)


@st.composite
def looks(draw: st.DrawFn, *, leaving: bool = False, found: bool = False) -> tuple[Person, Rules]:
    """Draw a person as they may come; somebody who goes, or whom Google knows, where it is said."""
    who, law = draw(PEOPLE), draw(LAWS)
    if leaving:
        who = replace(who, account=draw(st.none() | st.just(account(enabled=False))))
    if not found and draw(st.booleans()):
        return replace(who, taken=who.link is None and draw(st.booleans())), law
    actual = draw(ACTUALS if found else st.none() | ACTUALS)
    holder = draw(st.none() | LINKS) if who.link is None and actual is not None else None
    if actual is not None and who.link is not None:
        actual = replace(actual, id=who.link.google_id)
    taken = who.link is None and draw(st.booleans())
    return replace(who, asked=True, actual=actual, holder=holder, taken=taken), law


def changes(look: tuple[Person, Rules], *verbs: Verb) -> tuple[Change, ...]:
    """Plan, and pick the changes that do one of these."""
    plan = plan_user(*look, NOW)
    if not isinstance(plan, Plan):
        return ()
    return tuple(one for one in plan.changes if not verbs or set(verbs) & set(one.verbs))


def is_administrator(user: GoogleUser) -> bool:
    return user.administrator or user.primary_email == ADMIN


@settings(max_examples=500)
@given(looks(leaving=True, found=True))
def test_no_plan_suspends_an_administrator_the_calling_account_or_a_protected_one(
    look: tuple[Person, Rules],
) -> None:
    who, law = look
    assert who.actual is not None
    if is_administrator(who.actual) or law.is_protected(who.actual.primary_email):
        assert changes(look, Verb.SUSPEND) == ()


@settings(max_examples=500)
@given(looks(found=True))
def test_no_plan_touches_an_administrator_or_protected_account_that_is_left_alone(
    look: tuple[Person, Rules],
) -> None:
    who, law = look
    assert who.actual is not None
    protected = law.is_protected(who.actual.primary_email)
    if protected or (is_administrator(who.actual) and law.administrators == "leave"):
        touching = [one for one in changes(look) if one.google_id == who.actual.id]
        assert all(one.verbs == (Verb.ADOPT,) for one in touching)
        assert not any(one.body or one.password for one in touching)


@given(looks())
def test_suspension_never_comes_without_a_look_at_the_account(look: tuple[Person, Rules]) -> None:
    if look[0].actual is None:
        assert changes(look, Verb.SUSPEND) == ()


@given(looks(leaving=True, found=True))
def test_an_unmanaged_account_is_never_suspended(look: tuple[Person, Rules]) -> None:
    who, _ = look
    assert who.actual is not None
    values = [str(one["value"]) for one in who.actual.external_ids]
    marked = any(value.startswith(f"{INSTANCE}:") for value in values)
    ours = marked and who.attempted and who.actual.primary_email == who.address
    managed = ours if who.link is None else who.link.ended_at is None
    if not managed:
        assert changes(look) == ()


@given(looks())
def test_nobody_is_suspended_who_may_be_wanted(look: tuple[Person, Rules]) -> None:
    if look[0].wanted:
        assert changes(look, Verb.SUSPEND) == ()


@given(looks(found=True))
def test_nobody_is_restored_who_is_not_known_to_be_enabled(look: tuple[Person, Rules]) -> None:
    said = look[0].account
    if said is None or said.enabled is not True:
        assert changes(look, Verb.RESTORE, Verb.CREATE, Verb.ADOPT) == ()


@given(looks(found=True))
def test_a_suspension_that_google_imposed_is_never_lifted(look: tuple[Person, Rules]) -> None:
    actual = look[0].actual
    assert actual is not None
    if actual.suspended and actual.suspension_reason == "ABUSE":
        assert changes(look, Verb.RESTORE) == ()


@given(looks())
def test_only_the_linked_account_or_the_one_at_exactly_the_address_is_changed(
    look: tuple[Person, Rules],
) -> None:
    who, _ = look
    for change in changes(look):
        if who.link is not None:
            assert change.google_id == who.link.google_id
        elif change.google_id and change.verbs != (Verb.REMOVE_ALIAS,):
            assert who.actual is not None
            assert who.actual.primary_email == who.address


@given(looks(found=True))
def test_external_ids_and_phones_of_others_survive_every_plan(look: tuple[Person, Rules]) -> None:
    actual = look[0].actual
    assert actual is not None
    for change in changes(look):
        if change.google_id == actual.id:
            ids = change.body.get("externalIds", actual.external_ids)
            foreign = (one for one in actual.external_ids if INSTANCE not in one["value"])
            assert all(one in ids for one in foreign)
            assert {"value": "+1 9"} in change.body.get("phones", [{"value": "+1 9"}]) or (
                {"value": "+1 9"} not in actual.phones
            )


@given(looks())
def test_one_answer_is_enough_to_decide(look: tuple[Person, Rules]) -> None:
    who, law = look
    step = plan_user(who, law, NOW)
    if isinstance(step, Question):
        assert not who.asked
        assert step.key == (who.address if who.link is None else who.link.google_id)
        assert isinstance(plan_user(replace(who, asked=True), law, NOW), Plan)


@given(looks())
def test_a_refusal_changes_nothing(look: tuple[Person, Rules]) -> None:
    plan = plan_user(*look, NOW)
    if isinstance(plan, Plan) and plan.refusals:
        assert plan.changes == ()


@given(looks())
def test_no_password_can_be_read_in_a_plan(look: tuple[Person, Rules]) -> None:
    plan = plan_user(*look, NOW)
    assert SECRET not in repr(plan) + str(plan)
    assert SECRET not in repr(look)


# --- convergence ---------------------------------------------------------------------------------


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Person, Rules, PureGoogle]:
    """Draw a person nobody has asked about yet, and a Google without a conflict of addresses."""
    who, law = draw(PEOPLE), draw(LAWS)
    users = draw(st.lists(ACTUALS, max_size=2, unique_by=lambda one: one.id))
    if who.link is not None:
        (mine, *_) = [one for one in users if one.id == who.link.google_id] or [draw(ACTUALS)]
        users = [replace(mine, id=who.link.google_id)]
    held = [name for one in users for name in (one.primary_email, *one.aliases)]
    assume(len(held) == len(set(held)))
    others = {
        name for one in users if who.link is None for name in (one.primary_email, *one.aliases)
    }
    said = who.account.aliases if who.account is not None else ()
    wanted = set(said) if isinstance(said, tuple) else set()
    assume(who.address in others or not others & wanted)
    return who, law, PureGoogle.holding(*users)


@settings(max_examples=300)
@given(scenes())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    scene: tuple[Person, Rules, PureGoogle],
) -> None:
    who, law, google = scene
    first = deliver(google, who, law)
    if first.plan.refusals:
        return
    after = replace(who, link=first.link, added=False, attempted=False)
    again = deliver(google, after, law)
    assert again.plan.changes == ()
    if who.wanted and first.link is not None and first.link.ended_at is None:
        # A protected account stays behind what is wanted: that may cost a look each time.
        assert again.requests == () or law.is_protected(first.link.address)


@settings(max_examples=300)
@given(scenes())
def test_a_comparison_with_google_leaves_nothing_to_do_in_the_next(
    scene: tuple[Person, Rules, PureGoogle],
) -> None:
    who, law, google = scene
    who = replace(who, added=False, attempted=False)
    for turn in range(4):  # the first may trust its memory, the second look
        known = replace(who.link, confirmed_at=0.0) if who.link is not None else None
        delivery = deliver(google, replace(who, link=known), law)
        who = replace(who, link=delivery.link)
        if turn > 1:
            assert delivery.plan.changes == ()


@given(scenes())
def test_a_person_who_comes_and_goes_is_suspended_and_comes_back_to_the_same_account(
    scene: tuple[Person, Rules, PureGoogle],
) -> None:
    who, law, google = scene
    who = replace(who, account=account(aliases=()), link=None, added=True, attempted=False)
    came = deliver(google, who, law)
    if came.link is None or law.is_protected(who.address):
        return
    mine = google.users[came.link.google_id]
    if is_administrator(mine):
        return
    gone = deliver(google, replace(who, account=None, password=None, link=came.link), law)
    assert google.users[mine.id].suspended
    back = deliver(google, replace(who, link=gone.link), law)
    assert back.link is not None
    assert back.link.google_id == mine.id
    assert not google.users[mine.id].suspended
