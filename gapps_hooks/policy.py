"""Our own answers to the policy hooks, asked after everybody else's.

It must not know the settings but the domain, nor how plugins are found.
"""

from __future__ import annotations

from dataclasses import dataclass

from gapps_hooks.hookspecs import hookimpl
from gapps_hooks.model import Account, Unset


@dataclass(frozen=True, slots=True)
class DefaultPolicy:
    """What holds where the organisation says nothing."""

    #: The domain of an address that is made from a user name.
    domain: str

    @hookimpl(trylast=True)
    def gapps_choose_address(self, account: Account) -> str:
        """Take the vouched address of the account manager, else ``username@domain``."""
        name = account.username
        if account.email:
            return str(account.email).lower()
        # A user name may be an address already; of another one with @ Google's rules tell more.
        return (name if name.count("@") == 1 else f"{name.replace('@', '?')}@{self.domain}").lower()

    @hookimpl(trylast=True)
    def gapps_org_unit(self, account: Account) -> str | Unset | None:
        """Take what the account manager says."""
        return account.org_unit
