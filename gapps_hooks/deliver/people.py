"""What is known of one person on both sides, read without writing anything.

It must not know what follows from it; a preview reads the same.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.deliver.desired import desired_account, desired_address, is_left_out
from gapps_hooks.errors import NotFound
from gapps_hooks.model import Account, Link
from gapps_hooks.outbox import creations, links, owning, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.outbox.mending import LINKS_LOST
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import find_mark, make_mark
from gapps_hooks.wiring import Wiring


def look_at_person(wiring: Wiring, entry: Entry) -> Person:
    """Read what the person should now be, and what is remembered of them.

    Raises:
        Contradiction, SourceUnreadable, PolicyFailed: see desired_account.
    """
    account = desired_account(wiring, entry)
    link = links.of(wiring.state, entry.subject)
    return Person(
        name=entry.name,
        account=account,
        left_out=is_left_out(wiring, entry, account),
        address=_address(wiring, entry, account, link),
        identity=entry.identity or (account.id if account else None),
        traced=is_traced(wiring, link, account) if link and account else None,
        password=None if is_told_to_another(entry, account, link) else entry.password,
        link=link,
        attempted=link is None and _may_be_there(wiring, entry.subject),
        added=entry.added,
        wished_at=entry.event_at if entry.wished_at is None else entry.wished_at,
        suspension_seen_at=None if entry.wished_at is None else entry.suspension_seen_at,
    )


def is_told_to_another(entry: Entry, account: Account | None, link: Link | None) -> bool:
    """Whether the password that waits is not that of the person who has the name now."""
    known = (account.id if account else None, entry.identity, link.identity if link else None)
    return owning.is_anothers(entry.owner, known)


def _may_be_there(wiring: Wiring, subject: int) -> bool:
    """Whether an account of ours may be at Google though no link says so."""
    if creations.was_begun(wiring.state, subject):
        return True
    return bool(wiring.state.meta(LINKS_LOST))


def find_lost_link(wiring: Wiring, entry: Entry, person: Person) -> Link | None:
    """Look for the account that bears a person's mark, where links may have been lost.

    After a damage of the state file the address alone is not enough: it may have changed since.

    Raises:
        GoogleFault: Google did not answer that.
    """
    identity = person.identity
    if person.link is not None or identity is None or not wiring.state.meta(LINKS_LOST):
        return None
    if not identity.lasting:
        return None  # a number that the system gives to others proves nothing under another name
    mark = str(make_mark(wiring.rules, entry.name, identity)["value"])
    found = wiring.directory.list_users(f"externalId:'{_quoted(mark)}'")
    ours = [user for user in found if find_mark(user, wiring.rules) == identity]
    if len(ours) != 1 or links.by_google_id(wiring.state, ours[0].id) is not None:
        return None
    return Link(
        subject=entry.subject,
        google_id=ours[0].id,
        address=ours[0].primary_email,
        name=entry.name,
        identity=identity,
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def traces(wiring: Wiring, account: Account) -> dict[str, str]:
    """Digest what tells a person beside name and number."""
    told = account.traces.items()
    return {key: wiring.state.digest(text) for key, text in told if text}


def is_traced(wiring: Wiring, link: Link, account: Account) -> bool | None:
    """Whether anything of that is unchanged; None where nothing can be compared.

    A home says nothing here: it is made from the name.
    """
    before, now = subjects.traces(wiring.state, link.subject), traces(wiring, account)
    both = before.keys() & now.keys() - {"home"}
    return any(before[key] == now[key] for key in both) if both else None


def ask_about_person(wiring: Wiring, person: Person, key: str) -> Person:
    """Ask Google what it has under an id or address; nothing is an answer too.

    Raises:
        GoogleFault: Google did not answer that.
    """
    try:
        actual = wiring.directory.get_user(key)
    except NotFound:
        return replace(person, asked=True, actual=None)
    link = links.by_google_id(wiring.state, actual.id)
    mine = person.link is not None and link is not None and link.subject == person.link.subject
    return replace(person, asked=True, actual=actual, holder=None if mine else link)


def _address(wiring: Wiring, entry: Entry, account: Account | None, link: Link | None) -> str:
    if account is not None:
        return desired_address(wiring, entry, account, link)
    return link.address if link else wiring.policy.choose_address(Account(username=entry.name))
