"""What can be set of the source; docs/settings.md tells the same to people.

It must not know where the settings are written down, nor look at any file.
"""

from __future__ import annotations

from dataclasses import field, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from gapps_hooks.settings.kinds import AbsolutePath, Command, Count, Flag, Seconds, wrong
from gapps_hooks.settings.ldap_kinds import (
    AttributeNames,
    DistinguishedName,
    LdapFilter,
    LdapUri,
    is_local,
)
from gapps_hooks.settings.ldap_presets import PRESETS

_FORBID = ConfigDict(extra="forbid", validate_default=False)

#: Keys that only an LDAP source has.
_OF_LDAP: Final = (
    *("uri", "starttls", "ca_file", "verify", "bind_dn", "password_file", "sasl", "preset"),
    *("base", "user_base", "group_base", "user_filter", "group_filter", "page_size"),
    *("max_entries", "more_attributes", "attributes"),
)


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class AttributeSettings:
    """[source.attributes]: where an LDAP source takes each field from, instead of its preset.

    One name or a list of them, of which the first that an entry has counts; [] takes the field
    from nowhere. Whoever names an attribute vouches that people cannot write it themselves.
    """

    #: What never changes and is never given to anybody else.
    id: AttributeNames | None = None
    username: AttributeNames | None = None
    given_name: AttributeNames | None = None
    family_name: AttributeNames | None = None
    full_name: AttributeNames | None = None
    #: The primary address; without it, it is made from the user name.
    email: AttributeNames | None = None
    #: All values of all these attributes.
    aliases: AttributeNames | None = None
    #: Google's orgUnitPath.
    org_unit: AttributeNames | None = None
    employee_id: AttributeNames | None = None
    #: All values of all these attributes.
    phones: AttributeNames | None = None
    #: The hash.
    password: AttributeNames | None = None
    #: When the password was set; the latest of them counts.
    password_changed: AttributeNames | None = None
    #: Whether somebody is active; all of them have to agree.
    status: AttributeNames | None = None
    group_name: AttributeNames | None = None
    group_email: AttributeNames | None = None
    group_description: AttributeNames | None = None
    #: All values of all these attributes but the group's address.
    group_aliases: AttributeNames | None = None
    #: All values of all these attributes: distinguished names, or user names (memberUid).
    members: AttributeNames | None = None

    @model_validator(mode="after")
    def _names_stay(self) -> AttributeSettings:
        for key in ("username", "group_name", "members"):
            if getattr(self, key) == ():
                raise wrong(f"takes {key} from nowhere, without which nobody can be found")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class SourceSettings:
    """[source]: where the account manager's current truth is read."""

    #: ``nss`` reads passwd, group and shadow; ``ldap`` a directory; ``json`` a file or a
    #: command's output; with ``none`` the payloads of the hooks are all there is.
    type: Literal["nss", "ldap", "json", "none"]
    #: nss: the directory that holds passwd, group, shadow, login.defs and nsswitch.conf.
    directory: AbsolutePath = Path("/etc")
    #: json: the file that lists users and groups.
    file: AbsolutePath | None = None
    #: json: the program, with arguments, that prints the listing; run without a shell.
    command: Command | None = None
    #: json, ldap: seconds that the command, or one question to the directory, may take.
    timeout: Seconds = 10.0
    #: nss, json: bytes that a file or an output may have.
    max_bytes: Annotated[Count, Field(ge=1)] = 64 * 1024 * 1024
    #: ldap: the server.
    uri: LdapUri | None = None
    #: ldap: whether an ldap:// connection is encrypted before anything is said.
    starttls: Flag = False
    #: ldap: certificates (PEM) to believe instead of the system's.
    ca_file: AbsolutePath | None = None
    #: ldap: whether the server has to prove by its certificate that it is the one of the URI.
    verify: Flag = True
    #: ldap: who we are there; without it, nobody (anonymous) or, with ``sasl``, the system's user.
    bind_dn: DistinguishedName | None = None
    #: ldap: the file with the password of ``bind_dn``; private like the credentials.
    password_file: AbsolutePath | None = None
    #: ldap: ``external``: the socket's other end sees which user we are (ldapi only).
    sasl: Literal["external"] | None = None
    #: ldap: the kind of directory.
    preset: (
        Literal["rfc2307", "rfc2307bis", "clearos", "active-directory", "freeipa", "nethserver"]
        | None
    ) = None
    #: ldap: below which everything is.
    base: DistinguishedName | None = None
    #: ldap: below which people and groups are, if not where the preset has them.
    user_base: DistinguishedName | None = None
    group_base: DistinguishedName | None = None
    #: ldap: which entries are people and groups, instead of the preset's filters.
    user_filter: LdapFilter | None = None
    group_filter: LdapFilter | None = None
    #: ldap: entries that are asked for at a time.
    page_size: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 500
    #: ldap: entries that one search may bring; a server that gives more is not believed.
    max_entries: Annotated[Count, Field(ge=1)] = 250_000
    #: ldap: further attributes of people that the policy is shown.
    more_attributes: AttributeNames = ()
    attributes: AttributeSettings = field(default_factory=AttributeSettings)

    @model_validator(mode="before")
    @classmethod
    def _keys_of_the_type(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's ArgsKwargs or a table
        given = data.kwargs if hasattr(data, "kwargs") else data
        if isinstance(given, dict) and given.get("type") in {"nss", "json", "none"}:
            alien = [key for key in _OF_LDAP if key in given]
            if alien:
                raise wrong(f"of type {given['type']} takes no {alien[0]}; that is for ldap")
        return data

    @model_validator(mode="after")
    def _one_listing(self) -> SourceSettings:
        given = (self.file is not None) + (self.command is not None)
        if self.type == "json" and given != 1:
            raise wrong("of type json needs either file or command")
        if self.type != "json" and given:
            raise wrong(f"of type {self.type} takes neither file nor command")
        return self

    @model_validator(mode="after")
    def _a_directory(self) -> SourceSettings:
        if self.type == "ldap" and (complaint := _wrong_directory(self) or _wrong_sign_in(self)):
            raise wrong(complaint)
        return self


def _wrong_directory(source: SourceSettings) -> str | None:
    if source.uri is None:
        return 'of type ldap needs uri, such as "ldaps://ldap.example.org"'
    if source.preset is None:
        return f"of type ldap needs preset, one of {', '.join(PRESETS)}"
    if source.base is None and PRESETS[source.preset].base is None:
        return 'of type ldap needs base, such as "dc=example,dc=org"'
    if source.starttls and not source.uri.startswith("ldap://"):
        return f"has starttls, which is for ldap:// only; take it out beside {source.uri}"
    return None


def _wrong_sign_in(source: SourceSettings) -> str | None:
    uri = source.uri or ""
    if source.sasl is not None:
        if not uri.startswith("ldapi://"):
            return 'has sasl = "external", which needs a socket: uri = "ldapi://"'
        if source.bind_dn or source.password_file:
            return "has sasl and a bind_dn or password_file; keep one way to sign in"
    if (source.bind_dn is None) != (source.password_file is None):
        return "needs both bind_dn and password_file, or neither"
    clear = uri.startswith("ldap://") and not source.starttls and not is_local(uri)
    if clear and source.bind_dn:
        return (
            f"would send the password of {source.bind_dn} over the network in clear text; set "
            "starttls = true, or an ldaps:// uri"
        )
    return None


def taken(source: SourceSettings) -> dict[str, tuple[str, ...]]:
    """Join preset and settings: which attributes each field is taken from."""
    preset = PRESETS[source.preset or "rfc2307"]
    own = {one.name: getattr(source.attributes, one.name) for one in fields(AttributeSettings)}
    return {**preset.attributes, **{key: names for key, names in own.items() if names is not None}}
