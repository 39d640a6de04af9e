"""The rules of custom schemas: which custom fields users may have, and of which form.

It must not know HTTP, nor who has which value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.ids import Identifiers
from gapps_hooks.emulator.state.organisation import check_customer
from gapps_hooks.emulator.state.records import Json
from gapps_hooks.emulator.state.shown import with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TYPES: Final = MappingProxyType(
    {
        "STRING": str,
        "INT64": (int, str),
        "BOOL": bool,
        "DOUBLE": (int, float, str),
        "EMAIL": str,
        "PHONE": str,
        "DATE": str,
    }
)
_READERS: Final = frozenset({"ALL_DOMAIN_USERS", "ADMINS_AND_SELF"})
_BAD_VALUE = "custom_schema"


def insert(workspace: Workspace, customer: str, body: Json) -> Json:
    """Declare a schema; required: schemaName and fields."""
    check_customer(workspace, customer)
    name = _checked_name(body.get("schemaName"), "schemaName")
    if name in workspace.schemas:
        raise api_errors.duplicate()
    schema = {
        "schemaId": workspace.ids.schema(),
        "schemaName": name,
        "displayName": str(body.get("displayName") or name),
        "fields": _fields(workspace.ids, body.get("fields"), {}),
    }
    workspace.schemas[name] = schema
    return _shown(workspace, schema)


def get(workspace: Workspace, customer: str, key: str) -> Json:
    """Return a schema, found by name or id."""
    check_customer(workspace, customer)
    return _shown(workspace, _find(workspace, key))


def listed(workspace: Workspace, customer: str) -> Json:
    """Return all schemas; without any the key is absent."""
    check_customer(workspace, customer)
    shown: Json = {"kind": "admin#directory#schemas"}
    if workspace.schemas:
        shown["schemas"] = [_shown(workspace, schema) for schema in workspace.schemas.values()]
    return with_etag(workspace.ids, shown)


def patch(workspace: Workspace, customer: str, key: str, body: Json) -> Json:
    """Change what the body names; fields are replaced whole, known names keep their ids."""
    check_customer(workspace, customer)
    schema = _find(workspace, key)
    new = dict(schema)
    if "fields" in body:
        known = {field["fieldName"]: field for field in schema["fields"]}
        new["fields"] = _fields(workspace.ids, body["fields"], known)
    if "displayName" in body:
        new["displayName"] = str(body["displayName"] or schema["schemaName"])
    if "schemaName" in body:
        new["schemaName"] = _checked_name(body["schemaName"], "schemaName")
        if new["schemaName"] != schema["schemaName"] and new["schemaName"] in workspace.schemas:
            raise api_errors.duplicate()
    _put(workspace, schema, new)
    return _shown(workspace, new)


def delete(workspace: Workspace, customer: str, key: str) -> None:
    """Take a schema away, and every user's values of it."""
    check_customer(workspace, customer)
    _put(workspace, _find(workspace, key), None)


def checked_values(workspace: Workspace, old: Json, new: object) -> Json:
    """Return a user's customSchemas after a write: absent is kept, null clears, at both levels.

    400 for a schema or field that is not declared, and for a value that is not of its type.
    """
    if not isinstance(new, Mapping):
        raise api_errors.invalid_input(_BAD_VALUE)
    result = dict(old)
    for name, values in new.items():
        fields = {field["fieldName"]: field for field in _declared(workspace, name)["fields"]}
        merged = {} if values is None else _merged(fields, result.get(name, {}), values)
        result[name] = merged
    return {name: values for name, values in result.items() if values}


def _merged(fields: Mapping[str, Json], old: Json, new: object) -> Json:
    if not isinstance(new, Mapping) or not new.keys() <= fields.keys():
        raise api_errors.invalid_input(_BAD_VALUE)
    for name, value in new.items():
        if value is not None and not _fits(fields[name], value):
            raise api_errors.invalid_input(_BAD_VALUE)
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def _fits(field: Json, value: object) -> bool:
    kind = _TYPES[field["fieldType"]]
    if not field.get("multiValued"):
        return _is(kind, value)
    entries = value if isinstance(value, list) else [None]
    return all(isinstance(it, Mapping) and _is(kind, it.get("value")) for it in entries)


def _is(kind: Any, value: object) -> bool:  # noqa: ANN401 - what isinstance takes
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _declared(workspace: Workspace, name: str) -> Json:
    schema = workspace.schemas.get(name)
    if schema is None:
        raise api_errors.invalid_input(_BAD_VALUE)
    return schema


def _find(workspace: Workspace, key: str) -> Json:
    for schema in workspace.schemas.values():
        if key in {schema["schemaId"], schema["schemaName"]}:
            return schema
    raise api_errors.not_found("schemaKey")


def _put(workspace: Workspace, old: Json, new: Json | None) -> None:
    """Put a changed schema (or none) in the place of the old one, and trim the users' values."""
    name = old["schemaName"]
    workspace.schemas = {
        (new or {})["schemaName"] if key == name else key: new or {} if key == name else schema
        for key, schema in workspace.schemas.items()
        if key != name or new is not None
    }
    kept = {field["fieldName"] for field in new["fields"]} if new else set()
    for user in (*workspace.users.values(), *workspace.deleted().values()):
        values = dict(user.profile.get("customSchemas", {}))
        trimmed = {key: it for key, it in values.pop(name, {}).items() if key in kept}
        if new and trimmed:
            values[new["schemaName"]] = trimmed
        user.profile.pop("customSchemas", None)
        user.profile |= {"customSchemas": values} if values else {}


def _fields(ids: Identifiers, fields: object, known: Mapping[str, Json]) -> list[Json]:
    if not isinstance(fields, list) or not fields:
        raise api_errors.required("Missing required field: fields")
    built = list(_built(ids, fields, known))
    if len({field["fieldName"] for field in built}) < len(built):
        raise api_errors.duplicate()
    return built


def _built(ids: Identifiers, fields: list[Any], known: Mapping[str, Json]) -> Iterator[Json]:
    for field in fields:
        if not isinstance(field, Mapping):
            raise api_errors.invalid_input("fields")
        name = _checked_name(field.get("fieldName"), "fieldName")
        kind, readers = field.get("fieldType"), field.get("readAccessType", "ALL_DOMAIN_USERS")
        if kind not in _TYPES or readers not in _READERS:
            raise api_errors.invalid_input("fieldType" if kind not in _TYPES else "readAccessType")
        optional = {
            key: field[key] for key in ("multiValued", "numericIndexingSpec") if field.get(key)
        }
        yield {
            "fieldId": known[name]["fieldId"] if name in known else ids.schema(),
            "fieldType": kind,
            "fieldName": name,
            "displayName": str(field.get("displayName") or name),
            "readAccessType": readers,
            "indexed": bool(field.get("indexed", True)),
            **optional,
        }


def _checked_name(name: object, field: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise api_errors.invalid_input(field)
    return name


def _shown(workspace: Workspace, schema: Json) -> Json:
    kind = "admin#directory#schema"
    fields = [
        with_etag(workspace.ids, {"kind": f"{kind}#fieldspec"} | field)
        for field in schema["fields"]
    ]
    return with_etag(workspace.ids, {"kind": kind} | schema | {"fields": fields})
