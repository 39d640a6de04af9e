"""What can be set, with its defaults and bounds; docs/settings.md tells the same to people.

It must not know where the settings are written down, nor look at any file.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

from gapps_hooks.settings.agent_values import AgentSettings
from gapps_hooks.settings.bounds import BoundSettings
from gapps_hooks.settings.kinds import (
    USER_FIELDS,
    AbsolutePath,
    Address,
    Count,
    Domain,
    FieldPatterns,
    Flag,
    LocalPart,
    LowerCase,
    Number,
    Plain,
    Seconds,
    Url,
    wrong,
)
from gapps_hooks.settings.ldap_kinds import is_attribute
from gapps_hooks.settings.ldap_presets import PRESETS
from gapps_hooks.settings.source_values import SourceSettings

#: What fnmatch(3) takes for more than itself, and so may stand for an ``@`` too.
_WILDCARDS: Final = frozenset("*?[")
_FORBID = ConfigDict(extra="forbid", validate_default=False)

#: Google's default quota of queries per minute, user and Cloud project:
#: https://developers.google.com/admin-sdk/directory/v1/limits
QUERIES_PER_MINUTE: Final = 2400

#: Addresses by which control of a domain or an organisation is proven (CA/Browser Forum Baseline
#: Requirements 3.2.2.4.4, RFC 2142), or that Google keeps to itself.
ROLE_ADDRESSES: Final = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "billing",
        "hostmaster",
        "mailer-daemon",
        "noc",
        "postmaster",
        "root",
        "security",
        "webmaster",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class GoogleSettings:
    """[google]: how Google is reached."""

    #: The service account's key file (JSON); private to root, the caller or ``state.owner``.
    credentials: AbsolutePath
    #: Where the APIs are, instead of Google: the emulator.
    api_endpoint: Url | None = None
    #: Seconds that one call may take, with its retries.
    timeout: Seconds = 10.0
    #: Requests per second that the whole installation sends in the long run.
    rate: Annotated[Number, Field(gt=0)] = 38.0
    #: Requests that may be sent at once before ``rate`` holds; burst + 60 * rate <= 2400.
    burst: Annotated[Count, Field(ge=1)] = 100
    #: Users created per second; Google's limit is 10.
    creation_rate: Annotated[Number, Field(gt=0, le=10)] = 9.8
    #: Certificates (PEM) to believe instead of the system's, for a proxy that breaks TLS open.
    ca_bundle: AbsolutePath | None = None
    #: The HTTP proxy to go through. Hooks run with a clean environment, where no HTTPS_PROXY is.
    proxy: Url | None = None

    @model_validator(mode="after")
    def _within_quota(self) -> GoogleSettings:
        if self.burst + 60 * self.rate > QUERIES_PER_MINUTE:
            raise wrong("exceeds Google's quota: burst + 60 * rate may be at most 2400")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class EnabledSettings:
    """[enabled]: whose Google option is on; exactly one of all, group, attribute and filter."""

    #: Everybody who is active locally.
    all: Flag = False
    #: The members of this local group.
    group: Plain | None = None
    #: Everybody in whom this attribute says 1, true, yes or on.
    attribute: Plain | None = None
    #: With ``attribute``: the exact text that means on, instead of 1, true, yes and on.
    value: Plain | None = None
    #: Everybody in whom each named field matches one of its patterns (``*``, ``?``, ``[…]``).
    filter: FieldPatterns = ()

    @model_validator(mode="after")
    def _one_rule(self) -> EnabledSettings:
        rules = (self.all, self.group, self.attribute, self.filter)
        if sum(map(bool, rules)) != 1:
            raise wrong("needs exactly one of all = true, group, attribute and filter")
        if self.value is not None and self.attribute is None:
            raise wrong("has a value without an attribute")
        return self


def asked_attributes(rule: EnabledSettings) -> tuple[str, ...]:
    """Name what the rule looks at beside the fields that every source has."""
    names = (rule.attribute, *(field for field, _ in rule.filter))
    return tuple(dict.fromkeys(name for name in names if name and name not in USER_FIELDS))


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class GroupsSettings:
    """[groups]: which local groups are kept at Google, and how."""

    #: ``none``, ``all``, or patterns of group names; the default is none for nss,
    #: those with an address for ldap, else all.
    which: Literal["none", "all"] | tuple[str, ...] | None = None
    #: Whether people outside of the domain may write to groups that we create.
    external_posting: Flag = False
    #: What becomes of the Google group when the local one is gone: emptied of what we delivered,
    #: left as it is, or deleted (only groups that we created).
    removed: Literal["empty", "leave", "delete"] = "empty"
    #: Whether groups that we did not create are made exact too, not only added to.
    exact: Flag = False

    @field_validator("which", mode="before")
    @classmethod
    def _which(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if value in ("none", "all"):
            return value
        texts = isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)
        if texts and value and all(text.strip() and text.isprintable() for text in value):
            return tuple(value)
        raise wrong('must be "none", "all" or a list of patterns such as ["team-*"]')


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class OrgUnitSettings:
    """[org_units]: Google's organisational units."""

    #: Whether a unit that Google lacks is made; needs the scope admin.directory.orgunit.
    create: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class StateSettings:
    """[state]: where everything is kept that must survive."""

    #: A local directory, not on NFS; 0700.
    directory: AbsolutePath
    #: The user who owns it, if not root.
    owner: Plain | None = None
    #: Days for which the hash of a password that cannot be delivered is kept.
    keep_hashes: Annotated[Number, Field(gt=0, le=400)] = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class HookSettings:
    """[hooks]: how hooks behave towards the account manager."""

    #: Seconds that a hook waits for the outcome; 0 to 60.
    wait: Annotated[Number, Field(ge=0, le=60)] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class Settings:
    """The whole settings file."""

    #: The file that these were read from; not a key.
    path: Path
    #: The domain of addresses that are made from user and group names.
    domain: Domain
    #: All domains that may be written; ``domain`` comes first and need not be repeated.
    domains: Annotated[tuple[Domain, ...], Field(validate_default=True)] = ()
    #: The Google administrator as whom calls are made; a delegated one is recommended.
    admin: Address
    #: ``deliver``, or ``observe``: plan and log, send nothing.
    mode: Literal["deliver", "observe"] = "deliver"
    #: An account that Google has already: ``adopt`` it, ``adopt-active`` only if it is not
    #: suspended, or ``refuse``.
    existing_accounts: Literal["adopt", "adopt-active", "refuse"] = "adopt"
    #: What a reconcile does with accounts at Google that nobody here has: nothing, or suspend them.
    unknown_accounts: Literal["leave", "suspend"] = "leave"
    #: What may be changed of Google's administrators: nothing, the ``profile``, or ``all`` but
    #: their suspension.
    administrators: Literal["leave", "profile", "all"] = "leave"
    #: Patterns of addresses that are never changed; of whole addresses, in any case.
    protected: tuple[LowerCase, ...] = ()
    #: User parts of addresses that are never claimed.
    role_addresses: frozenset[LocalPart] = ROLE_ADDRESSES
    google: GoogleSettings
    source: SourceSettings
    enabled: EnabledSettings
    groups: GroupsSettings = field(default_factory=GroupsSettings)
    org_units: OrgUnitSettings = field(default_factory=OrgUnitSettings)
    state: StateSettings
    hooks: HookSettings = field(default_factory=HookSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    bounds: BoundSettings = field(default_factory=BoundSettings)
    #: Where the organisation's own policy files (*.py) are; by default beside this file.
    policy_directory: AbsolutePath = Path("policy.d")

    @field_validator("domains")
    @classmethod
    def _default_first(cls, domains: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        first = (info.data["domain"],) if "domain" in info.data else ()
        return tuple(dict.fromkeys((*first, *domains)))

    @field_validator("admin")
    @classmethod
    def _in_a_domain(cls, admin: str, info: ValidationInfo) -> str:
        domains = info.data.get("domains", ()) if "domain" in info.data else ()
        if domains and admin.rpartition("@")[2] not in domains:
            raise wrong(f"is not in {', '.join(domains)}; name one who is, or add the domain")
        return admin

    @field_validator("protected")
    @classmethod
    def _can_match(cls, patterns: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        domain = info.data.get("domain", "example.org")
        for pattern in patterns:
            if "@" not in pattern and not _WILDCARDS.intersection(pattern):
                raise wrong(
                    f"has {pattern!r}, which is no address and protects nobody; write "
                    f"{pattern}@{domain}, or {pattern}@* for every domain"
                )
        return patterns

    @field_validator("enabled")
    @classmethod
    def _the_source_can_tell(cls, rule: EnabledSettings, info: ValidationInfo) -> EnabledSettings:
        source = info.data.get("source")
        if source and source.type == "none" and rule.group:
            raise wrong("has a group, but without a source nothing is known of local groups")
        known = ", ".join(sorted(USER_FIELDS))
        for name in asked_attributes(rule):
            if source and source.type != "ldap":
                raise wrong(
                    f"looks at {name!r}, which a {source.type} source never has; use {known}"
                )
            if not is_attribute(name):
                raise wrong(f"looks at {name!r}, which cannot be an attribute of LDAP")
        return rule

    @model_validator(mode="before")
    @classmethod
    def _enabled_by_preset(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's ArgsKwargs or a table
        """A directory whose kind has a flag for it needs no rule."""
        given = data.kwargs if hasattr(data, "kwargs") else data
        source = given.get("source") if isinstance(given, dict) else None
        name = source.get("preset") if isinstance(source, dict) else None
        preset = PRESETS.get(name) if isinstance(name, str) else None
        if preset is None or preset.enabled is None or "enabled" in given:
            return data
        return {"enabled": {"attribute": preset.enabled}, **given}

    @model_validator(mode="before")
    @classmethod
    def _policy_beside(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's ArgsKwargs or a table
        given = data.kwargs if hasattr(data, "kwargs") else data
        if not isinstance(given, dict) or not isinstance(given.get("path"), Path):
            return data
        return {"policy_directory": given["path"].absolute().parent / "policy.d", **given}
