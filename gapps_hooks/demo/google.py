"""The emulated Google of the demonstration, over HTTP, and what is true there.

It must not know the story, nor who changes what.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from gapps_hooks.emulator import Emulator, RunningServer, serve

DOMAIN: Final = "example.org"
ADMIN: Final = f"admin@{DOMAIN}"


class EmulatedGoogle:
    """A Google Workspace of our own, which can go away and come back as it was."""

    def __init__(self) -> None:
        self.emulator = Emulator(domains=(DOMAIN,), admins=(), delegated_admins=(ADMIN,))
        self._server: RunningServer | None = None
        #: Where it is; the same again after it was away.
        self.url = ""

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()

    def come_back(self) -> None:
        """Answer again, at the same place."""
        # A port that we name may be taken again at once (SO_REUSEADDR), a free one may not.
        port = int(self.url.rpartition(":")[2] or _free_port())
        self._server = serve(self.emulator, port=port)
        self.url = self._server.url

    def go_away(self) -> None:
        """Refuse every connection."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def write_key(self, path: Path) -> None:
        """Write the service account's key file, for its owner's eyes only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.emulator.key(f"{self.url}/token")))

    def user(self, name: str) -> Mapping[str, Any]:
        """Return the User resource at ``name@domain``; empty if there is none."""
        return self._at(name, "users", "primaryEmail")

    def group(self, name: str) -> Mapping[str, Any]:
        """Return the Group resource at ``name@domain`` with its members; empty if none."""
        return self._at(name, "groups", "email")

    def members(self, name: str) -> set[str]:
        """Return the user parts of the addresses of a group's members."""
        members = self.group(name).get("members", ())
        return {member["email"].partition("@")[0] for member in members}

    def active(self, name: str) -> bool:
        """Whether there is such an account and it is not suspended."""
        user = self.user(name)
        return bool(user) and not user.get("suspended")

    def suspended(self, name: str) -> bool:
        """Whether there is such an account and it is suspended."""
        return bool(self.user(name).get("suspended"))

    def password(self, name: str) -> str:
        """Return what Google was given as a password, as ``function: value``."""
        function, value = self.emulator.password_of(f"{name}@{DOMAIN}") or ("", "")
        return f"{function}: {value}"

    def _at(self, name: str, collection: str, key: str) -> Mapping[str, Any]:
        address = f"{name}@{DOMAIN}"
        found = (one for one in self.emulator.state()[collection] if one[key] == address)
        return next(found, {})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
