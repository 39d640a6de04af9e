"""A small emulated Workspace with one moveable clock, for tests of its rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.state import groups, users
from gapps_hooks.emulator.state.records import User
from gapps_hooks.emulator.state.workspace import Workspace
from gapps_hooks.emulator.switches import Switches

Json = dict[str, Any]
START = 1_790_000_000.0


class World:
    """example.org and example.net, with a super and a delegated administrator."""

    def __init__(self) -> None:
        self.time = START
        self.switches = Switches()
        self.workspace = Workspace(
            domains=("example.org", "example.net"),
            now=lambda: self.time,
            switches=self.switches,
            seed=7,
        )
        self.boss = self._administrator("boss", is_admin=True)
        self.helper = self._administrator("helper", is_delegated_admin=True)

    def insert(self, name: str, /, **more: Any) -> Json:  # noqa: ANN401 - fields of a user body
        return users.insert(self.workspace, user_body(name, **more))

    def patch(self, key: str, **body: Any) -> Json:  # noqa: ANN401 - fields of a user body
        return users.patch(self.workspace, self.boss, key, body)

    def get(self, key: str) -> Json:
        return users.get(self.workspace, key)

    def group(self, name: str, /, **more: Any) -> Json:  # noqa: ANN401 - fields of a group body
        return groups.insert(self.workspace, {"email": f"{name}@example.org", **more})

    def _administrator(self, name: str, **flags: bool) -> User:
        known = users.insert(self.workspace, user_body(name))
        user = self.workspace.users[known["id"]]
        user.inserted_at = None
        for flag, value in flags.items():
            setattr(user, flag, value)
        return user


def user_body(local_part: str, /, **more: Any) -> Json:  # noqa: ANN401 - fields of a user body
    """Return the smallest body that users.insert takes."""
    return {
        "primaryEmail": f"{local_part}@example.org",
        "name": {"givenName": local_part, "familyName": "Example"},
        "password": "correct horse",
        **more,
    }


def refused(call: Any, *arguments: Any, **more: Any) -> tuple[int, str, str]:  # noqa: ANN401 - whatever the rule takes
    """Return (status, reason, message) of the error that the call ends in."""
    with pytest.raises(ApiError) as caught:
        call(*arguments, **more)
    return caught.value.status, caught.value.reason, caught.value.message


def without(body: Mapping[str, Any], *fields: str) -> Json:
    """Return the body without some fields."""
    return {key: value for key, value in body.items() if key not in fields}
