"""Who may post to a group and join it -> a change.

It must not know its members or its addresses.
"""

from __future__ import annotations

from gapps_hooks.model import Change, Link, Verb
from gapps_hooks.plan.rules import Rules


def settings_change(address: str, google_id: str, rules: Rules) -> Change:
    """Close a group to the world, or open it as the settings say."""
    # Google lets anyone on the web post to a group that the API created (help 10427204).
    post = "ANYONE_CAN_POST" if rules.external_posting else "ALL_IN_DOMAIN_CAN_POST"
    return Change(
        verbs=(Verb.SET_GROUP_SETTINGS,),
        google_id=google_id,
        address=address,
        body={"whoCanPostMessage": post, "whoCanJoin": "INVITED_CAN_JOIN"},
        delivers={"whoCanPostMessage": rules.digest(post)},
    )


def settings_if_changed(link: Link, address: str, rules: Rules) -> tuple[Change, ...]:
    """Set what a group of ours may have that is not as it was delivered."""
    change = settings_change(address, link.google_id, rules)
    delivered = link.delivered.get("whoCanPostMessage")
    unchanged = delivered == change.delivers["whoCanPostMessage"]
    return () if unchanged or not link.created else (change,)
