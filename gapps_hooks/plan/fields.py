"""An account's fields in Google's words, and the difference between two states of them.

It must not know when a change is allowed: that is the rules' and the planners' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gapps_hooks.model import UNSET, Account, GoogleUser, Unset
from gapps_hooks.plan.rules import MARK_TYPE, Rules

#: The keys of a wanted state that are single values in Google's User resource.
_SINGLE: Final = ("givenName", "familyName", "orgUnitPath")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What has to be sent so that one state becomes another."""

    body: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    #: Digests of everything that holds afterwards, changed or not.
    delivers: Mapping[str, Any] = field(default_factory=dict)


def wanted_fields(account: Account) -> dict[str, Any]:
    """Name what the account says, by Google's field names; what it says nothing of is absent.

    ``employeeId`` and ``phones`` are parts of Google's externalIds and phones; keys of the
    account's ``extra`` stand as they are.
    """
    fields: dict[str, Any] = dict(_wanted_names(account))
    if not isinstance(account.org_unit, Unset):
        fields["orgUnitPath"] = account.org_unit or "/"
    if not isinstance(account.employee_id, Unset):
        fields["employeeId"] = account.employee_id
    if not isinstance(account.phones, Unset):
        fields["phones"] = account.phones
    return fields | dict(account.extra)


def _wanted_names(account: Account) -> dict[str, str]:
    named = {"givenName": account.given_name, "familyName": account.family_name}
    found = {key: value for key, value in named.items() if isinstance(value, str) and value}
    words = account.full_name.split() if isinstance(account.full_name, str) else []
    if words and not found:
        found = {"givenName": " ".join(words[:-1]) or words[-1], "familyName": words[-1]}
    return found


def create_body(address: str, account: Account, mark: Mapping[str, Any]) -> dict[str, Any]:
    """Make the body of users.insert, without the password; Google demands both names."""
    wanted = wanted_fields(account)
    given = wanted.pop("givenName", None) or wanted.get("familyName") or account.username
    family = wanted.pop("familyName", None) or given
    employee = wanted.pop("employeeId", None)
    phones = wanted.pop("phones", ())
    body: dict[str, Any] = {
        "primaryEmail": address,
        "name": {"givenName": given, "familyName": family},
        "externalIds": merge_external_ids((), mark=mark, employee=employee),
    }
    if phones:
        body["phones"] = merge_phones((), phones, lambda _: False)
    return body | wanted


def remember(account: Account, rules: Rules) -> dict[str, Any]:
    """Digest what the account says, as the link remembers it."""
    return {
        key: rules.digests(value) if key == "phones" else rules.digest(value)
        for key, value in wanted_fields(account).items()
    }


def differ_from_memory(account: Account, delivered: Mapping[str, Any], rules: Rules) -> set[str]:
    """Name the wanted fields whose last delivered digest is another one, or none."""
    return _unlike(remember(account, rules), delivered)


def _unlike(now: Mapping[str, Any], delivered: Mapping[str, Any]) -> set[str]:
    return {key for key, digest in now.items() if _known(delivered.get(key)) != digest}


def _known(digest: Any) -> Any:  # noqa: ANN401 - a digest, a list of them from JSON, or None
    return tuple(digest) if isinstance(digest, list) else digest


def differ_from_actual(
    account: Account,
    actual: GoogleUser,
    delivered: Mapping[str, Any],
    rules: Rules,
    mark: Mapping[str, Any] | None,
) -> Difference:
    """Compare what is wanted with what Google answered, three ways for multi-valued fields."""
    wanted = wanted_fields(account)
    body: dict[str, Any] = {}
    before: dict[str, Any] = {}
    present = {
        "givenName": actual.given_name,
        "familyName": actual.family_name,
        "orgUnitPath": actual.org_unit_path,
    }
    for key in _SINGLE:
        if key in wanted and wanted[key] != present[key]:
            put(body, key, wanted[key])
            put(before, key, present[key])
    body |= _differ_external_ids(wanted, actual, delivered, rules, mark)
    body |= _differ_phones(wanted, actual, delivered, rules)
    delivers = remember(account, rules)
    extra = _unlike(delivers, delivered) & account.extra.keys()
    body |= {key: wanted[key] for key in extra}
    return Difference(body=body, before=before, delivers=delivers)


