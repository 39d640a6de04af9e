"""Trees as each kind of directory has them, with people of many scripts."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

from faker import Faker
from slapd import Slapd, ldif, unit

LOCALES = (
    *("de_DE", "en_US", "fr_FR", "pl_PL", "tr_TR", "vi_VN", "is_IS", "cs_CZ"),
    *("ar_EG", "he_IL", "fa_IR", "hi_IN", "ja_JP", "ko_KR", "zh_CN", "th_TH"),
    *("el_GR", "ru_RU", "uk_UA", "bg_BG", "hy_AM", "ka_GE"),
)
#: A hash that Google takes.
HASH = "{CRYPT}$6$salt$" + "a" * 86
DOMAIN_SID = (21, 1111111111, 2222222222, 3333333333)


@dataclass
class Somebody:
    """A made-up person."""

    name: str
    number: int
    given: str
    family: str
    #: Whether they are active locally, and their Google option is on.
    active: bool = True
    google: bool = True
    more: dict[str, str | Sequence[str]] = field(default_factory=dict)

    @property
    def full(self) -> str:
        """The name as it is shown; unique, as ClearOS wants it."""
        return f"{self.given} {self.family} {self.number}"


def crowd(count: int) -> list[Somebody]:
    """Make up people of many scripts, the same ones each time."""
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for faker in fakers.values():
        faker.seed_instance(4711)
    people = []
    for number, locale in enumerate(islice(cycle(LOCALES), count)):
        faker = fakers[locale]
        people.append(
            Somebody(
                f"user{number:04}",
                2000 + number,
                faker.first_name(),
                faker.last_name(),
                active=number % 17 != 5,
                google=number % 5 != 3,
            )
        )
    return people


@dataclass
class Tree:
    """A directory's content, and what has to be read from it."""

    preset: str
    base: str
    entries: list[str]
    people: list[Somebody]
    #: Members as payloads name them, by group.
    groups: dict[str, list[str]]
    schemas: tuple[str, ...] = ("posix.schema",)

    def serve(self, slapd: Slapd) -> None:
        """Fill a server."""
        slapd.fill(self.entries)


def _posix(one: Somebody, group: int) -> dict[str, str | bytes | Sequence[str | bytes]]:
    return {
        "uid": one.name,
        "cn": one.full,
        "givenName": one.given,
        "sn": one.family,
        "displayName": f"{one.given} {one.family}",
        "uidNumber": str(one.number),
        "gidNumber": str(group),
        "homeDirectory": f"/home/{one.name}",
        "userPassword": HASH,
    }


def _teams(people: list[Somebody]) -> dict[str, list[Somebody]]:
    return {f"team-{number}": people[number::7] for number in range(7)}


def rfc2307(
    people: list[Somebody], base: str = "dc=example,dc=org", preset: str = "rfc2307"
) -> Tree:
    """People by uid, groups by memberUid, a primary group, private groups and a system account."""
    places = (f"ou=People,{base}", f"ou=Groups,{base}")
    entries = [unit(place) for place in places]
    for one in people:
        extra = {} if one.active else {"shadowExpire": "1"}
        classes = ["inetOrgPerson", "posixAccount", "shadowAccount"]
        attributes = {
            "objectClass": classes,
            **_posix(one, 3000),
            **extra,
            "shadowLastChange": "20000",
        }
        entries.append(ldif(f"uid={one.name},{places[0]}", attributes))
    system = Somebody("daemon", 2, "A", "Daemon")
    classes = ["inetOrgPerson", "posixAccount"]
    entries.append(ldif(f"uid=daemon,{places[0]}", {"objectClass": classes, **_posix(system, 2)}))
    groups = {name: [one.name for one in some] for name, some in _teams(people).items()}
    groups["google"] = [one.name for one in people if one.google]
    for number, (name, members) in enumerate(groups.items()):
        entries.append(
            _posix_group(name, 4000 + number, places[1], members, mail=f"{name}@example.org")
        )
    groups["everybody"] = [one.name for one in people]
    entries.append(_posix_group("everybody", 3000, places[1], [], mail="everybody@example.org"))
    groups["staff"] = ["gone", people[0].name]
    entries.append(_posix_group("staff", 4100, places[1], groups["staff"]))
    return Tree(preset, base, entries, people, groups)


