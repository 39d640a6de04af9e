"""Read the settings file, and collect everything that is wrong with it in one error.

It must not know what the settings are for.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pwd
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from gapps_hooks import trust
from gapps_hooks.errors import BadSettings, Complaint
from gapps_hooks.settings.values import Settings
from gapps_hooks.validation import complaints_of, nearest

_LONGEST: Final = 1 << 20
_NEEDED_IN_KEY: Final = ("client_email", "private_key", "token_uri")


def load_settings(path: Path, *, check_files: bool = True) -> Settings:
    """Read the settings.

    Args:
        path: the TOML file.
        check_files: whether its owner and mode, and the files that it names, are judged too.

    Raises:
        BadSettings: every complaint at once, each with key, value and remedy.
    """
    raw, status = _read(path)
    table = _table(path, raw)
    settings, complaints = _settings(path, table)
    if check_files:
        complaints += _file_complaints(path, status, table)
    if settings is None or complaints:
        raise BadSettings(complaints, str(path))
    return settings


def known_keys() -> tuple[str, ...]:
    """List every key of the settings file with its table: ``admin``, ``google.credentials``."""
    return tuple(key for key in _keys(Settings) if key != "path")


def _keys(shape: type, prefix: str = "") -> Iterator[str]:
    kinds = typing.get_type_hints(shape)
    for field in dataclasses.fields(shape):
        kind = kinds[field.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield from _keys(kind, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name


def _bad(path: Path, remedy: str) -> BadSettings:
    return BadSettings((Complaint(field="settings", value=str(path), remedy=remedy),))


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    try:
        return trust.read_regular(path, _LONGEST)
    except OSError as error:
        raise _bad(path, f"cannot be read ({error.strerror}); create it or name another") from None


def _table(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8 at byte {error.start}; save it as UTF-8"
    except RecursionError:
        wrong = "is nested too deeply; keep to the documented keys"
    except ValueError as error:  # TOMLDecodeError, and numbers with thousands of digits
        wrong = f"is not TOML: {error}; correct it"
    raise _bad(path, wrong)


def _settings(path: Path, table: Mapping[str, Any]) -> tuple[Settings | None, list[Complaint]]:
    # "path" is ours; in the file it is a key like any other that is not known
    unknown = [_unknown(("path",))] if "path" in table else []
    try:
        return TypeAdapter(Settings).validate_python({**table, "path": path}), unknown
    except ValidationError as error:
        found = complaints_of(error, known=_known_at)
    misplaced = {complaint.field: _elsewhere(complaint) for complaint in found}
    return None, unknown + [misplaced[complaint.field] or complaint for complaint in found]


def _known_at(location: tuple[int | str, ...]) -> Iterable[str]:
    prefix = "".join(f"{part}." for part in location)
    inner = [key.removeprefix(prefix) for key in known_keys() if key.startswith(prefix)]
    return {key.partition(".")[0] for key in inner}


def _unknown(location: tuple[str, ...]) -> Complaint:
    hint = nearest(location[-1], _known_at(location[:-1]))
    return Complaint(field=".".join(location), value=None, remedy=f"is not a known key{hint}")


def _elsewhere(complaint: Complaint) -> Complaint | None:
    """Say which table a known key belongs to, if it stands in another."""
    last = complaint.field.rpartition(".")[2]
    places = [key for key in known_keys() if key.rpartition(".")[2] == last]
    if not complaint.remedy.startswith("is not a known key") or not places:
        return None
    table, _, key = places[0].rpartition(".")
    where = f"[{table}]" if table else "the top of the file, above every [table]"
    return dataclasses.replace(complaint, remedy=f"is not known here; {key} belongs into {where}")


def _file_complaints(
    path: Path, status: os.stat_result, table: Mapping[str, Any]
) -> list[Complaint]:
    """Judge the files by what is written, so that this works beside other complaints too."""
    ours = frozenset({0, os.geteuid()})
    complaints = _judged("settings", path, status, ours, private=False)
    credentials = _path_at(table, "google", "credentials")
    if credentials:
        complaints += _credentials_complaints(credentials, ours | _owner(table))
    password = _path_at(table, "source", "password_file")
    if password:
        complaints += _password_complaints(password, ours | _owner(table))
    complaints += _certificates_complaints(table, "google", "ca_bundle")
    complaints += _certificates_complaints(table, "source", "ca_file")
    if _owner(table) is _NOBODY:
        remedy = "is not a user of this system; create it or name another"
        owner = str(table["state"]["owner"])
        complaints.append(Complaint(field="state.owner", value=repr(owner), remedy=remedy))
    return complaints


def _path_at(table: Mapping[str, Any], *keys: str) -> Path | None:
    value: Any = table
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    fine = isinstance(value, str) and value.isprintable() and Path(value).is_absolute()
    return Path(value) if fine else None


_NOBODY: Final = frozenset({-1})


def _owner(table: Mapping[str, Any]) -> frozenset[int]:
    """Return the id of state.owner; nothing if none is named, _NOBODY if there is no such user."""
    state = table.get("state")
    name = state.get("owner") if isinstance(state, dict) else None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return frozenset()
    try:
        return frozenset({pwd.getpwnam(name).pw_uid})
    except (KeyError, ValueError):
        return _NOBODY


def _judged(
    key: str, path: Path, status: os.stat_result, owners: frozenset[int], *, private: bool
) -> list[Complaint]:
    reason = trust.distrust(status, owners, private=private)
    reasons = [(path, reason)] if reason else []
    reasons += trust.distrusted_parents(path, owners)
    return [Complaint(field=key, value=str(place), remedy=why) for place, why in reasons]


def _credentials_complaints(path: Path, owners: frozenset[int]) -> list[Complaint]:
    key = "google.credentials"
    try:
        raw, status = trust.read_regular(path, _LONGEST)
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}); put the service account's key file there"
        return [Complaint(field=key, value=str(path), remedy=remedy)]
    complaints = _judged(key, path, status, owners, private=True)
    wrong = _what_is_wrong_with_key(raw)
    if wrong:
        complaints.append(Complaint(field=key, value=str(path), remedy=wrong))
    return complaints


def _password_complaints(path: Path, owners: frozenset[int]) -> list[Complaint]:
    key = "source.password_file"
    try:
        raw, status = trust.read_regular(path, _LONGEST)
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}); put the password of source.bind_dn there"
        return [Complaint(field=key, value=str(path), remedy=remedy)]
    complaints = _judged(key, path, status, owners, private=True)
    if not raw.rstrip(b"\r\n"):
        remedy = "is empty; put the password of source.bind_dn there, on one line"
        complaints.append(Complaint(field=key, value=str(path), remedy=remedy))
    return complaints


def _certificates_complaints(table: Mapping[str, Any], *keys: str) -> list[Complaint]:
    bundle = _path_at(table, *keys)
    if bundle is None or os.access(bundle, os.R_OK):
        return []
    remedy = "cannot be read; name a file of certificates in PEM"
    return [Complaint(field=".".join(keys), value=str(bundle), remedy=remedy)]


def _what_is_wrong_with_key(raw: bytes) -> str | None:
    try:
        key = json.loads(raw)
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, dict):
        return "is not a key file; download the service account's key as JSON"
    if key.get("type") != "service_account":
        return "is not the key of a service account; create one and download its key as JSON"
    for name in _NEEDED_IN_KEY:
        if not (isinstance(key.get(name), str) and key[name]):
            return f"has no {name}; download the service account's key again"
    return None
