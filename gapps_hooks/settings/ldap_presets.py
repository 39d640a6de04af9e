"""What directories of each kind have in common: where their people are, and in which attributes.

It must not know any particular directory, nor how one is asked.

A preset takes only what people cannot write themselves in such a directory, or what it could not
do without; docs/ldap.md tells of each why. Attributes are tried in their order, the first that an
entry has counts; where several are read together, the field says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What each field of a person or a group may be taken from, unless the settings say otherwise.
Taken = Mapping[str, tuple[str, ...]]

_PERSON: Final[Taken] = {
    "id": ("entryUUID",),
    "username": ("uid",),
    "given_name": ("givenName",),
    "family_name": ("sn",),
    "full_name": ("displayName", "cn", "gecos"),
    "email": (),
    "aliases": (),
    "org_unit": (),
    "employee_id": ("employeeNumber",),
    "phones": (),
    "password": ("userPassword",),
    "password_changed": ("pwdChangedTime", "sambaPwdLastSet", "shadowLastChange"),
    "status": ("shadowExpire", "nsAccountLock", "pwdAccountLockedTime", "sambaAcctFlags"),
}
_GROUP: Final[Taken] = {
    "group_name": ("cn",),
    "group_email": ("mail",),
    "group_description": ("description",),
    "group_aliases": (),
}
_BY_NAME: Final[Taken] = {"members": ("memberUid",)}
_BY_DN: Final[Taken] = {"members": ("member", "uniqueMember", "memberUid")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One kind of directory."""

    #: The base where the settings name none.
    base: str | None = None
    #: Below the base.
    users: str = ""
    groups: str = ""
    user_filter: str = "(objectClass=posixAccount)"
    group_filter: str
    attributes: Taken
    #: An entry counts only if it has one of these object classes; () is no such rule.
    counted_classes: tuple[str, ...] = ()
    #: What every person has: one who does not show it hides it.
    everybody_has: frozenset[str] = frozenset()
    #: What marks an entry that comes with the directory, and so does not count.
    builtin_mark: tuple[str, str] | None = None
    #: Groups that come with the directory, by name (patterns, lower case).
    builtin_groups: tuple[str, ...] = ()
    #: Members that stand for nobody, by the first part of their DN (lower case).
    placeholders: tuple[str, ...] = ()
    #: People and groups with a smaller number are the system's own.
    least_number: int = 0
    #: A person's number of the primary group, and where that number is in the group.
    primary: tuple[str, str] = ("gidNumber", "gidNumber")
    #: The attribute that tells who is enabled, where the settings have no rule.
    enabled: str | None = None
    #: Where the SHA-1 digest of the password is, and what has to equal userPassword for it to
    #: be that of the password in use.
    digest: tuple[str, str] | None = None
    #: What a continuation reference points to that holds no people (beginnings of lower-case DNs).
    harmless_references: tuple[str, ...] = ()


_POSIX: Final = Preset(
    group_filter="(objectClass=posixGroup)",
    attributes={**_PERSON, **_GROUP, **_BY_NAME},
    least_number=500,
)

#: https://www.rfc-editor.org/rfc/rfc2307, draft-howard-rfc2307bis, and what each product ships.
PRESETS: Final[Mapping[str, Preset]] = {
    "rfc2307": _POSIX,
    "rfc2307bis": Preset(
        group_filter=(
            "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
            "(objectClass=groupOfMembers)(objectClass=posixGroup))"
        ),
        attributes={**_PERSON, **_GROUP, **_BY_DN},
        least_number=500,
    ),
    "clearos": Preset(
        users="ou=Users,ou=Accounts",
        groups="ou=Groups,ou=Accounts",
        group_filter="(objectClass=posixGroup)",
        attributes={
            **_PERSON,
            **_GROUP,
            "members": ("member",),
            "email": ("mail",),
            "aliases": ("clearMailAliases",),
            "status": ("clearAccountStatus",),
            "password_changed": ("pwdChangedTime", "sambaPwdLastSet"),
        },
        counted_classes=("clearAccount",),
        builtin_groups=(
            *("*_plugin", "allusers", "guests", "users", "administrators"),
            *("domain_admins", "domain_computers", "domain_guests", "domain_users"),
            *("account_operators", "backup_operators", "power_users", "print_operators"),
            *("replicators", "server_operators"),
        ),
        placeholders=("cn=no members",),
        enabled="clearGoogleAppsState",
        digest=("clearSHA1Password", "clearSHAPassword"),
    ),
    "active-directory": Preset(
        # SAM_NORMAL_USER_ACCOUNT: neither computers nor trusts
        user_filter="(sAMAccountType=805306368)",
        group_filter="(objectClass=group)",
        attributes={
            **_PERSON,
            **_GROUP,
            "id": ("objectGUID",),
            "username": ("sAMAccountName",),
            "full_name": ("displayName", "cn"),
            "email": ("mail",),
            "aliases": ("proxyAddresses",),
            "employee_id": ("employeeID",),
            "password": (),
            "password_changed": ("pwdLastSet",),
            "status": ("userAccountControl", "accountExpires"),
            "group_name": ("sAMAccountName",),
            "group_aliases": ("proxyAddresses",),
            "members": ("member",),
        },
        everybody_has=frozenset({"userAccountControl", "accountExpires"}),
        builtin_mark=("isCriticalSystemObject", "TRUE"),
        primary=("primaryGroupID", "objectSid"),
        harmless_references=("cn=configuration,", "dc=domaindnszones,", "dc=forestdnszones,"),
    ),
    "freeipa": Preset(
        users="cn=users,cn=accounts",
        groups="cn=groups,cn=accounts",
        group_filter="(objectClass=ipaUserGroup)",
        attributes={
            **_PERSON,
            **_GROUP,
            "id": ("ipaUniqueID",),
            "email": ("mail",),
            "members": ("member",),
            "password_changed": ("krbLastPwdChange",),
            "status": ("nsAccountLock", "krbPrincipalExpiration"),
        },
        builtin_groups=("admins", "editors", "ipausers", "trust admins"),
    ),
    "nethserver": Preset(
        base="dc=directory,dc=nh",
        users="ou=People",
        groups="ou=Groups",
        group_filter="(objectClass=posixGroup)",
        attributes=_POSIX.attributes,
        builtin_groups=("domadmins", "locals"),
        least_number=500,
    ),
}
