"""What a list of Google's that seems whole must hold: somebody, and whatever is linked.

It must not know what is planned for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import GoogleFault, NotFound, Outage
from gapps_hooks.model import GoogleGroup, GoogleUser
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.wiring import Wiring

#: So many linked accounts that a list lacks and that are there, or of which Google does not say,
#: discredit it: no more of them are asked for.
_ENOUGH: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One of Google's lists, held against the links."""

    what: str
    linked: Iterable[Outline]
    listed: Mapping[str, GoogleUser | GoogleGroup]
    ask: Callable[[str], GoogleUser | GoogleGroup]
    #: Ids whose absence is explained.
    explained: Callable[[], Container[str]]


def doubt(snapshot: Snapshot, wiring: Wiring) -> None:
    """Note why the lists are not whole, and which linked subjects are only missing from them.

    Raises:
        Outage: Google cannot be asked anything.
    """
    google, memory = snapshot.google, snapshot.memory
    said = [google.users_why, google.groups_why]
    if not google.users and not google.users_why:
        said.append("Google listed no user at all, not even the administrator")
    if not google.groups and any(one.live for one in memory.groups) and not google.groups_why:
        said.append("Google listed no group at all, though some are linked")
    snapshot.incomplete.extend(filter(None, said))
    directory = wiring.directory
    if not google.users_why:
        users = _List(
            what="accounts",
            linked=memory.users,
            listed=google.users,
            ask=directory.get_user,
            explained=snapshot.bin,
        )
        snapshot.incomplete.extend(_find_missing(users, snapshot.unseen))
    if not google.groups_why:
        groups = _List(
            what="groups",
            linked=memory.groups,
            listed=google.groups,
            ask=directory.get_group,
            explained=dict,
        )
        snapshot.incomplete.extend(_find_missing(groups, snapshot.unseen))


def _find_missing(one: _List, unseen: set[int]) -> Iterator[str]:
    """Ask by id for what is linked and not listed: a stale list lacks what is there."""
    linked = [outline for outline in one.linked if outline.live and outline.google_id]
    missing = [outline for outline in linked if outline.google_id not in one.listed]
    explained = one.explained() if missing else ()
    missing = [outline for outline in missing if outline.google_id not in explained]
    found = 0
    for at, outline in enumerate(missing):
        if found >= _ENOUGH:
            unseen.update(other.subject for other in missing[at:])
            yield f"Google's list lacks {len(missing)} linked {one.what}"
            return
        why = _why_unseen(one, outline)
        if why is not None:
            found += 1
            unseen.add(outline.subject)
            yield f"Google's list lacks {outline.address}, {why}"


def _why_unseen(one: _List, outline: Outline) -> str | None:
    """Say why nothing follows from its absence; None if Google does not know it by its id."""
    try:
        one.ask(outline.google_id or "")
    except NotFound:
        return None
    except Outage:
        raise
    except GoogleFault as fault:
        return f"of which Google does not say whether it is there: {fault}"
    return "which is there"
