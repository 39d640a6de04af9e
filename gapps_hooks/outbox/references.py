"""Member references that follow a renamed person or group into the groups that name them.

It must not know what a group is at Google, or when a rename is believed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from gapps_hooks.model import Kind
from gapps_hooks.outbox import memberships
from gapps_hooks.outbox.entry import entries_where, words_of
from gapps_hooks.outbox.merging import Words, to_json
from gapps_hooks.outbox.state import State

#: The payload's keys that list members.
_LISTS: Final = frozenset({"members", "owners", "managers"})
_GROUPS: Final = "WHERE subjects.kind = 'group'"
_KEEP: Final = "UPDATE entries SET words = ? WHERE subject = ?"


def follow(state: State, kind: Kind, old: str, new: str) -> None:
    """Let memberships, and lists that wait to be delivered, name the new name; in a transaction."""
    before, after = kind.called(old), kind.called(new)
    memberships.rename(state, before, after)
    for waiting in entries_where(state, _GROUPS):
        words = words_of(state, waiting.subject)
        renamed = _rename(words, before, after)
        if renamed != words:
            state.execute(_KEEP, (to_json(renamed), waiting.subject))


def _rename(words: Words, old: str, new: str) -> Words:
    keys = {
        key: (sequence, _in_list(value, old, new) if key in _LISTS else value)
        for key, (sequence, value) in words.keys.items()
    }
    return replace(words, keys=keys)


def _in_list(value: Any, old: str, new: str) -> Any:  # noqa: ANN401 - a list, or null
    if not isinstance(value, list | tuple):
        return value
    return [new if one == old else one for one in value]
