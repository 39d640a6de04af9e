"""What the administrator in whose name a call is made may do.

It must not know tokens or scopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gapps_hooks.emulator.api_errors import domain_not_found, forbidden, invalid, undelegated
from gapps_hooks.emulator.state.records import User
from gapps_hooks.emulator.switches import Switches

_PUBLIC_CALLS: Final = frozenset({"users.get", "users.list"})


def check_administrator(caller: User | None) -> None:
    """Refuse (403) whoever is no administrator of any kind."""
    if caller is None or not (caller.is_admin or caller.is_delegated_admin):
        raise forbidden()


def check_caller(
    caller: User | None,
    call: str,
    parameters: Mapping[str, str],
    switches: Switches,
) -> None:
    """Refuse whoever may not make this call at all, whatever it is about.

    Any user may read what is public (``viewType=domain_public``). A service account in its own
    name belongs to no customer: it cannot say ``my_customer``, and groups of a member are asked
    with a customer or domain (seen live); without an administrator's role it may do nothing.
    """
    if is_public(parameters) and call in _PUBLIC_CALLS and caller and not caller.is_service_account:
        return
    if caller is None and call == "users.list":
        raise invalid("Invalid Input")
    if caller is None:
        raise undelegated(switches.undelegated_status)
    check_administrator(caller)
    own_name = caller.is_service_account
    if own_name and _is_homeless(parameters):
        raise invalid("Invalid Input")
    if own_name and call == "groups.list" and not parameters.keys() & {"customer", "domain"}:
        raise domain_not_found()


def is_public(parameters: Mapping[str, str]) -> bool:
    """Tell whether a call asks for what needs no administrator."""
    return parameters.get("viewType") == "domain_public"


def _is_homeless(parameters: Mapping[str, str]) -> bool:
    keys = ("customer", "customerId", "customerKey")
    return "my_customer" in {parameters.get(key) for key in keys}


def check_may_change(caller: User | None, target: User) -> None:
    """Refuse (403) a delegated administrator's change of a super administrator."""
    check_administrator(caller)
    if target.is_admin and not (caller and caller.is_admin):
        raise forbidden()


def check_super_administrator(caller: User | None) -> None:
    """Refuse (403) whoever is no super administrator."""
    if caller is None or not caller.is_admin:
        raise forbidden()
