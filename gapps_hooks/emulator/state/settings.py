"""The rules of Groups Settings: booleans are strings, and some fields govern others.

It must not know HTTP, nor members.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gapps_hooks.emulator.api_errors import ApiError, invalid
from gapps_hooks.emulator.state.group_texts import checked_texts
from gapps_hooks.emulator.state.records import Group, Json
from gapps_hooks.emulator.switches import Switches

_ANYONE, _DOMAIN = "ANYONE_CAN_{}", "ALL_IN_DOMAIN_CAN_{}"
_MEMBERS, _MANAGERS = "ALL_MEMBERS_CAN_{}", "ALL_MANAGERS_CAN_{}"
_OWNERS, _NONE = "ALL_OWNERS_CAN_{}", "NONE_CAN_{}"


def _who(verb: str, *audiences: str) -> frozenset[str]:
    return frozenset(audience.format(verb) for audience in audiences)


#: The values that Google's reference lists, for the fields that have such a list.
_VALUES: Final = MappingProxyType(
    {
        "whoCanJoin": _who("JOIN", _ANYONE, _DOMAIN, "INVITED_CAN_{}") | {"CAN_REQUEST_TO_JOIN"},
        "whoCanViewMembership": _who("VIEW", _DOMAIN, _MEMBERS, _MANAGERS, _OWNERS),
        "whoCanViewGroup": _who("VIEW", _ANYONE, _DOMAIN, _MEMBERS, _MANAGERS, _OWNERS),
        "whoCanPostMessage": _who("POST", _ANYONE, _DOMAIN, _MEMBERS, _MANAGERS, _OWNERS, _NONE),
        "whoCanLeaveGroup": _who("LEAVE", _MEMBERS, _MANAGERS, _OWNERS, _NONE),
        "whoCanContactOwner": _who("CONTACT", _ANYONE, _DOMAIN, _MEMBERS, _MANAGERS, _OWNERS),
        "whoCanDiscoverGroup": _who("DISCOVER", _ANYONE, _DOMAIN, _MEMBERS),
        "messageModerationLevel": frozenset(
            {"MODERATE_ALL_MESSAGES", "MODERATE_NON_MEMBERS", "MODERATE_NEW_MEMBERS"}
        )
        | {"MODERATE_NONE"},
        "spamModerationLevel": frozenset({"ALLOW", "MODERATE", "SILENTLY_MODERATE", "REJECT"}),
        "replyTo": frozenset(
            f"REPLY_TO_{whom}"
            for whom in ("CUSTOM", "SENDER", "LIST", "OWNER", "IGNORE", "MANAGERS")
        ),
    }
)

#: What a group created through the Directory API starts with (help 10427204).
_INITIAL: Final = MappingProxyType(
    {
        "whoCanJoin": "CAN_REQUEST_TO_JOIN",
        "whoCanViewMembership": "ALL_MEMBERS_CAN_VIEW",
        "whoCanViewGroup": "ALL_IN_DOMAIN_CAN_VIEW",
        "whoCanDiscoverGroup": "ALL_IN_DOMAIN_CAN_DISCOVER",
        "whoCanInvite": "ALL_MANAGERS_CAN_INVITE",
        "whoCanAdd": "ALL_MANAGERS_CAN_ADD",
        "whoCanModerateMembers": "OWNERS_AND_MANAGERS",
        "whoCanModerateContent": "OWNERS_AND_MANAGERS",
        "whoCanAssistContent": "NONE",
        "whoCanApproveMembers": "ALL_MANAGERS_CAN_APPROVE",
        "whoCanPostMessage": "ANYONE_CAN_POST",
        "whoCanLeaveGroup": "ALL_MEMBERS_CAN_LEAVE",
        "whoCanContactOwner": "ANYONE_CAN_CONTACT",
        "messageModerationLevel": "MODERATE_NONE",
        "spamModerationLevel": "MODERATE",
        "replyTo": "REPLY_TO_IGNORE",
        "customReplyTo": "",
        "customFooterText": "",
        "defaultMessageDenyNotificationText": "",
        "primaryLanguage": "en",
        "maxMessageBytes": 26214400,
        "allowExternalMembers": "false",
        "allowWebPosting": "true",
        "archiveOnly": "false",
        "isArchived": "false",
        "membersCanPostAsTheGroup": "false",
        "includeInGlobalAddressList": "true",
        "includeCustomFooter": "false",
        "sendMessageDenyNotification": "false",
        "enableCollaborativeInbox": "false",
        "customRolesEnabledForSettingsToBeMerged": "false",
    }
)
_BOOLEANS: Final = frozenset(key for key, value in _INITIAL.items() if value in {"true", "false"})
#: Shown here, but changed elsewhere or by Google alone.
_READ_ONLY: Final = frozenset({"kind", "email", "customRolesEnabledForSettingsToBeMerged"})
_BREADTH: Final = ("OWNERS", "MANAGERS", "MEMBERS", "DOMAIN", "ANYONE")


def initial_settings(switches: Switches) -> Json:
    """Return the settings of a new group, which the organisation's own policy governs too."""
    settings = {**_INITIAL, "whoCanViewMembership": switches.members_visible_to}
    private = {"whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST"}
    return settings | (private if switches.private_groups else {})


