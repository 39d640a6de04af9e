"""Whose a password is that waits: it follows its owner's lasting id, and never a name.

It must not know sources: who has a name now is told by whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from gapps_hooks.model import Identity, Kind
from gapps_hooks.outbox import entry, history
from gapps_hooks.outbox.merging import Words, combine
from gapps_hooks.outbox.state import State

_LINKED_AS: Final = """
SELECT subject FROM links JOIN subjects USING (subject)
WHERE kind = 'user' AND identity = ? AND ended_at IS NULL AND merged_into IS NULL
"""
_LINK: Final = "SELECT identity FROM links WHERE subject = ? AND identity IS NOT NULL"
_IDENTITIES: Final = "SELECT kind, value FROM identities WHERE subject = ?"
_NAME: Final = "SELECT name FROM subjects WHERE subject = ?"
_ADVANCE: Final = "UPDATE subjects SET generation = generation + 1 WHERE subject = ?"


def is_anothers(owner: Identity | None, known: Iterable[Identity | None]) -> bool:
    """Whether a password's owner is told from the person by an id of the same kind.

    A number that a system reuses tells two persons apart as well, though it proves nobody.
    """
    if owner is None:
        return False
    same_kind = (each for each in known if each is not None and each.kind == owner.kind)
    return next(same_kind, owner) != owner


def known_as(state: State, subject: int) -> tuple[Identity, ...]:
    """By what the subject is known; what it is linked by comes first and decides."""
    linked = tuple(Identity.parse(row[0]) for row in state.rows(_LINK, (subject,)))
    return (*linked, *(Identity(row[0], row[1]) for row in state.rows(_IDENTITIES, (subject,))))


def linked_as(state: State, owner: Identity) -> int | None:
    """The one person whose account lives and is linked by this lasting id."""
    found = state.rows(_LINKED_AS, (str(owner),)) if owner.lasting else []
    return int(found[0]["subject"]) if len(found) == 1 else None


def part(words: Words, known: Iterable[Identity]) -> tuple[Words, Words]:
    """Divide what was said of a person from a password that is another's."""
    if words.owner is None or not is_anothers(words.owner[1], known):
        return words, Words()
    rest = replace(words, password=None, owner=None)
    return rest, Words(password=words.password, owner=words.owner)


def take_away(state: State, waiting: entry.Entry, home: int | None) -> str:
    """Take another's password out of an entry and pass it on; return what became of it.

    Nothing is changed where a newer event has come meanwhile: then the entry is looked at again.
    """
    with state.transaction():
        words = entry.words_of(state, waiting.subject)
        if words.owner is None or words.owner[1] != waiting.owner:
            return ""
        entry.keep_words(state, waiting.subject, replace(words, password=None, owner=None))
        gift = Words(password=words.password, owner=words.owner)
        return pass_on(state, gift, home, subject=waiting.subject, name=waiting.name)


def pass_on(state: State, gift: Words, home: int | None, *, subject: int, name: str) -> str:
    """Say a password to its owner, or drop it, and write that into the history of who had it.

    Inside a transaction; ``gift`` holds a password and its owner, or nothing.
    """
    if gift.password is None:
        return ""
    taken = home is not None and _received(state, gift, home)
    line = f"a password that was told under the name {name}, which its owner has no more, was "
    line += _fate(state, home, taken=taken)
    history.write(
        state,
        subject=subject,
        kind=Kind.USER,
        name=name,
        what="password",
        verdict="done" if taken else "dropped",
        line=line,
    )
    return line


def _received(state: State, gift: Words, home: int) -> bool:
    together = combine(entry.words_of(state, home), gift)
    if gift.password is None or together.password != gift.password:
        return False
    entry.save(state, home, together, sequence=gift.password[0], due_at=state.clock())
    state.execute(_ADVANCE, (home,))
    return True


def _fate(state: State, home: int | None, *, taken: bool) -> str:
    found = state.row(_NAME, (home,)) if home is not None else None
    if found is None:
        return "dropped: it is not certain whose account it belongs to; set it again"
    name = found["name"]
    if taken:
        return f"passed on to {name}"
    return f"dropped: {name} was told a newer one since, or left"
