"""The rules of the customer, its domains and its org units.

It must not know HTTP.
"""

from __future__ import annotations

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.records import Json, OrgUnit
from gapps_hooks.emulator.state.shown import moment, show_org_unit, with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_DEEPEST = 35


def customer(workspace: Workspace, key: str) -> Json:
    """Return the customer; ``my_customer``, its id and its domain are keys to it."""
    check_customer(workspace, key)
    shown = {
        "kind": "admin#directory#customer",
        "id": workspace.ids.customer,
        "customerDomain": workspace.addresses.domains[0],
        "customerCreationTime": moment(workspace.created_at),
        "language": "en",
    }
    return with_etag(workspace.ids, shown)


def domains(workspace: Workspace, key: str) -> Json:
    """Return every domain of the customer, the primary one first."""
    check_customer(workspace, key)
    entries = [
        with_etag(
            workspace.ids,
            {
                "kind": "admin#directory#domain",
                "domainName": name,
                "isPrimary": index == 0,
                "verified": True,
                "creationTime": str(int(workspace.created_at * 1000)),
            },
        )
        for index, name in enumerate(workspace.addresses.domains)
    ]
    return with_etag(workspace.ids, {"kind": "admin#directory#domains", "domains": entries})


def insert_org_unit(workspace: Workspace, key: str, body: Json) -> Json:
    """Create an org unit of a name under ``parentOrgUnitPath``."""
    check_customer(workspace, key)
    name, parent = body.get("name"), body.get("parentOrgUnitPath", "/")
    if parent not in workspace.org_units or not isinstance(name, str) or not name or "/" in name:
        raise api_errors.invalid_input("INVALID_OU_ID")
    path = f"{parent.rstrip('/')}/{name}"
    if path in workspace.org_units:
        raise api_errors.duplicate("Org unit already exists")
    if path.count("/") > _DEEPEST:
        raise api_errors.invalid_input("INVALID_OU_ID")
    description = str(body.get("description") or "")
    unit = OrgUnit(id=workspace.ids.org_unit(), path=path, description=description)
    workspace.org_units[path] = unit
    return _shown(workspace, unit)


def get_org_unit(workspace: Workspace, key: str, path: str) -> Json:
    """Return an org unit, found by path without its first slash, or by id."""
    check_customer(workspace, key)
    for unit in workspace.org_units.values():
        if unit.id == path or unit.path == f"/{path.lstrip('/')}":
            return _shown(workspace, unit)
    raise api_errors.not_found("orgUnitPath")


def list_org_units(workspace: Workspace, key: str, start: str, which: str) -> Json:
    """Return the org units below a path: ``children``, ``all``, or ``allIncludingParent``."""
    check_customer(workspace, key)
    root = f"/{start.strip('/')}"
    if root not in workspace.org_units:
        raise api_errors.not_found("orgUnitPath")
    units = [
        unit for path, unit in sorted(workspace.org_units.items()) if _listed(path, root, which)
    ]
    shown: Json = {"kind": "admin#directory#orgUnits"}
    if units:
        shown["organizationUnits"] = [_shown(workspace, unit) for unit in units]
    return with_etag(workspace.ids, shown)


def check_customer(workspace: Workspace, key: str) -> None:
    """Refuse (404) another customer's key."""
    if key not in {"my_customer", workspace.ids.customer, *workspace.addresses.domains}:
        raise api_errors.not_found("customerKey")


def _listed(path: str, root: str, which: str) -> bool:
    if path == root:
        return which == "allIncludingParent"
    below = path.startswith(root.rstrip("/") + "/")
    return below and (which != "children" or _parent(path) == root)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _shown(workspace: Workspace, unit: OrgUnit) -> Json:
    return show_org_unit(unit, workspace.org_units[_parent(unit.path)], workspace.ids)