def _differ_external_ids(
    wanted: Mapping[str, Any],
    actual: GoogleUser,
    delivered: Mapping[str, Any],
    rules: Rules,
    mark: Mapping[str, Any] | None,
) -> dict[str, Any]:
    ids = merge_external_ids(
        actual.external_ids,
        mark=mark,
        employee=wanted.get("employeeId", UNSET),
        is_ours=lambda value: rules.digest(value) == delivered.get("employeeId"),
    )
    unchanged = ids == [dict(entry) for entry in actual.external_ids]
    return {} if unchanged else {"externalIds": ids}


def _differ_phones(
    wanted: Mapping[str, Any], actual: GoogleUser, delivered: Mapping[str, Any], rules: Rules
) -> dict[str, Any]:
    if "phones" not in wanted:
        return {}
    ours = frozenset(delivered.get("phones", ()))
    phones = merge_phones(
        actual.phones, wanted["phones"], lambda value: rules.digest(value) in ours
    )
    unchanged = phones == [dict(entry) for entry in actual.phones]
    return {} if unchanged else {"phones": phones}


def put(body: dict[str, Any], key: str, value: object) -> None:
    """Set a field at its place in Google's User resource."""
    if key in {"givenName", "familyName"}:
        body.setdefault("name", {})[key] = value
    else:
        body[key] = value


def merge_external_ids(
    actual: Iterable[Mapping[str, Any]],
    *,
    mark: Mapping[str, Any] | None,
    employee: str | Unset | None,
    is_ours: Callable[[str], bool] = lambda _: False,
) -> list[dict[str, Any]]:
    """Put our mark and the employee id into externalIds, leaving every other entry as it is.

    ``is_ours`` says of an employee id whether we delivered it; only then another replaces it.
    UNSET leaves every employee id as it is.
    """
    kept = [
        dict(entry)
        for entry in actual
        if not (mark is not None and _is_ours(entry, mark))
        and not _is_former(entry, employee, is_ours)
    ]
    known = [entry.get("value") for entry in kept if entry.get("type") == "organization"]
    if employee and employee not in known:
        kept.append({"type": "organization", "value": employee})
    if mark is not None:
        kept.append(dict(mark))
    return _in_first_order(kept, actual)


def _is_former(
    entry: Mapping[str, Any], employee: str | Unset | None, is_ours: Callable[[str], bool]
) -> bool:
    if isinstance(employee, Unset) or entry.get("type") != "organization":
        return False
    return entry.get("value") != employee and is_ours(str(entry.get("value")))


def _is_ours(entry: Mapping[str, Any], mark: Mapping[str, Any]) -> bool:
    instance = str(mark["value"]).partition(":")[0]
    value = str(entry.get("value", ""))
    return entry.get("customType") == MARK_TYPE and value.startswith(f"{instance}:")


def _in_first_order(
    entries: list[dict[str, Any]], actual: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    # An unchanged set must compare equal to what Google holds, whatever the order of merging.
    order = [dict(entry) for entry in actual]
    known = [entry for entry in order if entry in entries]
    return known + [entry for entry in entries if entry not in known]


def merge_phones(
    actual: Iterable[Mapping[str, Any]],
    wanted: Iterable[str],
    is_ours: Callable[[str], bool],
) -> list[dict[str, Any]]:
    """Put the wanted phone numbers into phones; only numbers that we delivered are removed."""
    wished = list(dict.fromkeys(wanted))
    kept = [
        dict(entry)
        for entry in actual
        if entry.get("value") in wished or not is_ours(str(entry.get("value")))
    ]
    present = {entry.get("value") for entry in kept}
    return kept + [{"type": "work", "value": number} for number in wished if number not in present]
