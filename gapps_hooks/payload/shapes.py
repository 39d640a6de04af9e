"""The objects of the contract, user and group, as pydantic checks them.

It must not know events: which key is allowed when is decided elsewhere, and no secret gets here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from gapps_hooks.errors import Complaint
from gapps_hooks.payload.fields import (
    Address,
    Addresses,
    Description,
    IdentityText,
    Name,
    OrgUnit,
    References,
    Text,
    Texts,
    UserName,
)
from gapps_hooks.validation import complaints_of, nearest, shown

#: The keys whose values are never shown, stored or given to pydantic.
SECRETS: Final = frozenset({"password", "password_hash"})
#: The keys that list members, one for each of Google's roles.
MEMBER_LISTS: Final = ("members", "managers", "owners")


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class UserShape(_Shape):
    """A user of the contract without its password; None means cleared, not set unchanged."""

    username: UserName = ""
    given_name: Text | None = None
    family_name: Text | None = None
    full_name: Text | None = None
    #: Lower-cased.
    email: Address | None = None
    aliases: Addresses | None = None
    #: Cannot be cleared.
    enabled: bool = True
    #: Google's orgUnitPath, with a leading slash.
    org_unit: OrgUnit | None = None
    employee_id: Text | None = None
    phones: Texts | None = None
    #: The name before a rename.
    old_username: UserName = ""
    #: ``kind:value``, see model.Identity.
    id: IdentityText = ""


class GroupShape(_Shape):
    """A group of the contract; None means cleared, not set unchanged."""

    name: Name = ""
    email: Address | None = None
    description: Description | None = None
    aliases: Addresses | None = None
    #: User names, ``group:NAME`` for nested groups, or addresses.
    members: References | None = None
    owners: References | None = None
    managers: References | None = None
    id: IdentityText = ""
    #: The name before a rename.
    old_name: Name = ""
    deleted: bool = False


def checked(
    shape: type[BaseModel], entry: Mapping[str, Any], *, also_known: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], list[Complaint]]:
    """Check an object against a shape.

    Args:
        shape: UserShape or GroupShape.
        entry: what was sent, without secrets.
        also_known: keys that are handled elsewhere, to be suggested for misspelt ones.

    Returns:
        The given keys with normalised values, and everything that is wrong with them.
    """
    known = frozenset(shape.model_fields)
    complaints = [_unknown(key, known | also_known) for key in entry if key not in known]
    try:
        given = {key: value for key, value in entry.items() if key in known}
        return shape.model_validate(given).model_dump(exclude_unset=True), complaints
    except ValidationError as error:
        return {}, complaints + complaints_of(error, known=lambda _: known)


def _unknown(key: object, known: frozenset[str]) -> Complaint:
    text = key if isinstance(key, str) else repr(key)
    plain = text if text.isidentifier() and text.isprintable() and len(text) < 80 else shown(text)  # noqa: PLR2004 - one line
    return Complaint(field=plain, value=None, remedy=f"is not a known key{nearest(text, known)}")


def member_complaints(group: Mapping[str, Any]) -> list[Complaint]:
    """Complain of references that are in more than one of members, owners and managers."""
    seen: dict[str, str] = {}
    complaints = []
    for key in MEMBER_LISTS:
        for reference in group.get(key) or ():
            if reference in seen:
                remedy = f"is also in {seen[reference]}; name it in one list only"
                complaints.append(Complaint(field=key, value=shown(reference), remedy=remedy))
            seen[reference] = key
    return complaints
