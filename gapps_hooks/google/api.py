"""Everything heavy behind a `Directory`: Google's client, its services and the sign-ins.

It must not know what the requests are for.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapps_hooks.google.boundaries import HttpObject, Observer, Pace
from gapps_hooks.google.calls import Caller
from gapps_hooks.google.services import build_service
from gapps_hooks.google.sign_in import (
    DIRECTORY_SCOPES,
    DOMAIN_SCOPES,
    GROUP_SETTINGS_SCOPES,
    ORG_UNIT_SCOPES,
    SignIn,
)
from gapps_hooks.google.transport import http_factory as real_http_factory

if TYPE_CHECKING:
    from gapps_hooks.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Google's client, opened: resources that make requests, and the caller that sends them.

    Making a resource costs a millisecond, so each is made once. The methods of a resource come
    from Google's description at run time, hence their type.
    """

    caller: Caller
    users: Any
    aliases: Any
    groups: Any
    group_aliases: Any
    members: Any
    domains: Any
    org_units: Any
    #: Makes the resource of the Groups Settings API, which few runs need.
    group_settings: Callable[[], Any]
    directory_sign_in: SignIn
    domain_sign_in: SignIn
    org_unit_sign_in: SignIn
    group_settings_sign_in: SignIn

    def keep_warm(self, token_for: float | None) -> None:
        """Have an open connection of this thread, and a token for so many seconds (None: any)."""
        if token_for is not None:
            self.caller.keep_fresh(self.directory_sign_in, token_for)
        self.caller.keep_warm(str(self.users.get(userKey="anybody").uri))  # it is not sent


def open_api(  # noqa: PLR0913 - each is a boundary of its own
    settings: Settings,
    *,
    pace: Pace,
    http_factory: Callable[[], HttpObject] | None,
    clock: Callable[[], float],
    wall_clock: Callable[[], float],
    sleep: Callable[[float], None],
    random: Callable[[], float],
    observe: Observer,
) -> Api:
    """Put Google's client together; nothing is read but its own files, nothing is sent."""
    _keep_quiet()
    google = settings.google
    caller = Caller(
        pace=pace,
        http_factory=http_factory
        or real_http_factory(
            timeout=google.timeout, ca_bundle=google.ca_bundle, proxy=google.proxy
        ),
        budget=google.timeout,
        clock=clock,
        sleep=sleep,
        random=random,
        observe=observe,
    )
    sign_in = functools.partial(
        SignIn,
        key_file=google.credentials,
        admin=settings.admin,
        clock=clock,
        wall_clock=wall_clock,
    )
    return _assemble(google.api_endpoint, caller, sign_in)


def _assemble(api_endpoint: str | None, caller: Caller, sign_in: Callable[..., SignIn]) -> Api:
    directory = build_service("admin", "directory_v1", api_endpoint)
    users, groups = directory.users(), directory.groups()
    return Api(
        caller=caller,
        users=users,
        aliases=users.aliases(),
        groups=groups,
        group_aliases=groups.aliases(),
        members=directory.members(),
        domains=directory.domains(),
        org_units=directory.orgunits(),
        group_settings=functools.cache(
            lambda: build_service("groupssettings", "v1", api_endpoint).groups()
        ),
        directory_sign_in=sign_in(scopes=DIRECTORY_SCOPES),
        domain_sign_in=sign_in(scopes=DOMAIN_SCOPES),
        org_unit_sign_in=sign_in(scopes=ORG_UNIT_SCOPES),
        group_settings_sign_in=sign_in(scopes=GROUP_SETTINGS_SCOPES),
    )


def _keep_quiet() -> None:
    # The library warns of each 403, and Python prints warnings of which nobody takes note on
    # stderr: in a hook that is the account manager's terminal.
    library = logging.getLogger("googleapiclient")
    if not library.handlers:
        library.addHandler(logging.NullHandler())
