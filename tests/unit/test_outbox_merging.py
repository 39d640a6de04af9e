"""What was said about a subject, and how sayings become one."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.model import Event, EventKind, Identity, PasswordHash
from gapps_hooks.outbox.merging import Words, combine, from_json, said, to_json


def event(kind: EventKind, **fields: Any) -> Event:  # noqa: ANN401 - any of the fields
    return Event(id="0" * 32, kind=kind, name="alice", **fields)


def fold(*events: Event) -> Words:
    return reduce(combine, (said(each, n) for n, each in enumerate(events, start=1)), Words())


HASHES = st.builds(PasswordHash, st.just("crypt"), st.sampled_from(["$6$a", "$6$b"]))
PATCHES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["given_name", "aliases", "deleted"]),
    st.sampled_from([None, True, False, [], "x", "y"]),
    max_size=3,
)
EVENTS = st.builds(
    Event,
    id=st.just("0" * 32),
    kind=st.sampled_from(EventKind),
    name=st.just("alice"),
    patch=PATCHES,
    old_name=st.none() | st.just("bob"),
    password=st.none() | HASHES,
    identity=st.none() | st.builds(Identity, st.just("uid"), st.sampled_from(["1", "2"])),
    owner=st.none() | st.builds(Identity, st.just("uid"), st.sampled_from(["1", "2"])),
)
SAYINGS = st.tuples(EVENTS, st.sampled_from(["", "yescrypt"]))
WORDS = st.lists(SAYINGS, max_size=6).flatmap(
    lambda sayings: st.permutations(range(1, 40)).map(
        lambda order: reduce(
            combine,
            (said(e, n, unsent=why) for (e, why), n in zip(sayings, order, strict=False)),
            Words(),
        )
    )
)


def test_keys_merge_one_by_one_and_the_later_word_wins() -> None:
    words = fold(
        event(EventKind.USER_ADD, patch={"given_name": "A", "email": "a@example.org"}),
        event(EventKind.USER_MODIFY, patch={"given_name": "B", "phones": []}),
    )
    assert words.patch == {"given_name": "B", "email": "a@example.org", "phones": []}
    assert words.added
    assert not words.removed


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (event(EventKind.USER_MODIFY, patch={"given_name": "B"}), True),
        (event(EventKind.PASSWORD_SET, password=PasswordHash("crypt", "$6$")), False),
        (event(EventKind.USER_DELETE), False),
    ],
)
def test_that_a_password_cannot_be_sent_is_told_until_one_comes_that_can(
    later: Event,
    told: bool,  # noqa: FBT001 - a case of the table
) -> None:
    before = said(event(EventKind.PASSWORD_SET), 1, unsent="yescrypt")
    assert before.tells_only
    assert (combine(before, said(later, 2)).unsent is not None) is told


def test_a_passwords_owner_is_that_of_the_event_that_told_it() -> None:
    first, second = PasswordHash("crypt", "$6$a"), PasswordHash("crypt", "$6$b")
    ann, bob = Identity("entryUUID", "a"), Identity("entryUUID", "b")
    told = event(EventKind.PASSWORD_SET, password=first, owner=ann)
    looked = event(EventKind.USER_MODIFY, identity=bob)
    assert fold(told, looked).owner == (1, ann)
    assert fold(told, event(EventKind.PASSWORD_SET, password=second, owner=bob)).owner == (2, bob)
    assert fold(told, event(EventKind.PASSWORD_SET, password=second)).owner is None
    assert fold(told, event(EventKind.USER_DELETE)).owner is None


def test_a_deletion_voids_what_was_said_before_it_and_the_queued_password() -> None:
    words = fold(
        event(EventKind.USER_ADD, patch={"given_name": "A"}, password=PasswordHash("crypt", "$6$")),
        event(EventKind.USER_DELETE),
    )
    assert (words.patch, words.password, words.added, words.removed) == ({}, None, False, True)


def test_a_user_add_after_a_deletion_lifts_it_and_brings_only_its_own_words() -> None:
    words = fold(
        event(EventKind.USER_ADD, patch={"given_name": "A", "phones": ["1"]}),
        event(EventKind.USER_DELETE),
        event(EventKind.USER_ADD, patch={"given_name": "B"}),
    )
    assert (words.patch, words.added, words.removed) == ({"given_name": "B"}, True, False)


@pytest.mark.parametrize("kind", [EventKind.USER_MODIFY, EventKind.PASSWORD_SET])
def test_only_an_add_lifts_a_deletion(kind: EventKind) -> None:
    assert fold(event(EventKind.USER_DELETE), event(kind)).removed


def test_a_group_is_gone_when_its_change_says_so_and_back_with_the_next_that_does_not() -> None:
    gone = event(EventKind.GROUP_CHANGE, patch={"deleted": True, "members": []})
    back = event(EventKind.GROUP_CHANGE, patch={"deleted": False, "members": ["alice"]})
    assert (fold(back, gone).removed, fold(back, gone).patch) == (True, {})
    assert (fold(gone, back).removed, fold(gone, back).patch) == (False, {"members": ["alice"]})


@given(first=WORDS, second=WORDS)
def test_combining_does_not_depend_on_the_side(first: Words, second: Words) -> None:
    # Two subjects never share a sequence number, so give the second numbers of its own.
    other = shifted(second)
    assert combine(first, other) == combine(other, first)


@given(first=WORDS, second=WORDS, third=WORDS)
def test_combining_does_not_depend_on_the_grouping(
    first: Words, second: Words, third: Words
) -> None:
    second, third = shifted(second), shifted(shifted(third))
    assert combine(combine(first, second), third) == combine(first, combine(second, third))


@given(words=WORDS)
def test_combining_with_itself_or_with_nothing_changes_nothing(words: Words) -> None:
    assert combine(words, words) == words == combine(words, Words())


@given(events=st.lists(EVENTS, max_size=8), cut=st.integers(0, 8))
def test_two_subjects_that_turn_out_to_be_one_say_what_one_would_have_said(
    events: list[Event], cut: int
) -> None:
    numbered = [said(each, n) for n, each in enumerate(events, start=1)]
    ones = reduce(combine, numbered[::2], Words())
    others = reduce(combine, numbered[1::2], Words())
    assert combine(ones, others) == reduce(combine, numbered, Words())
    assert combine(fold(*events[:cut]), fold(*events)) == fold(*events)


@given(words=WORDS)
def test_words_survive_the_disk_and_their_text_has_no_hash(words: Words) -> None:
    text = to_json(words)
    assert from_json(text, words.password and words.password[1]) == words
    assert "$6$" not in text


def shifted(words: Words) -> Words:
    by = 100

    def moved(word: Any) -> Any:  # noqa: ANN401 - any of the words
        return word and (word[0] + by, word[1])

    return Words(
        keys={key: moved(word) for key, word in words.keys.items()},
        password=moved(words.password),
        old_name=moved(words.old_name),
        identity=moved(words.identity),
        added_by=words.added_by and words.added_by + by,
        present_by=words.present_by and words.present_by + by,
        removed_by=words.removed_by and words.removed_by + by,
    )
