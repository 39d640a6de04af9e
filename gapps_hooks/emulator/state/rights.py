"""What the administrator in whose name a call is made may do.

It must not know tokens or scopes.
"""

from __future__ import annotations

from gapps_hooks.emulator.api_errors import forbidden, invalid
from gapps_hooks.emulator.state.records import User


def check_administrator(caller: User | None, call: str = "") -> None:
    """Refuse (403) whoever is no administrator of any kind.

    A service account without a subject that lists users is told 400 ``Invalid Input`` (seen live).
    """
    if caller is None and call == "users.list":
        raise invalid("Invalid Input")
    if caller is None or not (caller.is_admin or caller.is_delegated_admin):
        raise forbidden()


def check_may_change(caller: User | None, target: User) -> None:
    """Refuse (403) a delegated administrator's change of a super administrator."""
    check_administrator(caller)
    if target.is_admin and not (caller and caller.is_admin):
        raise forbidden()


def check_super_administrator(caller: User | None) -> None:
    """Refuse (403) whoever is no super administrator."""
    if caller is None or not caller.is_admin:
        raise forbidden()
