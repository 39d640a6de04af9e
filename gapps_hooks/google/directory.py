"""The verbs of Google's directory that this program uses, in values of our own.

It must not know why they are called, and no verb of it deletes a user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gapps_hooks.errors import NotFound, Refused, SignInRefused
from gapps_hooks.google.answers import (
    DOMAIN_FIELDS,
    GROUP_FIELDS,
    MEMBER_FIELDS,
    ORG_UNIT_FIELDS,
    USER_FIELDS,
    google_group,
    google_member,
    google_user,
    org_unit_paths,
    verified_domains,
)
from gapps_hooks.google.bodies import with_password
from gapps_hooks.google.boundaries import CREATION, ORG_UNIT, REQUEST
from gapps_hooks.google.keys import path_key as _key
from gapps_hooks.google.paging import each_once, walk
from gapps_hooks.google.rules import OF_ONE_API
from gapps_hooks.model import GoogleGroup, GoogleMember, GoogleUser, PasswordHash, Role

if TYPE_CHECKING:
    from googleapiclient.http import HttpRequest

    from gapps_hooks.google.api import Api
    from gapps_hooks.google.sign_in import SignIn

#: "The Workspace that the administrator belongs to", with all its domains.
OWN_CUSTOMER = "my_customer"
#: Google's largest pages.
USERS_PER_PAGE = 500
GROUPS_PER_PAGE = 200
MEMBERS_PER_PAGE = 200


class Directory:
    """Google's users, groups and members; safe for threads.

    Keys are Google's immutable ids where a change is made, addresses only to look something up.
    Bodies have Google's field names and are sent as they are: false, empty and null too.
    Every verb raises GoogleFault; after AlreadyExists or NotFound, see Caller.perform.
    """

    def __init__(
        self,
        open_api: Callable[[], Api],
        clock: Callable[[], float],
        until: float = float("inf"),
    ) -> None:
        self._open_api = open_api
        self._clock = clock
        self._until = until

    def within(self, seconds: float) -> Directory:
        """This directory with all calls (and their repetitions) over in ``seconds`` from now."""
        until = min(self._until, self._clock() + seconds)
        return Directory(self._open_api, self._clock, until)

    def keep_warm(self, token_for: float | None) -> None:
        """Have an open connection of this thread, and a token for so many seconds (None: any)."""
        self._open_api().keep_warm(token_for)

    # --- users --------------------------------------------------------------------------------

    def get_user(self, key: str) -> GoogleUser:
        """Look a user up by id, address or alias.

        An alias finds its owner: compare ``primary_email`` before taking the answer for the
        person. NotFound also means a deleted user, or a group's address.
        """
        users = self._api.users
        return google_user(self._do(users.get(userKey=_key(key), fields=USER_FIELDS)))

    def list_users(self, query: str | None = None) -> tuple[GoogleUser, ...]:
        """All users of all domains, or those that Google's search ``query`` finds."""
        return each_once(self._user_pages(query=query))

    def user_pages(self) -> Iterator[tuple[GoogleUser, ...]]:
        """All users of all domains, a page at a time; what came before a fault stands."""
        return self._user_pages()

    def list_deleted_users(self) -> tuple[GoogleUser, ...]:
        """The users that were deleted in the last 20 days and can be undeleted by id."""
        return each_once(self._user_pages(showDeleted="true"))

    def insert_user(self, body: Mapping[str, Any], password: PasswordHash | None) -> GoogleUser:
        """Create a user; AlreadyExists if anything at Google has the address."""
        request = self._api.users.insert(body=with_password(body, password), fields=USER_FIELDS)
        return google_user(self._do(request, kinds=CREATION, password=password))

    def patch_user(
        self, google_id: str, body: Mapping[str, Any], password: PasswordHash | None = None
    ) -> GoogleUser:
        """Change fields of a user; AlreadyExists if the new address is in use."""
        request = self._api.users.patch(
            userKey=_key(google_id), body=with_password(body, password), fields=USER_FIELDS
        )
        return google_user(self._do(request, password=password))

    def undelete_user(self, google_id: str, org_unit: str) -> None:
        """Restore a user deleted less than 20 days ago; one that is there already is done."""
        key, body = _key(google_id), {"orgUnitPath": org_unit}
        try:
            self._do(self._api.users.undelete(userKey=key, body=body))
        except (NotFound, Refused) as fault:
            # An earlier try may have restored it without the answer getting through.
            if not self._is_there(google_id):
                raise fault from None

    def insert_user_alias(self, google_id: str, alias: str) -> None:
        """Give a user one more address; AlreadyExists if anything at Google has it."""
        aliases = self._api.aliases
        self._do(aliases.insert(userKey=_key(google_id), body={"alias": alias}, fields="alias"))

    def delete_user_alias(self, google_id: str, alias: str) -> None:
        """Take an alias from a user; NotFound if it has none such."""
        self._do(self._api.aliases.delete(userKey=_key(google_id), alias=_key(alias)))

    # --- groups -------------------------------------------------------------------------------

    def get_group(self, key: str) -> GoogleGroup:
        """Look a group up by id, address or alias (which finds the group that has it)."""
        groups = self._api.groups
        return google_group(self._do(groups.get(groupKey=_key(key), fields=GROUP_FIELDS)))

    def group_pages(self) -> Iterator[tuple[GoogleGroup, ...]]:
        """All groups of all domains, a page at a time; what came before a fault stands."""

        def page(token: str | None) -> HttpRequest:
            request: HttpRequest = self._api.groups.list(
                customer=OWN_CUSTOMER,
                maxResults=GROUPS_PER_PAGE,
                pageToken=token,
                fields=f"kind,groups({GROUP_FIELDS}),nextPageToken",
            )
            return request

        return walk(lambda token: self._do(page(token)), "groups", google_group)

    def insert_group(self, body: Mapping[str, Any]) -> GoogleGroup:
        """Create a group; AlreadyExists if anything at Google has the address."""
        request = self._api.groups.insert(body=dict(body), fields=GROUP_FIELDS)
        return google_group(self._do(request))

    def patch_group(self, google_id: str, body: Mapping[str, Any]) -> GoogleGroup:
        """Change fields of a group; AlreadyExists if the new address is in use."""
        request = self._api.groups.patch(
            groupKey=_key(google_id), body=dict(body), fields=GROUP_FIELDS
        )
        return google_group(self._do(request))

    def delete_group(self, google_id: str) -> None:
        """Delete a group, for good: Google keeps nothing of it."""
        self._do(self._api.groups.delete(groupKey=_key(google_id)))

    def see_group_settings(self, address: str) -> None:
        """See that the settings of a group can be read; NotFound as in patch_group_settings."""
        groups = self._api.group_settings()
        request = groups.get(groupUniqueId=_key(address), fields="email")
        self._aside(request, self._api.group_settings_sign_in)

    def patch_group_settings(self, address: str, body: Mapping[str, Any]) -> None:
        """Change settings (who may post, join, …) of a group; values are strings.

        NotFound also means a group so new that the Groups Settings API does not know it yet.
        """
        request = self._api.group_settings().patch(
            groupUniqueId=_key(address), body=dict(body), fields="email"
        )
        self._aside(request, self._api.group_settings_sign_in)

    def insert_group_alias(self, google_id: str, alias: str) -> None:
        """Give a group one more address; AlreadyExists if anything at Google has it."""
        aliases = self._api.group_aliases
        self._do(aliases.insert(groupKey=_key(google_id), body={"alias": alias}, fields="alias"))

    def delete_group_alias(self, google_id: str, alias: str) -> None:
        """Take an alias from a group; NotFound if it has none such."""
        self._do(self._api.group_aliases.delete(groupKey=_key(google_id), alias=_key(alias)))

    # --- members ------------------------------------------------------------------------------

    def list_members(self, group_id: str) -> tuple[GoogleMember, ...]:
        """All members of a group, to the last page, or an error: never a part of them."""

        def page(token: str | None) -> HttpRequest:
            request: HttpRequest = self._api.members.list(
                groupKey=_key(group_id),
                maxResults=MEMBERS_PER_PAGE,
                pageToken=token,
                fields=f"kind,members({MEMBER_FIELDS}),nextPageToken",
            )
            return request

        pages = walk(lambda token: self._do(page(token)), "members", google_member)
        return each_once(pages)

    def insert_member(self, group_id: str, address: str, role: Role) -> GoogleMember:
        """Add a member; AlreadyExists if it is one, NotFound if Google cannot tell who it is."""
        member = {"email" if "@" in address else "id": address, "role": role.value}
        request = self._api.members.insert(
            groupKey=_key(group_id), body=member, fields=MEMBER_FIELDS
        )
        return google_member(self._do(request))

    def patch_member(self, group_id: str, member_key: str, role: Role) -> GoogleMember:
        """Change a member's role; NotFound if it is none."""
        request = self._api.members.patch(
            groupKey=_key(group_id),
            memberKey=_key(member_key),
            body={"role": role.value},
            fields=MEMBER_FIELDS,
        )
        return google_member(self._do(request))

    def delete_member(self, group_id: str, member_key: str) -> None:
        """Take a member out; NotFound if it is none."""
        members = self._api.members
        self._do(members.delete(groupKey=_key(group_id), memberKey=_key(member_key)))

    # --- org units, domains -------------------------------------------------------------------

    def insert_org_unit(self, parent: str, name: str) -> None:
        """Make an org unit below ``parent``, in a scope of its own; AlreadyExists if it is one."""
        body = {"name": name, "parentOrgUnitPath": parent}
        units = self._api.org_units
        request = units.insert(customerId=OWN_CUSTOMER, body=body, fields="orgUnitPath")
        self._aside(request, self._api.org_unit_sign_in, kinds=ORG_UNIT)

    def list_org_units(self) -> tuple[str, ...]:
        """Paths of all org units below the topmost; needs a scope of its own."""
        units = self._api.org_units
        request = units.list(customerId=OWN_CUSTOMER, type="all", fields=ORG_UNIT_FIELDS)
        return org_unit_paths(self._aside(request, self._api.org_unit_sign_in))

    def list_domains(self) -> tuple[str, ...]:
        """Names of the verified domains, the primary one first; needs a scope of its own."""
        request = self._api.domains.list(customer=OWN_CUSTOMER, fields=DOMAIN_FIELDS)
        return verified_domains(self._aside(request, self._api.domain_sign_in))

    # --- how ----------------------------------------------------------------------------------

    @property
    def _api(self) -> Api:
        return self._open_api()

    def _do(
        self,
        request: HttpRequest,
        *,
        sign_in: SignIn | None = None,
        kinds: tuple[str, ...] = REQUEST,
        password: PasswordHash | None = None,
    ) -> dict[str, Any]:
        return self._api.caller.perform(
            request,
            sign_in or self._api.directory_sign_in,
            kinds=kinds,
            secrets=(password.value,) if password else (),
            until=self._until,
        )

    def _aside(
        self, request: HttpRequest, sign_in: SignIn, kinds: tuple[str, ...] = REQUEST
    ) -> dict[str, Any]:
        # A scope or an API that only this call needs must not stop everybody else's delivery.
        try:
            return self._do(request, sign_in=sign_in, kinds=kinds)
        except SignInRefused as fault:
            if fault.reason not in OF_ONE_API:
                raise
            raise Refused(str(fault), status=fault.status, reason=fault.reason) from None

    def _user_pages(self, **parameters: str | None) -> Iterator[tuple[GoogleUser, ...]]:
        def page(token: str | None) -> HttpRequest:
            request: HttpRequest = self._api.users.list(
                customer=OWN_CUSTOMER,
                maxResults=USERS_PER_PAGE,
                pageToken=token,
                fields=f"kind,users({USER_FIELDS}),nextPageToken",
                **parameters,
            )
            return request

        return walk(lambda token: self._do(page(token)), "users", google_user)

    def _is_there(self, google_id: str) -> bool:
        try:
            return self.get_user(google_id).id == google_id
        except NotFound:
            return False
