"""The emulator as tests and programs hold it: one Google, its controls, and its in-process door.

It must not know sockets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import Flask

from gapps_hooks.emulator import discovery, seeds
from gapps_hooks.emulator.backend import Backend
from gapps_hooks.emulator.consents import Consent
from gapps_hooks.emulator.faults import Faults
from gapps_hooks.emulator.keys import ServiceAccountKey, new_key
from gapps_hooks.emulator.people import with_made_up
from gapps_hooks.emulator.routes.application import CALLS, application
from gapps_hooks.emulator.signin import AUDIENCE, Client
from gapps_hooks.emulator.state.users import suspend_by_google
from gapps_hooks.emulator.state.workspace import Workspace
from gapps_hooks.emulator.transport import InProcess

_KEY_ID = "{:040x}"


class Emulator(Backend):
    """One emulated Google for one customer.

    ``admins`` (None: admin@ the first domain) and ``delegated_admins`` are accounts that exist
    from the start; the first of ``domains`` is the primary one; ``clock`` tells seconds since the
    epoch; ``account_key`` saves making a service account key (a tenth of a second);
    ``sign_in_clock`` is the clock of assertions and tokens where it has to be another one, since
    Google's client signs by the machine's.
    """

    def __init__(  # noqa: PLR0913 - each has its default
        self,
        *,
        domains: tuple[str, ...] = ("example.org",),
        admins: tuple[str, ...] | None = None,
        delegated_admins: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        seed: int = 0,
        account_key: ServiceAccountKey | None = None,
        sign_in_clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(
            domains=domains,
            clock=clock,
            sleep=sleep,
            seed=seed,
            sign_in_clock=sign_in_clock,
        )
        self.faults = Faults(CALLS)
        self._admins = (f"admin@{domains[0]}",) if admins is None else admins
        self._delegated_admins = delegated_admins
        self.account_key = account_key or new_key(_KEY_ID.format(self.random.getrandbits(160)))
        self.accept(self.account_key)
        self._add_administrators(self.workspace)

    @cached_property
    def application(self) -> Flask:
        """The WSGI application that all doors open to."""
        return application(self)

    def key(self, token_uri: str = AUDIENCE) -> dict[str, Any]:
        """Return a service account key file's content, which this emulator accepts."""
        return self.account_key.as_json(token_uri)

    def accept(self, key: ServiceAccountKey) -> Client:
        """Accept a service account's key, with every scope of the emulated APIs delegated."""
        client = self.sign_in.clients.setdefault(key.email, Client(email=key.email))
        client.keys[key.key_id] = key.private.public_key()
        client.granted = _all_scopes()
        client.has_role = False
        return client

    def grant(self, *scopes: str) -> None:
        """Delegate these scopes, and no others, to the service account."""
        self.sign_in.clients[self.account_key.email].granted = frozenset(scopes)

    def assign_role(self) -> None:
        """Make the service account itself a delegated administrator, who needs no subject."""
        self.sign_in.clients[self.account_key.email].has_role = True

    def consent(
        self,
        address: str,
        token_uri: str = AUDIENCE,
        *,
        refresh_token: str = "",
        lasting: bool = False,
    ) -> dict[str, str]:
        """Return what an application keeps of a person's consent to every scope.

        It has the form of an ``authorized_user`` credentials file. ``refresh_token`` is that of a
        former run, "" for a new one; a ``lasting`` consent outlives a reset.
        """
        consent = Consent(
            client_id="1045060-emulator.apps.googleusercontent.com",
            client_secret="GOCSPX-emulator",  # noqa: S106 - protects nothing
            subject=address,
            scopes=_all_scopes(),
            lasting=lasting,
        )
        with self.lock:
            token = self.sign_in.consent(consent, refresh_token)
        return {
            "type": "authorized_user",
            "client_id": consent.client_id,
            "client_secret": consent.client_secret,
            "refresh_token": token,
            "token_uri": token_uri,
        }

    def revoke_key(self) -> None:
        """Delete the service account's key, as its owner can; a reset brings it back."""
        with self.lock:
            self.sign_in.revoke_key(self.account_key.email, self.account_key.key_id)

    def transport(self, timeout: float | None = 60.0) -> InProcess:
        """Return the in-process door, in the place of an httplib2.Http; ``timeout`` in seconds."""
        return InProcess(self.application, self.sleep, timeout)

    def reset(self) -> None:
        """Start anew with the administrators alone; clock, faults, log, switches, grants too."""
        with self.lock:
            self.forget()
            self.accept(self.account_key)
            self._add_administrators(self.workspace)

    def seed(self, document: Mapping[str, Any]) -> None:
        """Add users, groups and org units, past all windows and quotas; see docs/emulator.md.

        ``people`` (and ``groups`` as a number) makes some up, which needs Faker. Raises ValueError
        for what Google would refuse, and then nothing is added.
        """
        domain = self.workspace.addresses.domains[0]
        whole = with_made_up(document, domain, seed=self._seed)
        with self.lock:
            workspace = self.workspace.copy()
            seeds.load(workspace, whole)
            self.workspace = workspace

    def seed_people(self, people: int, groups: int = 0, locales: Sequence[str] = ()) -> None:
        """Add made-up people and groups in the primary domain; needs Faker.

        Raises ImportError without it, UnknownLocale for a locale that it does not have.
        """
        self.seed({"people": people, "groups": groups, "locales": [*locales]})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Hold what ``state`` told at another time, the administrators, and nothing else.

        Raises ValueError for a state that is none, and then nothing is changed.
        """
        with self.lock:
            workspace = self._new_workspace(self.workspace.addresses.domains)
            seeds.load(workspace, state)
            self._add_administrators(workspace)
            self.forget()
            self.workspace = workspace
            self.advance(float(state.get("clockAhead", 0.0)))
            workspace.ids.go_on(self.now())

    def state(self) -> dict[str, Any]:
        """Return everything held, in the form that ``seed`` takes; without passwords."""
        with self.lock:
            return seeds.dump(self.workspace) | {"clockAhead": self._advanced}

    def password_of(self, address: str) -> tuple[str | None, str] | None:
        """Return (hashFunction or None for clear text, value) as it was last sent; for tests."""
        with self.lock:
            user = self.workspace.user_at(address)
            return user.password if user else None

    def suspend(self, address: str, reason: str = "ABUSE") -> None:
        """Suspend an account as Google itself does; an administrator cannot lift it."""
        with self.lock:
            user = self.workspace.user_at(address)
            if user is None:
                raise LookupError(f"nobody has the address {address}; see GET /state")
            suspend_by_google(self.workspace, user, reason)

    def _add_administrators(self, workspace: Workspace) -> None:
        seeds.load(
            workspace,
            {
                "users": [
                    *({"primaryEmail": address, "isAdmin": True} for address in self._admins),
                    *(
                        {"primaryEmail": address, "isDelegatedAdmin": True}
                        for address in self._delegated_admins
                    ),
                ]
            },
        )


def _all_scopes() -> frozenset[str]:
    return frozenset(scope for method in discovery.methods() for scope in method.scopes)