def _posix_group(name: str, number: int, place: str, members: Sequence[str], mail: str = "") -> str:
    classes = ["organizationalRole", "posixGroup", "addressedGroup"]
    attributes = {
        "objectClass": classes,
        "cn": name,
        "gidNumber": str(number),
        "memberUid": members,
    }
    return ldif(f"cn={name},{place}", attributes | ({"mail": mail} if mail else {}))


def nethserver(people: list[Somebody]) -> Tree:
    """NethServer 7's local directory; a locked account's hash begins with an exclamation mark."""
    tree = rfc2307(people, "dc=directory,dc=nh", "nethserver")
    locked = "{CRYPT}!" + HASH.removeprefix("{CRYPT}")
    for index, one in enumerate(people, start=2):
        if not one.active:
            attributes = {
                "objectClass": ["inetOrgPerson", "posixAccount", "shadowAccount"],
                **_posix(one, 3000),
                "userPassword": locked,
            }
            tree.entries[index] = ldif(f"uid={one.name},ou=People,{tree.base}", attributes)
    return tree


def rfc2307bis(people: list[Somebody]) -> Tree:
    """Groups by DN, nested, with a dangling member, in an order of attributes that is odd."""
    base = "dc=example,dc=org"
    places = (f"ou=People,{base}", f"ou=Groups,{base}")
    entries = [unit(place) for place in places]
    for one in people:
        extra = {} if one.active else {"shadowExpire": "1"}
        classes = ["inetOrgPerson", "posixAccount", "shadowAccount"]
        attributes = {"objectClass": classes, **_posix(one, 3000), **extra}
        attributes["pwdChangedTime"] = "20240102030405Z"
        entries.append(ldif(f"uid={one.name},{places[0]}", attributes))
    groups = {name: [one.name for one in some] for name, some in _teams(people).items()}
    for number, (name, members) in enumerate(groups.items()):
        dns = [f"UID={member}, ou=people,{base.upper()}" for member in members]
        entries.append(_names_group(name, places[1], dns, number=4000 + number))
    inner = [f"uid={one.name},{places[0]}" for one in people if one.google]
    entries.append(_names_group("inner", places[1], inner))
    entries.append(_names_group("google", places[1], [f"cn=inner,{places[1]}"]))
    entries.append(_names_group("staff", places[1], [f"uid=gone,{places[0]}", inner[0]]))
    groups |= {"google": ["group:inner"], "staff": [people[0].name]}
    groups["inner"] = [one.name for one in people if one.google]
    return Tree("rfc2307bis", base, entries, people, groups)


def _names_group(
    name: str, place: str, members: Sequence[str], *, number: int = 0, more: Sequence[str] = ()
) -> str:
    classes = ["groupOfNames", "addressedGroup", *more]
    attributes: dict[str, str | bytes | Sequence[str | bytes]] = {"cn": name, "member": members}
    attributes["mail"] = f"{name}@example.org"
    if number:
        attributes["gidNumber"] = str(number)
        classes.append("posixGroup")
    return ldif(f"cn={name},{place}", {"objectClass": classes, **attributes})


