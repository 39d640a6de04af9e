"""The hook specifications: what account managers call, and what an organisation's policy answers.

It must not know who calls or answers, and imports nothing but pluggy, so that a policy loads fast.

Every hook is called with keywords only; an implementation names just the arguments that it wants.
Of several implementations the one loaded last is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    from gapps_hooks.model import Account, Change, Outcome, Unset

__all__ = [
    "POLICY_PREFIX",
    "gapps_attributes",
    "gapps_choose_address",
    "gapps_groups",
    "gapps_org_unit",
    "gapps_outcome",
    "gapps_veto",
    "group_change",
    "hookimpl",
    "hookspec",
    "password_set",
    "reconcile",
    "user_add",
    "user_delete",
    "user_modify",
]

hookspec: Final = pluggy.HookspecMarker("gapps_hooks")
#: Marks a function as the implementation of the hook whose name it has.
hookimpl: Final = pluggy.HookimplMarker("gapps_hooks")

#: How the names of the hooks that a policy answers begin.
POLICY_PREFIX: Final = "gapps_"


# --- inward: what an account manager calls --------------------------------------------------------


@hookspec
def user_add(username: str, payload: Mapping[str, Any] | None) -> object:
    """Say that a user was added.

    Called by the account manager once the user is there, once or more often: a repeat does no
    harm. ``payload`` is the user object that hooks.d/README.md describes (what is absent
    is unchanged); None means that the source is read. An implementation returns what became of the
    event, an object with ``exit`` and ``line`` as hooks.d prints them; None means that it has
    nothing to say. It may block for the settings' ``hooks.wait`` seconds and must not raise.
    """


@hookspec
def user_modify(username: str, payload: Mapping[str, Any] | None) -> object:
    """Say that a user's fields, state or name changed.

    Called after the change, once or more often. A new name comes as ``username``, the one before
    as ``old_username`` in ``payload``; None means that the source is read. Return value, blocking
    and raising are as for user_add.
    """


@hookspec
def user_delete(username: str, payload: Mapping[str, Any] | None) -> object:
    """Say that a user was removed; the Google account is suspended, never deleted.

    Called after the removal, once or more often. ``payload`` may carry the ``id`` that the user
    had; None means that nothing more is known. Return value, blocking and raising are as for
    user_add.
    """


@hookspec
def group_change(group: str, payload: Mapping[str, Any] | None) -> object:
    """Say that a group was added, changed or removed.

    Called after the change, once or more often. ``payload`` holds the group's whole ``members``,
    or ``deleted``; None means that the source is read. Return value, blocking and raising are as
    for user_add.
    """


@hookspec
def password_set(username: str, payload: Mapping[str, Any] | None) -> object:
    """Say that a user's password was set.

    Called each time, with ``password`` or ``password_hash`` in ``payload``; None means that the
    stored hash is read from the source. An implementation hashes a clear text before it does
    anything else and keeps no reference to it. Return value, blocking and raising are as for
    user_add.
    """


@hookspec
def reconcile() -> object:
    """Say that the whole directory is to be compared with Google now.

    Called by hand or by a timer. It may block for as long as the comparison takes, which for a
    first one is hours. Return value and raising are as for user_add.
    """


# --- outward: what an organisation's policy answers -----------------------------------------------


@hookspec(firstresult=True)
def gapps_choose_address(account: Account) -> str | None:
    """Choose the primary Google address of a person.

    Called whenever a person is planned: at each delivery and once a person in a reconcile. Return
    the whole address; it is used in lower case. None means no opinion: the next implementation is
    asked, at last ours (the account's vouched address, else ``username@domain``). Give the same
    answer for the same account, for another one renames the account at Google. It must not block;
    raising makes the entry wait.
    """


@hookspec
def gapps_attributes(account: Account) -> Mapping[str, Any] | None:
    """Name fields of Google's User resource to add or change before they are sent.

    Called whenever a person is planned. Return a mapping of top-level fields, such as
    ``{"organizations": […]}``; the answers of all implementations are merged, the one loaded last
    wins. Fields that have a hook or a rule of their own (password, suspended, primaryEmail,
    orgUnitPath, name …) are refused. None means nothing to add. It must not block; raising makes
    the entry wait.
    """


@hookspec(firstresult=True)
def gapps_org_unit(account: Account) -> str | Unset | None:
    """Choose a person's organisational unit.

    Called whenever a person is planned. Return the path, beginning with a slash; the unit must
    exist at Google. None means no opinion: the next implementation is asked, at last ours (what
    the account manager says). It must not block; raising makes the entry wait.
    """


@hookspec
def gapps_groups(account: Account) -> Iterable[str] | None:
    """Name further groups that a person is to be a member of.

    Called whenever a person is planned. Return the groups' names or addresses; the answers of all
    implementations are joined. None means no further group. It must not block; raising makes the
    entry wait.
    """


@hookspec(firstresult=True)
def gapps_veto(change: Change, account: Account | None) -> str | None:
    """Forbid one change at Google.

    Called once for each change, just before it is sent, and in a dry run. ``change`` never holds
    the password. ``account`` is the person as the account manager has them; None for a change to
    a group and for a person who is gone. Return the reason as a sentence: the change is not made
    and the entry is buried with it. None means that this implementation allows the change. It must
    not block; raising makes the entry wait.
    """


@hookspec
def gapps_outcome(outcome: Outcome) -> None:
    """Hear what became of an entry.

    Called once after every delivery, also a repeated one, with ``verdict``, ``name``, ``line`` and
    the changes that Google confirmed; never with a password. What it returns is ignored. It may
    block for a moment, which the hook waits for; raising is written to the system log and changes
    nothing.
    """
