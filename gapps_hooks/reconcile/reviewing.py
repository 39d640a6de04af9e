"""Whether a change is part of what people have reviewed.

It must not know where a reviewed plan is kept, nor why another change is needed.
"""

from __future__ import annotations

from collections.abc import Iterable

from gapps_hooks.model import Change
from gapps_hooks.reconcile.saving import not_as_reviewed


def why_not_reviewed(planned: Iterable[Change], change: Change) -> str | None:
    """Say that a change is no part of what was planned when people reviewed it; None if it is."""
    if any(_covers(one, change) for one in planned):
        return None
    verb = change.verbs[0].replace("-", " ")
    return not_as_reviewed(f"Google has something else now, and {verb} would be needed")


def _covers(planned: Change, change: Change) -> bool:
    # Whose id was not known yet is meant by the address.
    told = {key: value for key, value in change.body.items() if key != "id"}
    same = all(planned.body.get(key) == value for key, value in told.items())
    return same and set(change.verbs) <= set(planned.verbs)
