"""A stand-in for an account manager's database: people and groups in one JSON file.

It must not know Google, nor call any hook.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Accounts:
    """People and groups with the keys that hooks.d/README.md lists."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._users: dict[str, dict[str, Any]] = {}
        self._groups: dict[str, dict[str, Any]] = {"staff": {"name": "staff", "members": []}}
        self._write()

    def add(self, username: str, given_name: str, family_name: str) -> None:
        """Add a person with an identity that is never given to anybody else."""
        self._users[username] = {
            "username": username,
            "given_name": given_name,
            "family_name": family_name,
            "id": f"entryUUID:{len(self._users) + 1:08d}-demo",
            "enabled": True,
        }
        self._write()

    def change(self, username: str, **fields: Any) -> None:  # noqa: ANN401 - any key of the contract
        """Change fields of a person."""
        self._users[username] |= fields
        self._write()

    def rename(self, username: str, to: str, **fields: Any) -> None:  # noqa: ANN401 - any key of the contract
        """Give a person another user name, in groups too."""
        self._users[to] = {**self._users.pop(username), "username": to, **fields}
        for group in self._groups.values():
            group["members"] = [to if name == username else name for name in group["members"]]
        self._write()

    def remove(self, username: str) -> None:
        """Remove a person, from groups too."""
        del self._users[username]
        for group in self._groups.values():
            group["members"] = [name for name in group["members"] if name != username]
        self._write()

    def group(self, name: str, *members: str) -> None:
        """Add a group, or say who is in it."""
        self._groups[name] = {"name": name, "members": list(members)}
        self._write()

    def _write(self) -> None:
        listing = {"users": list(self._users.values()), "groups": list(self._groups.values())}
        whole = self.file.with_suffix(".new")
        whole.write_text(json.dumps(listing, indent=1))
        whole.replace(self.file)
