"""A plan on disk: what was reviewed, so that exactly that is carried out later.

It must not know how plans are made; it holds no password and no hash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.plan.whole import Piece, fingerprint, whole_digest
from gapps_hooks.report import plan_as_json

VERSION: Final = 1
_LONGEST: Final = 512 * 1024 * 1024
#: What a subject is told of for which nothing is left to do; it is no refusal.
NOTHING_LEFT: Final = "nothing is left to do here"
#: How the sentence begins of a subject that is left, because it is not so any more.
NOT_AS_REVIEWED: Final = "not as it was reviewed: "
_REMEDY: Final = "review anew: gapps-hooks reconcile --dry-run --save FILE"


def not_as_reviewed(why: str) -> str:
    """Say that a subject is left, why, and what to do."""
    return f"{NOT_AS_REVIEWED}{why}; {_REMEDY}"


class PlanUnusable(GappsHooksError):
    """The file is no plan of this installation, or not as it was saved; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A reviewed plan: for each subject the fingerprint of its piece, and that of its parts."""

    pieces: Mapping[str, Mapping[str, Any]]
    #: Whether it was planned to send every stored password.
    passwords: bool

    def why_not(
        self, key: str, piece: Piece | None, digest: Callable[[Any], str], *, waits: bool
    ) -> str | None:
        """Say what has changed of a subject since; None if all is as it was reviewed.

        ``waits`` tells that it is left to delivery; then its piece says nothing of what differs.
        """
        reviewed = self.pieces[key]
        if piece is None or not (piece.plan.changes or piece.plan.refusals or waits):
            return NOTHING_LEFT
        if any(getattr(piece, one) != reviewed[one] for one in ("generation", "subject")):
            return "it was changed, or an event came, since the plan was saved"
        if piece.desired != reviewed["desired"]:
            return "the account manager has something else now"
        if piece.actual != reviewed["actual"]:
            return "Google has something else now"
        if fingerprint(piece, digest) != reviewed["fingerprint"]:
            return "something else would be done now"
        return None


def save(
    path: Path, pieces: Iterable[Piece], digest: Callable[[Any], str], *, passwords: bool
) -> None:
    """Write a plan for its owner alone, in the place of whatever file was there.

    Raises:
        OSError: it could not be written; what was there stays.
    """
    kept = [piece for piece in pieces if piece.plan.changes]
    content = {
        "version": VERSION,
        "passwords": passwords,
        "whole": whole_digest(kept, digest),
        "pieces": [_as_json(piece, digest) for piece in kept],
    }
    text = json.dumps({**content, "digest": digest(content)}, indent=1, ensure_ascii=False)
    with _beside(path) as (temporary, descriptor):
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def demand_place(path: Path) -> None:
    """See that a plan can be written there, before much is asked for it; raises OSError."""
    with _beside(path) as (_, descriptor):
        os.close(descriptor)


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, int]]:
    """Open a private file in the same folder; what is left of it in the end is removed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:  # people know the name that they gave
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield temporary, descriptor
    finally:
        temporary.unlink(missing_ok=True)


def _as_json(piece: Piece, digest: Callable[[Any], str]) -> dict[str, Any]:
    return {
        "key": piece.key,
        "subject": piece.subject,
        "generation": piece.generation,
        "actual": piece.actual,
        "desired": piece.desired,
        "fingerprint": fingerprint(piece, digest),
        "plan": plan_as_json(piece.plan, piece.key),
    }


def load(path: Path, digest: Callable[[Any], str]) -> Saved:
    """Read a plan that this installation saved.

    Raises:
        PlanUnusable: it is no such plan, or was changed since.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        raw = file.read(_LONGEST + 1)
    try:
        content = json.loads(raw)
        signed = content.pop("digest")
        known = content["version"] == VERSION
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        raise PlanUnusable(f"{path} is no saved plan; {_REMEDY}") from None
    if signed != digest(content):
        raise PlanUnusable(
            f"{path} is not as it was saved, or was saved by another installation; {_REMEDY}"
        )
    if not known:
        raise PlanUnusable(f"{path} was saved by another version of gapps-hooks; {_REMEDY}")
    pieces = {one["key"]: one for one in content["pieces"]}
    return Saved(pieces=pieces, passwords=content["passwords"])
