"""Everything that answering a request needs: Workspace, sign-in, switches, faults, quotas, log.

It must not know HTTP.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.discovery import Method
from gapps_hooks.emulator.faults import Faults
from gapps_hooks.emulator.quota import Quotas
from gapps_hooks.emulator.request_log import RequestLog
from gapps_hooks.emulator.signin import SignIn, Token
from gapps_hooks.emulator.state.records import User
from gapps_hooks.emulator.state.rights import check_caller
from gapps_hooks.emulator.state.workspace import Workspace
from gapps_hooks.emulator.switches import Switches

#: The Cloud project to which all calls are counted.
PROJECT = "104076346589"
_MOST_IN_A_BATCH = 1000
_MINUTE = 60.0
_DAY = 86400.0


class Backend:
    """One emulated Google; ``lock`` guards all of it.

    ``clock`` tells seconds since the epoch, ``sleep`` waits for seconds. ``sign_in_clock`` is for
    tests that move the clock: Google's client libraries sign in by the real time.
    """

    def __init__(
        self,
        *,
        domains: tuple[str, ...],
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        seed: int,
        sign_in_clock: Callable[[], float] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.switches = Switches()
        self.faults = Faults()
        self.requests = RequestLog()
        #: How often everything began anew: what was asked before concerns another Google.
        self.beginnings = 0
        self.sleep = sleep
        self.random = random.Random(seed)  # noqa: S311 - reproducible, and protects nothing
        self._clock = clock
        self._advanced = 0.0
        self._seed = seed
        self.quotas = Quotas(self.now)
        self.workspace = self._new_workspace(domains)
        self.sign_in = SignIn(now=sign_in_clock or clock, new_token=self._new_token, subjects=self)

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._clock() + self._advanced

    def advance(self, seconds: float) -> None:
        """Set the clock forward; sign-in keeps its own, by which the clients sign."""
        self._advanced += seconds

    def may_sign_in(self, address: str) -> bool:
        """Tell whether the address is a live account that is not suspended."""
        user = self.workspace.user_at(address)
        return user is not None and not user.suspended

    def token_error(self) -> str:
        """Return which refusal the token endpoint answers with (switch ``token_error``)."""
        return self.switches.token_error

    def admit(
        self, method: Method, access_token: str, parameters: Mapping[str, str]
    ) -> User | None:
        """Return in whose name a call is made (None: a service account without a role).

        ``parameters`` are those of the path and of the query.

        401 without a good token, 403 for a switched-off API, a missing scope, a used-up quota, or
        somebody who is no administrator.
        """
        token = self._checked(access_token)
        if method.api.name in self.switches.disabled_apis:
            raise api_errors.api_disabled(method.api.title, method.api.host, PROJECT)
        served = token.audience.rstrip("/") == f"https://{method.api.host}"
        if not (served or token.scopes & set(method.scopes)):
            raise api_errors.insufficient_scopes(
                method.scopes, method.api.host, method.name, old=self.switches.old_wording
            )
        if self.switches.domain_cannot_use_apis:
            raise api_errors.domain_cannot_use_apis()
        named = parameters.get("quotaUser")
        who = f"quotaUser {named}" if named else f"user {token.subject or token.client}"
        self._check_quotas(who, method)
        caller = self._caller(token)
        check_caller(caller, method.name, parameters, self.switches)
        return caller

    def check_batch(self, calls: int) -> None:
        """Refuse (400) a batch of more calls than Google takes."""
        if calls > _MOST_IN_A_BATCH:
            raise api_errors.bad_request(
                f"The batch request contains more than {_MOST_IN_A_BATCH} calls"
            )

    def forget(self) -> None:
        """Start anew: an empty Workspace, no tokens, faults, log or quotas, all switches off.

        Of the consents only the lasting ones are left.
        """
        with self.lock:
            self.beginnings += 1
            self.workspace = self._new_workspace(self.workspace.addresses.domains)
            self.sign_in.forget()
            self.faults.clear()
            self.requests.clear()
            self.quotas.clear()
            self.switches.reset()
            self._advanced = 0.0

    def _checked(self, access_token: str) -> Token:
        if not access_token:
            raise api_errors.login_required()
        token = self.sign_in.token(access_token)
        if token is None:
            raise api_errors.invalid_credentials(old=self.switches.old_wording)
        return token

    def _caller(self, token: Token) -> User | None:
        if token.subject is not None:
            return self.workspace.user_at(token.subject)
        if not self.sign_in.clients[token.client].has_role:
            return None
        return User(
            id="",
            address=token.client,
            created_at=0.0,
            is_delegated_admin=True,
            is_service_account=True,
        )

    def _check_quotas(self, who: str, method: Method) -> None:
        switches = self.switches
        a_minute = switches.requests_per_minute
        if a_minute and not self.quotas.take(who, size=a_minute, rate=a_minute / _MINUTE):
            raise api_errors.too_many_requests(
                switches.requests_reason, PROJECT, switches.requests_status
            )
        if not self._in_time("account", switches.account_per_second):
            raise api_errors.rate_limited()
        if method.name == "users.insert" and not self._in_time(
            "creations", switches.creations_per_second
        ):
            raise api_errors.creations_too_fast(switches.creations_status)
        changes_tree = method.name.startswith("orgunits.") and method.http_method != "GET"
        if changes_tree and not self._in_time("orgunits", switches.org_units_per_second):
            raise api_errors.too_fast()
        licences = method.api.name == "licensing"
        if licences and not self._in_time("licences", switches.licences_per_second):
            raise api_errors.too_fast()
        a_day = switches.settings_per_day if method.api.name == "groupssettings" else None
        if a_day and not self.quotas.take("settings", size=a_day, rate=a_day / _DAY):
            raise api_errors.daily_limit()

    def _in_time(self, what: str, a_second: float | None) -> bool:
        return not a_second or self.quotas.take(what, size=max(a_second, 1.0), rate=a_second)

    def _new_token(self) -> str:
        return self.workspace.ids.token()

    def _new_workspace(self, domains: tuple[str, ...]) -> Workspace:
        return Workspace(domains=domains, now=self.now, switches=self.switches, seed=self._seed)
