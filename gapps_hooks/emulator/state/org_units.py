"""The rules of the tree of org units: insert, get, list, change, move, delete.

It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.organisation import check_customer
from gapps_hooks.emulator.state.records import Json, OrgUnit
from gapps_hooks.emulator.state.shown import show_org_unit, with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_DEEPEST = 35
_MOST = 40_000


def insert(workspace: Workspace, key: str, body: Json) -> Json:
    """Create an org unit of a name under ``parentOrgUnitPath`` or ``parentOrgUnitId``."""
    check_customer(workspace, key)
    path = _free_path(workspace, _parent_of(workspace, body, "/"), body.get("name"))
    if len(workspace.org_units) >= _MOST:
        raise api_errors.condition_not_met("Limit reached: orgUnits")
    description = str(body.get("description") or "")
    unit = OrgUnit(id=workspace.ids.org_unit(), path=path, description=description)
    workspace.org_units[path] = unit
    return _shown(workspace, unit)


def get(workspace: Workspace, key: str, path: str) -> Json:
    """Return an org unit, found by path without its first slash, or by id."""
    check_customer(workspace, key)
    return _shown(workspace, _find(workspace, path))


def listed(workspace: Workspace, key: str, start: str, which: str) -> Json:
    """Return the org units below a path: ``children``, ``all``, or ``allIncludingParent``."""
    check_customer(workspace, key)
    root = _find(workspace, start).path
    units = [
        unit for path, unit in sorted(workspace.org_units.items()) if _listed(path, root, which)
    ]
    shown: Json = {"kind": "admin#directory#orgUnits"}
    if units:
        shown["organizationUnits"] = [_shown(workspace, unit) for unit in units]
    return with_etag(workspace.ids, shown)


def patch(workspace: Workspace, key: str, path: str, body: Json) -> Json:
    """Change what the body names; a new name or parent takes everything below along."""
    check_customer(workspace, key)
    unit = _find(workspace, path)
    parent, _, name = unit.path.rpartition("/")
    new_parent = _parent_of(workspace, body, parent or "/")
    new_name = body.get("name", name)
    if (new_parent, new_name) != (parent or "/", name):
        _check_movable(unit, new_parent)
        _move(workspace, unit, _free_path(workspace, new_parent, new_name))
    if "description" in body:
        unit.description = str(body["description"] or "")
    return _shown(workspace, unit)


def delete(workspace: Workspace, key: str, path: str) -> None:
    """Delete an empty org unit; 412 while units or users are in it."""
    check_customer(workspace, key)
    unit = _find(workspace, path)
    below = any(_parent(other) == unit.path for other in workspace.org_units if other != "/")
    if unit.path == "/" or below or _has_users(workspace, unit):
        raise api_errors.condition_not_met("Org unit can't be deleted: it is not empty.")
    del workspace.org_units[unit.path]


def _parent_of(workspace: Workspace, body: Json, known: str) -> str:
    wanted = body.get("parentOrgUnitId") or body.get("parentOrgUnitPath") or known
    for unit in _named(workspace, str(wanted)):
        return unit.path
    raise api_errors.invalid_input("INVALID_OU_ID")


def _free_path(workspace: Workspace, parent: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip() or "/" in name:
        raise api_errors.invalid_input("INVALID_OU_ID")
    path = f"{parent.rstrip('/')}/{name}"
    if path in workspace.org_units:
        raise api_errors.duplicate("Org unit already exists")
    if path.count("/") > _DEEPEST:
        raise api_errors.invalid_input("INVALID_OU_ID")
    return path


def _check_movable(unit: OrgUnit, new_parent: str) -> None:
    """Refuse to move the root, or a unit below itself."""
    if unit.path == "/" or f"{new_parent}/".startswith(f"{unit.path}/"):
        raise api_errors.invalid_input("INVALID_OU_ID")


def _move(workspace: Workspace, unit: OrgUnit, path: str) -> None:
    old = unit.path
    moved = {
        other: path + other.removeprefix(old)
        for other in workspace.org_units
        if f"{other}/".startswith(f"{old}/")
    }
    for before, after in moved.items():
        changed = workspace.org_units.pop(before)
        changed.path = after
        workspace.org_units[after] = changed
    for user in workspace.users.values():
        user.org_unit = moved.get(user.org_unit, user.org_unit)


def _has_users(workspace: Workspace, unit: OrgUnit) -> bool:
    return any(user.org_unit == unit.path for user in workspace.users.values())


def _find(workspace: Workspace, key: str) -> OrgUnit:
    for unit in _named(workspace, key):
        return unit
    raise api_errors.not_found("orgUnitPath")


def _named(workspace: Workspace, key: str) -> Iterator[OrgUnit]:
    if unit := workspace.org_units.get(f"/{key.strip('/')}"):
        yield unit
    yield from (unit for unit in workspace.org_units.values() if unit.id == key)


def _listed(path: str, root: str, which: str) -> bool:
    if path == root:
        return which == "allIncludingParent"
    below = path.startswith(root.rstrip("/") + "/")
    return below and (which != "children" or _parent(path) == root)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _shown(workspace: Workspace, unit: OrgUnit) -> Json:
    return show_org_unit(unit, workspace.org_units[_parent(unit.path)], workspace.ids)
