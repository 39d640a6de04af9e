"""The hooks that a Python account manager calls: each ends where the scripts of hooks.d end.

It must not know what becomes of an event; an account manager whose pluggy manager has our
specifications loads this module through the entry point group ``gapps_hooks.account_manager``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.hookspecs import hookimpl
from gapps_hooks.installation import program
from gapps_hooks.model import EventKind

if TYPE_CHECKING:
    from gapps_hooks.handling import Answer


@hookimpl
def user_add(username: str, payload: Mapping[str, Any] | None) -> Answer:
    """Record that a user was added, and deliver it within the hook's wait."""
    return _fire(EventKind.USER_ADD, username, payload)


@hookimpl
def user_modify(username: str, payload: Mapping[str, Any] | None) -> Answer:
    """Record that a user was changed, and deliver it within the hook's wait."""
    return _fire(EventKind.USER_MODIFY, username, payload)


@hookimpl
def user_delete(username: str, payload: Mapping[str, Any] | None) -> Answer:
    """Record that a user was removed, and deliver it within the hook's wait."""
    return _fire(EventKind.USER_DELETE, username, payload)


@hookimpl
def group_change(group: str, payload: Mapping[str, Any] | None) -> Answer:
    """Record that a group was changed, and deliver it within the hook's wait."""
    return _fire(EventKind.GROUP_CHANGE, group, payload)


@hookimpl
def password_set(username: str, payload: Mapping[str, Any] | None) -> Answer:
    """Record that a password was set, and deliver it within the hook's wait."""
    return _fire(EventKind.PASSWORD_SET, username, payload)


@hookimpl
def reconcile() -> Answer:
    """Compare the whole directory with Google, in a process of its own."""
    # An account manager loads its plugins at every start, and seldom reconciles.
    import subprocess  # noqa: PLC0415 - for the reason above

    from gapps_hooks.handling import NOT_RECORDED, Answer  # noqa: PLC0415 - for the reason above

    try:
        command = (program(), EventKind.RECONCILE.value)
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except (GappsHooksError, OSError) as error:
        return Answer(NOT_RECORDED, str(error))
    said = (ended.returncode and ended.stderr.strip()) or ended.stdout.strip()
    return Answer(ended.returncode, said.rpartition("\n")[2])


def _fire(event: EventKind, subject: str, payload: Mapping[str, Any] | None) -> Answer:
    # An account manager loads its plugins at every start, and seldom changes an account.
    from gapps_hooks.handling import handle  # noqa: PLC0415 - for the reason above

    return handle(
        {
            "version": 1,
            "id": secrets.token_hex(16),
            "event": event.value,
            "subject": subject,
            "payload": payload,
            "settings": os.environ.get("GAPPS_HOOKS_CONFIG"),
            "defer": 0.0,
        }
    )
