"""Which part of a user is shown to whom: projections, custom field masks, the public view.

It must not know HTTP, nor how a listing is paged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gapps_hooks.emulator.api_errors import forbidden
from gapps_hooks.emulator.state.query import Clause
from gapps_hooks.emulator.state.records import Json, User
from gapps_hooks.emulator.state.rights import is_public
from gapps_hooks.emulator.state.searched import FLAGS
from gapps_hooks.emulator.state.shown import with_etag
from gapps_hooks.emulator.state.workspace import Workspace

#: What users may see of each other (guide "Retrieve a user as a non-administrator").
_PUBLIC: Final = frozenset(
    {
        "kind", "id", "etag", "primaryEmail", "name", "emails", "phones", "addresses", "ims",
        "organizations", "relations", "externalIds", "locations", "websites", "customSchemas",
        "thumbnailPhotoUrl", "thumbnailPhotoEtag",
    }
)  # fmt: skip
#: Who may read a custom field that is public.
_EVERYBODY: Final = "ALL_DOMAIN_USERS"


def show(workspace: Workspace, user: User, parameters: Mapping[str, str]) -> Json:
    """Return the user resource as ``projection``, ``customFieldMask`` and ``viewType`` want it."""
    projection = parameters.get("projection", "basic")
    public = is_public(parameters)
    if not public and projection not in {"full", "custom"}:
        return workspace.shown_user(user)
    shown = workspace.shown_user(user, full=True)
    wanted = set(parameters.get("customFieldMask", "").split(","))
    custom = {
        name: values
        for name, values in shown.pop("customSchemas", {}).items()
        if projection == "full" or (projection == "custom" and name in wanted)
    }
    if public:
        custom = _public_values(workspace, custom)
        shown = {key: value for key, value in shown.items() if key in _PUBLIC}
    del shown["etag"]
    return with_etag(workspace.ids, shown | ({"customSchemas": custom} if custom else {}))


def check_public(workspace: Workspace, clauses: tuple[Clause, ...], *, deleted: bool) -> None:
    """Refuse (403) to search the public view by what it does not show, and to list the deleted."""
    if deleted or not all(_is_public(workspace, clause.field) for clause in clauses):
        raise forbidden()


def _is_public(workspace: Workspace, searched: str) -> bool:
    schema, _, name = searched.partition(".")
    if name:
        fields = workspace.schemas.get(schema, {}).get("fields", ())
        hidden = {it["fieldName"] for it in fields if it["readAccessType"] != _EVERYBODY}
        return name not in hidden
    return searched not in FLAGS and searched != "orgUnitPath"


def _public_values(workspace: Workspace, custom: Json) -> Json:
    open_fields = {
        name: {
            field["fieldName"]
            for field in workspace.schemas[name]["fields"]
            if field["readAccessType"] == _EVERYBODY
        }
        for name in custom
    }
    kept = {
        name: {field: value for field, value in values.items() if field in open_fields[name]}
        for name, values in custom.items()
    }
    return {name: values for name, values in kept.items() if values}
