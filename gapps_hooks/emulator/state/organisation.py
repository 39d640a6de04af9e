"""The rules of the customer, its domains and their aliases.

It must not know HTTP.
"""

from __future__ import annotations

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.records import Json
from gapps_hooks.emulator.state.shown import moment, with_etag
from gapps_hooks.emulator.state.workspace import Workspace

#: Google: 20 domain aliases in an account, whichever domains they are of.
_MOST_ALIASES = 20


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
    entries = [_domain(workspace, name) for name in workspace.addresses.domains]
    return with_etag(workspace.ids, {"kind": "admin#directory#domains", "domains": entries})


def domain(workspace: Workspace, key: str, name: str) -> Json:
    """Return one domain of the customer."""
    check_customer(workspace, key)
    if name.lower() not in workspace.addresses.domains:
        raise api_errors.not_found("domain")
    return _domain(workspace, name.lower())


def domain_aliases(workspace: Workspace, key: str, parent: str) -> Json:
    """Return the domain aliases of the customer, or ("" for all) of one domain."""
    check_customer(workspace, key)
    entries = [
        _domain_alias(workspace, alias)
        for alias, its_parent in workspace.addresses.domain_aliases.items()
        if parent in {"", its_parent}
    ]
    shown: Json = {"kind": "admin#directory#domainAliases"}
    return with_etag(workspace.ids, shown | ({"domainAliases": entries} if entries else {}))


def get_domain_alias(workspace: Workspace, key: str, alias: str) -> Json:
    """Return one domain alias."""
    check_customer(workspace, key)
    if alias.lower() not in workspace.addresses.domain_aliases:
        raise api_errors.not_found("domainAliasName")
    return _domain_alias(workspace, alias.lower())


def insert_domain_alias(workspace: Workspace, key: str, body: Json) -> Json:
    """Give a domain another name, under which all its addresses can be reached too."""
    check_customer(workspace, key)
    alias = str(body.get("domainAliasName") or "").lower()
    parent = str(body.get("parentDomainName") or "").lower()
    if "." not in alias:
        raise api_errors.invalid_input("domainAliasName")
    if parent not in workspace.addresses.domains:
        raise api_errors.not_found("parentDomainName")
    if alias in workspace.addresses.domain_aliases or alias in workspace.addresses.domains:
        raise api_errors.duplicate()
    if len(workspace.addresses.domain_aliases) >= _MOST_ALIASES:
        raise api_errors.condition_not_met("Limit reached: domainAliases")
    workspace.addresses.domain_aliases[alias] = parent
    return _domain_alias(workspace, alias)


def delete_domain_alias(workspace: Workspace, key: str, alias: str) -> None:
    """Take a domain's other name away."""
    get_domain_alias(workspace, key, alias)
    del workspace.addresses.domain_aliases[alias.lower()]


def check_customer(workspace: Workspace, key: str) -> None:
    """Refuse (404) another customer's key."""
    if key not in {"my_customer", workspace.ids.customer, *workspace.addresses.domains}:
        raise api_errors.not_found("customerKey")


def _domain(workspace: Workspace, name: str) -> Json:
    book = workspace.addresses
    shown = {
        "kind": "admin#directory#domain",
        "domainName": name,
        "isPrimary": name == book.domains[0],
        "verified": True,
        "creationTime": _milliseconds(workspace),
    }
    aliases = [alias for alias, parent in book.domain_aliases.items() if parent == name]
    if aliases:
        shown["domainAliases"] = [_domain_alias(workspace, alias) for alias in aliases]
    return with_etag(workspace.ids, shown)


def _domain_alias(workspace: Workspace, alias: str) -> Json:
    shown = {
        "kind": "admin#directory#domainAlias",
        "domainAliasName": alias,
        "parentDomainName": workspace.addresses.domain_aliases[alias],
        "verified": True,
        "creationTime": _milliseconds(workspace),
    }
    return with_etag(workspace.ids, shown)


def _milliseconds(workspace: Workspace) -> str:
    return str(int(workspace.created_at * 1000))