def show(group: Group) -> Json:
    """Return the settings resource."""
    own = {
        "kind": "groupsSettings#groups",
        "email": group.address,
        "name": group.name,
        "description": group.description,
    }
    return own | group.settings


def change(group: Group, body: Mapping[str, Any], switches: Switches) -> Json:
    """Change what the body names; 400 for a value or combination that Google refuses."""
    texts = checked_texts(switches, body, group.name, group.description)
    new = {key: value for key, value in body.items() if key in _INITIAL.keys() - _READ_ONLY}
    for key, value in new.items():
        _check(key, value)
    settings = _governed(group.settings | new, group.settings, new)
    _check_together(settings, private=switches.private_groups)
    group.settings = settings
    group.name, group.description = texts
    return show(group)


def _check(key: str, value: object) -> None:
    if key in _BOOLEANS:
        good = value in ("true", "false")
    elif key in _VALUES:
        good = isinstance(value, str) and value in _VALUES[key]
    else:
        good = isinstance(value, type(_INITIAL[key]))
    if not good:
        raise invalid("Invalid attribute value")


def _governed(settings: Json, old: Json, new: Json) -> Json:
    """Let archiveOnly decide who can post, as the reference says."""
    if new.get("archiveOnly") == "true":
        return settings | {"whoCanPostMessage": "NONE_CAN_POST"}
    if new.get("archiveOnly") == "false" and old["archiveOnly"] == "true":
        return settings | {"whoCanPostMessage": "ALL_MANAGERS_CAN_POST"}
    return settings


def _check_together(settings: Json, *, private: bool) -> None:
    nobody_posts = settings["whoCanPostMessage"] == "NONE_CAN_POST"
    if nobody_posts != (settings["archiveOnly"] == "true"):
        raise _refused("WHO_CAN_POST_MESSAGE_CONTRADICTS_ARCHIVE_ONLY")
    if private and settings["whoCanPostMessage"] == "ANYONE_CAN_POST":
        raise _refused("ANYONE_CAN_POST_IS_NOT_ALLOWED_IN_THIS_DOMAIN")
    if _breadth(settings["whoCanViewMembership"]) > _breadth(settings["whoCanViewGroup"]):
        raise _refused("WHO_CAN_VIEW_MEMBERSHIP_CANNOT_BE_BROADER_THAN_WHO_CAN_SEE_GROUP")


def _breadth(value: str) -> int:
    return next(index for index, word in enumerate(_BREADTH) if word in value)


def _refused(rule: str) -> ApiError:
    error = invalid(f"Failed request validation in update settings: {rule}")
    error.reason = "invalidArgument"
    return error
