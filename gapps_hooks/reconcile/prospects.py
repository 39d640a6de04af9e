"""What member references will mean at Google once the people and groups are as planned.

It must not know members, nor how anybody was planned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.model import Change, Link, Member, Plan, Verb
from gapps_hooks.plan.gathering import Resolved
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules
from gapps_hooks.reconcile.new_names import NewNames

_GROUP: Final = "group:"
_NOT_YET: Final = "not at Google (yet); added when it is"
_DISABLED: Final = "not enabled for Google; left as it is"


@dataclass(frozen=True, slots=True)
class Prospect:
    """Where a person or group is going to be."""

    address: str
    #: None for one that is made in this run.
    google_id: str | None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Prospects:
    """Everybody who is, or will be, at Google: by name, and groups as ``group:NAME``."""

    known: dict[str, Prospect] = field(default_factory=dict)
    #: Names of groups, each with the people whom the policy wants in them.
    wishes: dict[str, list[str]] = field(default_factory=dict)
    #: Names of people about whom the policy was not asked: what it wanted of them before stays.
    unasked: set[str] = field(default_factory=set)
    #: By which name one is still known here whom the source has under another's.
    still: dict[str, str] = field(default_factory=dict)
    #: Who has another name in the source than here, and can have it.
    names: NewNames = field(default_factory=NewNames)

    def linked(self, name: str, link: Link | None, rules: Rules) -> None:
        """Note one whose link stays as it is."""
        if link is not None and link.ended_at is None:
            off = link.delivered.get("enabled") == rules.digest(False)  # noqa: FBT003 - a value
            self.known[name] = Prospect(link.address, link.google_id, not off)

    def unplanned(self, name: str, link: Link | None, rules: Rules) -> None:
        """Note a person for whom nothing is planned in this run, by both names."""
        self.linked(name, link, rules)
        self.unasked.update({name} if link is None else {name, link.name})

    def planned(self, person: Person, plan: Plan, rules: Rules) -> None:
        """Note one for whom this is planned."""
        enabled = person.wanted
        if plan.refusals or (person.link is None and not plan.changes):
            self.linked(person.name, person.link, rules)
            return
        address = person.link.address if person.link is not None else person.address
        google_id = person.link.google_id if person.link is not None else None
        for change in plan.changes:
            address = change.body.get("primaryEmail", address)
            if Verb.ADOPT in change.verbs:
                google_id = change.google_id
        self.known[person.name] = Prospect(address, google_id, enabled)

    def group(self, name: str, link: Link | None, changes: tuple[Change, ...]) -> None:
        """Note a group for which these changes are planned."""
        address, google_id = (link.address, link.google_id) if link is not None else ("", None)
        for change in changes:
            if {Verb.CREATE_GROUP, Verb.ADOPT, Verb.RENAME_GROUP}.intersection(change.verbs):
                address = change.body.get("email", change.address)
                google_id = google_id or change.google_id or None
        if address:
            self.known[_GROUP + name] = Prospect(address, google_id)

    def expect(self, name: str, address: str, google_id: str | None) -> None:
        """Note where a group is going to be that is not linked yet."""
        self.known[_GROUP + name] = Prospect(address, google_id)

    def as_known(self, members: Iterable[Member]) -> tuple[Member, ...]:
        """Name members as they are known here: a name that one took may still be another's.

        Left out is somebody new whose name one is still known by, as he would be taken for him.
        """
        old = set(self.still.values())
        new = (one for one in members if one.reference in self.still or one.reference not in old)
        return tuple(
            replace(one, reference=self.still[one.reference])
            if one.reference in self.still
            else one
            for one in new
        )

    def resolve(self, members: tuple[Member, ...]) -> tuple[Resolved, ...]:
        """Turn member references into addresses at Google, or notes why they have none."""
        return tuple(self._resolve(member) for member in members)

    def _resolve(self, member: Member) -> Resolved:
        bare = Resolved(reference=member.reference, role=member.role)
        name = member.reference.removeprefix(WISHED)
        if "@" in name and not name.startswith(_GROUP):
            return replace(bare, address=name.lower())
        prospect = self.known.get(name)
        if prospect is None:
            return replace(bare, note=_NOT_YET)
        found = replace(bare, address=prospect.address, google_id=prospect.google_id)
        return found if prospect.enabled else replace(found, note=_DISABLED)
