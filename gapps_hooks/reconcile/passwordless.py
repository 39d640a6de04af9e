"""Whose password was asked for and is nowhere stored, told in one sentence, not one for each.

It must not know how a stored password is found, nor what else is planned for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from gapps_hooks.deliver.stored import NONE_STORED
from gapps_hooks.plan.whole import Piece


def without_passwordless(pieces: Iterable[Piece]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Take out those of whom nothing else is to be said; return the others, and the sentence."""
    shown: list[Piece] = []
    names: list[str] = []
    for piece in pieces:
        plan = piece.plan
        if plan.notes == (NONE_STORED,) and not (plan.changes or plan.refusals):
            names.append(piece.name)
        else:
            shown.append(piece)
    if not names:
        return tuple(shown), ()
    some = f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}"  # noqa: PLR2004 - examples
    return tuple(shown), (f"{NONE_STORED}: of {len(names)} ({some}), who keep the one they have",)