def clearos(people: list[Somebody]) -> Tree:
    """ClearOS: RDN is the full name, a flag, digests, builtin users and groups, No Members."""
    base = "dc=system,dc=lan"
    accounts = f"ou=Accounts,{base}"
    places = (f"ou=Users,{accounts}", f"ou=Groups,{accounts}")
    entries = [unit(accounts), *(unit(place) for place in places)]
    for one in people:
        digest = hashlib.sha1(one.name.encode(), usedforsecurity=False)
        sha = "{sha}" + base64.b64encode(digest.digest()).decode()
        attributes = {
            "objectClass": [
                *("inetOrgPerson", "posixAccount", "shadowAccount", "clearAccount"),
                *("clearMailAccount", "clearGoogleAppsAccount", "sambaSamAccount"),
            ],
            **_posix(one, 63000),
            "mail": f"{one.name}@example.org",
            "clearMailAliases": [f"{one.name}.alias"],
            "clearAccountStatus": "enabled" if one.active else "disabled",
            "clearGoogleAppsState": "1" if one.google else "0",
            "userPassword": sha,
            "clearSHAPassword": sha,
            "clearSHA1Password": digest.hexdigest(),
            "sambaPwdLastSet": "1700000000",
        }
        entries.append(ldif(f"cn={one.full},{places[0]}", attributes))
    for name, number, cn in (("nomembers", 353, "No Members"), ("winadmin", 302, "Windows Admin")):
        builtin = Somebody(name, number, cn, "")
        attributes = {
            **_posix(builtin, 63000),
            "cn": cn,
            "sn": cn,
            "givenName": cn,
            "displayName": cn,
        }
        entries.append(
            ldif(
                f"cn={cn},{places[0]}",
                {"objectClass": ["inetOrgPerson", "posixAccount"], **attributes},
            )
        )
    dn = {one.name: f"cn={one.full},{places[0]}" for one in people}
    nobody = f"cn=No Members,{places[0]}"
    groups = {name: [one.name for one in some] for name, some in _teams(people).items()}
    for number, (name, members) in enumerate(groups.items()):
        nobodies = [f"cn={cn},{places[0]}" for cn in ("Left Long Ago", "Windows Admin")]
        dns = [dn[member] for member in members] + nobodies
        entries.append(_clear_group(name, 60000 + number, places[1], dns))
    for name in ("empty", "web_plugin", "allusers", "domain_users"):
        members = [nobody] if name in {"empty", "web_plugin"} else [*dn.values()]
        entries.append(_clear_group(name, 63000, places[1], members))
    groups["empty"] = [one.name for one in people]  # whose gidNumber is theirs
    return Tree("clearos", base, entries, people, groups)


def _clear_group(name: str, number: int, place: str, members: Sequence[str]) -> str:
    attributes = {
        "objectClass": ["groupOfNames", "posixGroup", "clearMailGroupAccount"],
        "cn": name,
        "gidNumber": str(number if name != "empty" else 63000),
        "member": members,
        "mail": f"{name}@example.org",
    }
    return ldif(f"cn={name},{place}", attributes)


def sid(number: int) -> bytes:
    """Make the bytes of a domain's SID with this relative id."""
    parts = (*DOMAIN_SID, number)
    return bytes((1, len(parts), 0, 0, 0, 0, 0, 5)) + b"".join(
        part.to_bytes(4, "little") for part in parts
    )


