"""What account managers say, validated: hook payloads and the entries of listings.

It must not know where the text came from, nor what becomes of the event.
"""

from gapps_hooks.payload.events import parse_event
from gapps_hooks.payload.fields import check_name
from gapps_hooks.payload.json_text import parse_json
from gapps_hooks.payload.listed import ListedUser, listed_group, listed_user
from gapps_hooks.payload.values import account_from, group_from

__all__ = [
    "ListedUser",
    "account_from",
    "check_name",
    "group_from",
    "listed_group",
    "listed_user",
    "parse_event",
    "parse_json",
]
