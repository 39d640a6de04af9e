"""The rule of a group's name and description, which two APIs change.

It must not know the rest of a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator.api_errors import invalid_input
from gapps_hooks.emulator.switches import Switches


def checked_texts(
    switches: Switches, body: Mapping[str, Any], name: str, description: str
) -> tuple[str, str]:
    """Return name and description after a write: absent is kept, null clears; 400 for too long."""
    name = body.get("name", name) or ""
    description = body.get("description", description) or ""
    if not (isinstance(name, str) and len(name) <= switches.group_name_length):
        raise invalid_input("name")
    if not (isinstance(description, str) and len(description) <= switches.description_length):
        raise invalid_input("description")
    return name, description