def guid(name: str) -> uuid.UUID:
    """Make up the GUID of an entry."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, name)


def active_directory(people: list[Somebody]) -> Tree:
    """Active Directory: GUIDs and SIDs in binary, computers, builtin entries, nested groups."""
    base = "dc=ad,dc=example,dc=org"
    place = f"cn=Users,{base}"
    entries = [unit(place)]
    for one in people:
        attributes = _windows_user(one, 512 if one.active else 514)
        attributes |= {"mail": f"{one.name}@example.org", "primaryGroupID": "513"}
        attributes["proxyAddresses"] = [
            f"SMTP:{one.name}@example.org",
            f"smtp:{one.name}.alias@example.org",
            "sip:somebody@example.org",
        ]
        attributes["pwdLastSet"] = str((1_700_000_000 + 11_644_473_600) * 10_000_000)
        attributes["accountExpires"] = "9223372036854775807"
        entries.append(ldif(f"cn={_escaped(one.full)},{place}", attributes))
    computer = _windows_user(Somebody("PC1$", 3999, "PC", "1"), 4096, kind=805306369)
    admin = _windows_user(Somebody("Administrator", 500, "A", "B"), 512)
    entries.append(ldif(f"cn=PC1,{place}", {**computer, "cn": "PC1"}))
    critical = {"isCriticalSystemObject": "TRUE", "cn": "Administrator"}
    entries.append(ldif(f"cn=Administrator,{place}", {**admin, **critical}))
    dn = {one.name: f"cn={_escaped(one.full)},{place}" for one in people}
    groups = {name: [one.name for one in some] for name, some in _teams(people).items()}
    for number, (name, members) in enumerate(groups.items()):
        entries.append(_windows_group(name, 4000 + number, place, [dn[one] for one in members]))
    inner = [one.name for one in people if one.google]
    entries.append(_windows_group("inner", 4100, place, [dn[name] for name in inner]))
    entries.append(_windows_group("google", 4101, place, [f"CN=Inner,{place}"]))
    entries.append(_windows_group("Domain Users", 513, place, [], critical=True))
    groups |= {"inner": inner, "google": ["group:inner"]}
    return Tree("active-directory", base, entries, people, groups, ("windows.schema",))


def _escaped(name: str) -> str:
    return "".join(f"\\{letter}" if letter in ',+"\\<>;=#' else letter for letter in name)


def _windows_user(
    one: Somebody, control: int, kind: int = 805306368
) -> dict[str, str | bytes | Sequence[str | bytes]]:
    return {
        "objectClass": ["user"],
        "cn": one.full,
        "sn": one.family or "-",
        "givenName": one.given,
        "displayName": f"{one.given} {one.family}",
        "sAMAccountName": one.name,
        "sAMAccountType": str(kind),
        "userAccountControl": str(control),
        "objectGUID": guid(one.name).bytes_le,
        "objectSid": sid(one.number),
    }


def _windows_group(
    name: str, number: int, place: str, members: Sequence[str], *, critical: bool = False
) -> str:
    attributes: dict[str, str | bytes | Sequence[str | bytes]] = {
        "objectClass": ["group"],
        "cn": name,
        "sAMAccountName": name,
        "member": members,
        "mail": f"{name.replace(' ', '')}@example.org",
        "objectGUID": guid(name).bytes_le,
        "objectSid": sid(number),
    }
    return ldif(
        f"cn={name},{place}", attributes | ({"isCriticalSystemObject": "TRUE"} if critical else {})
    )


def freeipa(people: list[Somebody]) -> Tree:
    """FreeIPA: its own ids and times, private groups that it manages, nested groups."""
    base = "dc=ipa,dc=example,dc=org"
    accounts = f"cn=accounts,{base}"
    places = (f"cn=users,{accounts}", f"cn=groups,{accounts}")
    entries = [unit(accounts), *(unit(place) for place in places)]
    for one in people:
        attributes = {
            "objectClass": ["inetOrgPerson", "posixAccount", "ipaObject"],
            **_posix(one, one.number),
            "mail": f"{one.name}@example.org",
            "ipaUniqueID": str(guid(one.name)),
            "nsAccountLock": "FALSE" if one.active else "TRUE",
            "krbLastPwdChange": "20240102030405Z",
        }
        entries.append(ldif(f"uid={one.name},{places[0]}", attributes))
    private = {
        "objectClass": ["organizationalRole", "posixGroup", "ipaObject", "mepManagedEntry"],
        "cn": people[0].name,
        "gidNumber": str(people[0].number),
        "ipaUniqueID": str(guid("private")),
    }
    entries.append(ldif(f"cn={people[0].name},{places[1]}", private))
    groups = {name: [one.name for one in some] for name, some in _teams(people).items()}
    groups |= {"inner": [one.name for one in people if one.google], "google": ["group:inner"]}
    for name, members in {**groups, "ipausers": [one.name for one in people]}.items():
        dns = [
            f"cn=inner,{places[1]}" if one == "group:inner" else f"uid={one},{places[0]}"
            for one in members
        ]
        entries.append(_names_group(name, places[1], dns, more=["ipaUserGroup"]))
    return Tree("freeipa", base, entries, people, groups)


MAKERS: dict[str, Callable[[list[Somebody]], Tree]] = {
    "rfc2307": rfc2307,
    "rfc2307bis": rfc2307bis,
    "clearos": clearos,
    "active-directory": active_directory,
    "freeipa": freeipa,
    "nethserver": nethserver,
}
