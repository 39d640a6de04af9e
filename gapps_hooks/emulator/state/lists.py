"""The listings: users, groups, members; which entries, in which order, how many on a page.

It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state import member_lists, members, views
from gapps_hooks.emulator.state.addresses import domain_of
from gapps_hooks.emulator.state.collection import Place
from gapps_hooks.emulator.state.groups import ready
from gapps_hooks.emulator.state.organisation import check_customer
from gapps_hooks.emulator.state.pages import Distortion, Page, Walk, page
from gapps_hooks.emulator.state.query import Clause, group_test, member_key, parse, user_test
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.rights import is_public
from gapps_hooks.emulator.state.shown import with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_ROLES = frozenset({"OWNER", "MANAGER", "MEMBER"})
#: Google cuts a walk through users or members that takes longer than this, in seconds.
_LONGEST_WALK = 3600.0
_BY_NAME = frozenset({"givenName", "familyName"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The query parameters of a list call and what a scripted fault does to its answer."""

    parameters: Mapping[str, str]
    distortion: Distortion | None = None
    #: How old a stale listing is, in seconds.
    age: float = 60.0

    def get(self, name: str) -> str:
        """Return a parameter, "" when it was not sent."""
        return self.parameters.get(name, "")

    def is_set(self, name: str) -> bool:
        """Tell whether a parameter is true; GAM sends Python's "True", and Google takes it."""
        return self.get(name).lower() == "true"

    def moment(self, now: float) -> float | None:
        """Return the earlier time (seconds) of which a stale listing tells, None for now."""
        return now - self.age if self.distortion is Distortion.STALE else None

    def walk(
        self, what: str, now: float, *, usual: int, most: int, longest: float | None = None
    ) -> Walk:
        """Return how far and how many; a ``maxResults`` over the cap is cut to it.

        ``longest`` is for how many seconds Google walks on.
        """
        question = {key: value for key, value in self.parameters.items() if key in _QUESTION}
        return Walk(
            question=f"{what} {sorted(question.items())}",
            now=now,
            token=self.get("pageToken") or None,
            size=_size(self.get("maxResults"), usual, most),
            distortion=self.distortion,
            longest=longest,
        )


_QUESTION = frozenset(
    {
        "customer",
        "domain",
        "query",
        "orderBy",
        "sortOrder",
        "showDeleted",
        "roles",
        "userKey",
        "includeDerivedMembership",
        "customerId",
    }
)


def users(workspace: Workspace, wish: Wish) -> Json:
    """List users: by address unless ``orderBy`` says otherwise, 100 to 500 on a page."""
    if not (wish.get("customer") or wish.get("domain")):
        raise api_errors.bad_request()
    if wish.get("customer"):
        check_customer(workspace, wish.get("customer"))
    clauses = parse(wish.get("query"))
    if is_public(wish.parameters):
        views.check_public(workspace, clauses, deleted=wish.is_set("showDeleted"))
    test = _user_test(workspace, wish, clauses)
    walk = wish.walk("users", workspace.now(), usual=100, most=500, longest=_LONGEST_WALK)
    source = _users_source(workspace, wish, clauses)
    result = page(
        walk,
        lambda start: (it for it in source.places(start) if test(source.records[it[1]])),
        lambda place: views.show(workspace, source.records[place[1]], wish.parameters),
    )
    return _resource(workspace, "users", result)


def groups(workspace: Workspace, wish: Wish) -> Json:
    """List groups by address, 200 on a page; ``userKey`` asks for those of one member."""
    if wish.get("customer") and wish.get("userKey"):
        raise api_errors.bad_request()
    if wish.get("customer"):
        check_customer(workspace, wish.get("customer"))
    walk = wish.walk("groups", workspace.now(), usual=200, most=200)
    clauses = parse(wish.get("query"))
    asked = member_key(clauses)
    test = group_test(() if asked else clauses)
    source = _groups_source(workspace, wish, wish.get("userKey") or asked)
    domain = wish.get("domain").lower()

    def places(start: Place | None) -> Iterator[Place]:
        for place in source.places(start):
            if domain in {"", domain_of(place[0])} and test(source.records[place[1]]):
                yield place

    return _resource(workspace, "groups", page(walk, places, source.show))


def group_members(workspace: Workspace, group_key: str, wish: Wish) -> Json:
    """List a group's direct members by address, 200 on a page, of some ``roles`` or all."""
    group = ready(workspace, group_key)
    walk = wish.walk(
        f"members {group.id}", workspace.now(), usual=200, most=200, longest=_LONGEST_WALK
    )
    roles = _roles(wish.get("roles"))
    derived, moment = wish.is_set("includeDerivedMembership"), wish.moment(workspace.now())
    if moment is not None or derived:
        found = member_lists.everybody(workspace, group.id, moment, derived=derived)
        order = sorted((it.shown.get("email", ""), key) for key, it in found.items())
        places = [place for place in order if found[place[1]].membership.role in roles]
        result = page(
            walk, lambda start: behind(places, start), lambda place: found[place[1]].shown
        )
        return _resource(workspace, "members", result)
    result = page(
        walk,
        lambda start: member_lists.direct(workspace, group, roles, start),
        lambda place: workspace.shown_member(group.members[place[1]], whole=False),
    )
    return _resource(workspace, "members", result)


