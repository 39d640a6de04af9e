"""Which subject an event is about, where names change hands.

It must not know what the event says beyond names and identities.
"""

from __future__ import annotations

from dataclasses import dataclass

from gapps_hooks.model import Event, EventKind, Identity
from gapps_hooks.outbox import links, memberships, references, subjects
from gapps_hooks.outbox.entry import words_of
from gapps_hooks.outbox.merging import is_removal
from gapps_hooks.outbox.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The subject that an event is about."""

    subject: int
    #: Why its entry has to be buried, as a sentence; "" if it has not.
    problem: str = ""
    #: The groups that name somebody of the name that it got just now.
    named_in: tuple[int, ...] = ()


def subject_meant(state: State, event: Event) -> Meant:
    """Find or make the subject of an event, re-pointing names; inside a transaction."""
    if event.old_name is not None and event.old_name != event.name:
        before = subjects.of_name(state, event.subject_kind, event.old_name)
        if before is not None:
            return _renamed(state, event, before)
    subject = _by_name(state, event)
    _learn(state, subject, event.identity)
    return Meant(subject=subject)


def _renamed(state: State, event: Event, subject: int) -> Meant:
    try:
        with state.attempt():
            subjects.rename(state, subject, event.name)
    except subjects.NameTaken as error:
        return Meant(
            subject=subject, problem=f"{event.old_name} cannot become {event.name}: {error}"
        )
    if words_of(state, subject).added:
        links.rename_ended(state, subject, event.name)
    if event.old_name is not None:
        references.follow(state, event.subject_kind, event.old_name, event.name)
    _learn(state, subject, event.identity)
    # They may have waited for it, or have taken a newcomer of the old name for this one.
    named_in = memberships.groups_with(state, event.subject_kind.called(event.name))
    return Meant(subject=subject, named_in=named_in)


def _by_name(state: State, event: Event) -> int:
    kind, name, identity = event.subject_kind, event.name, event.identity
    present = subjects.of_name(state, kind, name)
    if present is None:
        return subjects.create(state, kind, name)
    if identity is None or not _known_otherwise(state, present, identity):
        return present
    former = subjects.of_former_name(state, kind, name, identity)
    if is_removal(event):
        # A late word on the one who had the name before must not hit the one who has it now.
        return present if former is None else former
    begins = event.kind in {EventKind.USER_ADD, EventKind.GROUP_CHANGE}
    if not (begins and _is_gone(state, present)):
        return present
    if former is None:
        return subjects.create(state, kind, name)
    subjects.take_name(state, former, name)
    return former


def _known_otherwise(state: State, subject: int, identity: Identity) -> bool:
    """Whether the subject is known by another identity of the same kind."""
    word = words_of(state, subject).identity
    if word is not None and word[1].kind == identity.kind:
        return word[1] != identity
    link = links.of(state, subject)
    if link is not None and link.identity is not None and link.identity.kind == identity.kind:
        return link.identity != identity
    known = {each.kind: each for each in subjects.identities(state, subject)}
    return known.get(identity.kind, identity) != identity


def _is_gone(state: State, subject: int) -> bool:
    link = links.of(state, subject)
    ended = link is not None and link.ended_at is not None
    return ended or words_of(state, subject).removed


def _learn(state: State, subject: int, identity: Identity | None) -> None:
    """Believe the identity of one who is not linked yet; a linked one's is judged at delivery."""
    if identity is not None and links.of(state, subject) is None:
        subjects.note(state, subject, identity)
