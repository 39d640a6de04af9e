"""The listings: users, groups, members; which entries, in which order, how many on a page.

It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state import members, views
from gapps_hooks.emulator.state.addresses import domain_of
from gapps_hooks.emulator.state.collection import Collection, Place
from gapps_hooks.emulator.state.groups import ready
from gapps_hooks.emulator.state.organisation import check_customer
from gapps_hooks.emulator.state.pages import Distortion, Page, Walk, page
from gapps_hooks.emulator.state.query import Clause, group_test, member_key, parse, user_test
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.shown import show_user, with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_ROLES = ("OWNER", "MANAGER", "MEMBER")


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

    def walk(self, what: str, now: float, *, usual: int, most: int) -> Walk:
        """Return how far and how many; a ``maxResults`` over the cap is cut to it."""
        question = {key: value for key, value in self.parameters.items() if key in _QUESTION}
        return Walk(
            question=f"{what} {sorted(question.items())}",
            now=now,
            token=self.get("pageToken") or None,
            size=_size(self.get("maxResults"), usual, most),
            distortion=self.distortion,
            age=self.age,
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
    test = _user_test(workspace, wish, clauses)
    walk = wish.walk("users", workspace.now(), usual=100, most=500)
    # GAM sends Python's "True", and Google shows it the deleted.
    if wish.get("showDeleted").lower() == "true":
        result = _deleted_users(workspace, walk, test)
    elif wish.distortion is Distortion.STALE:
        result = _stale(workspace.user_list, walk)
    else:
        result = page(
            walk,
            lambda start: _user_places(workspace, wish, clauses, test, start),
            lambda place: views.show(workspace, workspace.users[place[1]], wish.parameters),
        )
    return _resource(workspace, "users", result)


def groups(workspace: Workspace, wish: Wish) -> Json:
    """List groups by address, 200 on a page; ``userKey`` asks for those of one member."""
    if wish.get("customer") and wish.get("userKey"):
        raise api_errors.bad_request()
    if wish.get("customer"):
        check_customer(workspace, wish.get("customer"))
    walk = wish.walk("groups", workspace.now(), usual=200, most=200)
    if wish.distortion is Distortion.STALE:
        return _resource(workspace, "groups", _stale(workspace.group_list, walk))
    places = _group_places(workspace, wish)
    return _resource(workspace, "groups", page(walk, places, workspace.group_list.shown))


def group_members(workspace: Workspace, group_key: str, wish: Wish) -> Json:
    """List a group's direct members by address, 200 on a page, of some ``roles`` or all."""
    group = ready(workspace, group_key)
    collection = workspace.member_lists[group.id]
    walk = wish.walk(f"members {group.id}", workspace.now(), usual=200, most=200)
    if wish.distortion is Distortion.STALE:
        return _resource(workspace, "members", _stale(collection, walk))
    roles = set(wish.get("roles").upper().split(",")) if wish.get("roles") else set(_ROLES)
    if wish.get("includeDerivedMembership") == "true":
        return _resource(workspace, "members", _derived(workspace, group, roles, walk))

    def places(start: Place | None) -> Iterator[Place]:
        for place in collection.after(start):
            membership = group.members[place[1]]
            if membership.role in roles and not members.is_lagging(workspace, membership):
                yield place

    return _resource(workspace, "members", page(walk, places, collection.shown))


def _derived(workspace: Workspace, group: Group, roles: set[str], walk: Walk) -> Page:
    """Return everybody in the group at any depth; whoever is indirectly there is a MEMBER."""
    found = members.everybody(workspace, group)
    places = sorted(
        (workspace.member_address(it), it.key) for it in found.values() if it.role in roles
    )
    return page(
        walk,
        lambda start: behind(places, start),
        lambda place: workspace.shown_member(found[place[1]], whole=False),
    )


def _user_test(
    workspace: Workspace, wish: Wish, clauses: tuple[Clause, ...]
) -> Callable[[User], bool]:
    matches = user_test(clauses, workspace.schemas, workspace.user_at)
    domain = "" if wish.get("customer") else wish.get("domain").lower()
    if not domain:
        return matches
    return lambda user: domain_of(user.address) == domain and matches(user)


def _user_places(
    workspace: Workspace,
    wish: Wish,
    clauses: tuple[Clause, ...],
    test: Callable[[User], bool],
    start: Place | None,
) -> Iterator[Place]:
    down = wish.get("sortOrder") == "DESCENDING"
    few = _few(workspace, clauses)
    by_name = wish.get("orderBy") in {"givenName", "familyName"}
    if few is None and not by_name:
        places: Iterable[Place] = workspace.user_list.after(start, down=down)
    else:
        candidates = workspace.users.values() if few is None else few
        keyed = ((_sort_key(user, wish.get("orderBy")), user.id) for user in candidates)
        places = behind(sorted(keyed, reverse=down), start, down=down)
    return (place for place in places if test(workspace.users[place[1]]))


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
    if order in {"givenName", "familyName"}:
        return f"{user.profile['name'][order].casefold()}\0{user.address}"
    return user.address


def _deleted_users(workspace: Workspace, walk: Walk, test: Callable[[User], bool]) -> Page:
    deleted = workspace.deleted()
    places = sorted((user.address, user.id) for user in deleted.values() if test(user))
    return page(
        walk,
        lambda start: behind(places, start),
        lambda place: show_user(deleted[place[1]], workspace.ids),
    )


def _group_places(workspace: Workspace, wish: Wish) -> Callable[[Place | None], Iterator[Place]]:
    clauses = parse(wish.get("query"))
    asked = member_key(clauses)
    member = wish.get("userKey") or asked
    test = group_test(() if asked else clauses)
    domain = wish.get("domain").lower()
    down = bool(wish.get("orderBy")) and wish.get("sortOrder") == "DESCENDING"

    def places(start: Place | None) -> Iterator[Place]:
        ids = _groups_of(workspace, member) if member else None
        if ids is None:
            source: Iterable[Place] = workspace.group_list.after(start, down=down)
        else:
            own = ((workspace.groups[key].address, key) for key in ids)
            source = behind(sorted(own, reverse=down), start, down=down)
        for place in source:
            if test(workspace.groups[place[1]]) and (not domain or domain_of(place[0]) == domain):
                yield place

    return places


def _groups_of(workspace: Workspace, key: str) -> set[str]:
    member = workspace.holder(key) or workspace.user_at(key) or workspace.group_at(key)
    return workspace.groups_of.get(member.id if member else members.outside_id(key), set())


def _stale(collection: Collection, walk: Walk) -> Page:
    seen = collection.before(walk.now - walk.age)
    return page(walk, lambda start: behind(list(seen), start), seen.get)


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
    if not text.isdigit() or int(text) < 1:
        raise api_errors.invalid_input("maxResults")
    return min(int(text), most)