class _UsersSource(NamedTuple):
    """Where users are listed from: all of them in order, and each by id."""

    places: Callable[[Place | None], Iterable[Place]]
    records: Mapping[str, User]


class _GroupsSource(NamedTuple):
    """Where groups are listed from: all of them in order, each by id, and how one is shown."""

    places: Callable[[Place | None], Iterable[Place]]
    records: Mapping[str, Group]
    show: Callable[[Place], Json]


def _users_source(workspace: Workspace, wish: Wish, clauses: tuple[Clause, ...]) -> _UsersSource:
    down, order = wish.get("sortOrder") == "DESCENDING", wish.get("orderBy")
    moment = wish.moment(workspace.now())
    records: Mapping[str, User] = workspace.users
    if wish.is_set("showDeleted"):
        records = workspace.deleted() if moment is None else workspace.deleted_before(moment)
    elif moment is not None:
        records = {place[1]: user for place, user in workspace.user_list.before(moment).items()}
    few = _few(workspace, clauses) if records is workspace.users else None
    if few is None and records is workspace.users and order not in _BY_NAME:
        return _UsersSource(lambda start: workspace.user_list.after(start, down=down), records)
    candidates = records.values() if few is None else few
    keyed = sorted(((_sort_key(user, order), user.id) for user in candidates), reverse=down)
    return _UsersSource(lambda start: behind(keyed, start, down=down), records)


def _groups_source(workspace: Workspace, wish: Wish, member: str) -> _GroupsSource:
    down = bool(wish.get("orderBy")) and wish.get("sortOrder") == "DESCENDING"
    moment = wish.moment(workspace.now())
    if moment is not None:
        return _stale_groups(workspace, member, moment, down=down)

    def show(place: Place) -> Json:
        return workspace.shown_group(workspace.groups[place[1]])

    if not member:
        return _GroupsSource(
            lambda start: workspace.group_list.after(start, down=down), workspace.groups, show
        )
    ids = workspace.groups_of.get(_member_id(workspace, member), set())
    own = sorted(((workspace.groups[key].address, key) for key in ids), reverse=down)
    return _GroupsSource(lambda start: behind(own, start, down=down), workspace.groups, show)


def _stale_groups(workspace: Workspace, member: str, moment: float, *, down: bool) -> _GroupsSource:
    seen = workspace.group_list.before(moment)
    if member:
        ids = workspace.groups_of_before(_member_id(workspace, member), moment)
        seen = {place: known for place, known in seen.items() if place[1] in ids}
    order = sorted(seen, reverse=down)
    return _GroupsSource(
        lambda start: behind(order, start, down=down),
        {place[1]: known.group for place, known in seen.items()},
        lambda place: seen[place].shown,
    )


def _member_id(workspace: Workspace, key: str) -> str:
    member = workspace.holder(key) or workspace.user_at(key) or workspace.group_at(key)
    return member.id if member else members.outside_id(key)


def _roles(text: str) -> frozenset[str]:
    asked = frozenset(filter(None, text.upper().split(",")))
    if not asked <= _ROLES:
        raise api_errors.invalid_input("roles")
    return asked or _ROLES


def _user_test(
    workspace: Workspace, wish: Wish, clauses: tuple[Clause, ...]
) -> Callable[[User], bool]:
    matches = user_test(clauses, workspace.schemas, workspace.user_at)
    domain = "" if wish.get("customer") else wish.get("domain").lower()
    if not domain:
        return matches
    return lambda user: domain_of(user.address) == domain and matches(user)


def _few(workspace: Workspace, clauses: tuple[Clause, ...]) -> list[User] | None:
    """Return the few users that an exact condition can mean, or None when it could be anybody."""
    for clause in clauses:
        if clause.field == "email" and clause.operator == "=":
            user = workspace.user_at(clause.value)
            return [user] if user else []
        if clause.field == "externalId" and clause.operator == "=":
            ids = workspace.with_external_id.get(clause.value, set())
            return [workspace.users[key] for key in ids]
    return None


def _sort_key(user: User, order: str) -> str:
    if order in _BY_NAME:
        return f"{user.profile['name'][order].casefold()}\0{user.address}"
    return user.address


def behind(places: list[Place], start: Place | None, *, down: bool = False) -> Iterator[Place]:
    """Walk the places behind the given one (all for None) of a list that is in order."""
    for place in places:
        if start is None or (place < start if down else place > start):
            yield place


def _resource(workspace: Workspace, what: str, result: Page) -> Json:
    shown: Json = {"kind": f"admin#directory#{what}"}
    if result.entries:
        shown[what] = result.entries
    if result.next_token:
        shown["nextPageToken"] = result.next_token
    return with_etag(workspace.ids, shown)


def _size(text: str, usual: int, most: int) -> int:
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise api_errors.invalid_input("maxResults")
    return min(int(text), most)
