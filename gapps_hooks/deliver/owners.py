"""A password that waits under a name goes to the one who set it, whoever has the name by now.

It must not know Google, nor what else is delivered.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.deliver.people import is_told_to_another
from gapps_hooks.model import Account, Identity, Kind
from gapps_hooks.outbox import entries, links, owning, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.wiring import Wiring


def without_anothers_password(wiring: Wiring, entry: Entry) -> tuple[Entry, tuple[str, ...]]:
    """Pass on a password that is not the person's who has the name now, and say so.

    It goes to the owner's present name, if the source or a link is sure of it, and is dropped
    otherwise: nobody is given somebody else's password.

    Raises:
        SourceUnreadable: the source could not be asked; nothing was changed.
    """
    if entry.owner is None:
        return entry, ()
    account = wiring.source.account(entry.name) if wiring.source is not None else None
    link = links.of(wiring.state, entry.subject)
    another = is_told_to_another(entry, account, link)
    if not another and (account is not None or link is not None or entry.removed):
        return entry, ()
    home = _home(wiring, entry.owner)
    if not another and home is None:
        return entry, ()  # nobody has the name, and its owner no other one
    line = owning.take_away(wiring.state, entry, None if home == entry.subject else home)
    if line and home is None:
        wiring.tell_trouble(f"{entry.name}: {line}")
    return replace(entry, password=None, owner=None), (line,) if line else ()


def _home(wiring: Wiring, owner: Identity) -> int | None:
    """Find the owner's subject; None where that is not certain, or they may have no password."""
    linked = owning.linked_as(wiring.state, owner)
    if wiring.source is None:
        return linked
    now = wiring.source.account_by(owner) if owner.lasting else None
    if now is None:
        return None
    other = subjects.of_name(wiring.state, Kind.USER, now.username)
    if other not in {None, linked} and links.of(wiring.state, other):
        return None  # the source gave the name of one account to the owner of another
    return linked if linked is not None else _newcomer(wiring, now)


def _newcomer(wiring: Wiring, account: Account) -> int | None:
    if is_enabled(account, wiring.settings.enabled) is False:
        return None
    return entries.touch(wiring.state, Kind.USER, account.username).subject
