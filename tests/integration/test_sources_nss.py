"""What passwd, group and shadow answer, and when they answer nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import UNSET, Account, Identity, Kind, Member, StoredPassword
from gapps_hooks.sources import NssSource
from gapps_hooks.sources.nss_lines import Membership, Person

HASH = "$6$salt$" + "a" * 86
DAY = 86_400
TODAY = 20_000

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
# a comment, and an empty line, as glibc allows

www-data:x:33:33::/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/:/bin/false
alice:x:1001:1001:Alice Maria Example,Room 7,555-1,555-2,other:/home/alice:/usr/sbin/nologin
bob:x:1002:1002:&:/home/bob:/bin/sh
carol:x:1003:1100:,,,:/home/carol:/bin/sh
"""
SHADOW = f"""\
root:*:19000:0:99999:7:::
www-data:*:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
alice:{HASH}:19000:0:99999:7:::
bob:!:19000:0:99999:7:::
carol:!{HASH}:19000:0:99999:7:::
"""
GROUP = """\
root:x:0:
www-data:x:33:alice
users:x:100:alice
alice:x:1001:
bob:x:1002:alice
staff:x:1100:alice,www-data,ghost
empty:x:1101:
nogroup:x:65534:
"""


class Etc:
    """A directory with the five files, and sources that read it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = TODAY * DAY + 100.0
        self.write(passwd=PASSWD, shadow=SHADOW, group=GROUP)

    def write(self, **files: str | bytes) -> None:
        """Replace files as shadow-utils does: written beside, then renamed."""
        for name, content in files.items():
            beside = self.directory / f"{name}+"
            beside.write_bytes(content if isinstance(content, bytes) else content.encode())
            beside.rename(self.directory / name)

    def write_switch(self, content: str) -> None:
        (self.directory / "nsswitch.conf").write_text(content)

    def shadow(self, name: str, password: str, expires: str = "") -> None:
        lines = [line for line in SHADOW.splitlines() if not line.startswith(f"{name}:")]
        self.write(shadow="\n".join([*lines, f"{name}:{password}:1:0:9:7::{expires}:", ""]))

    def source(self, services: Services | None = None) -> NssSource:
        return NssSource(self.directory, clock=lambda: self.now, services=services or Services())

    def account(self, name: str) -> Account:
        found = self.source().account(name)
        assert found is not None
        return found


class Services:
    """Another name service with one person and one group."""

    def __init__(self) -> None:
        dora = Person(name="dora", password="*", uid=2001, gid=1100, gecos="Dora", home="/h/dora")
        team = Membership(name="team", gid=2100, members=("dora", "alice"))
        silent = Membership(name="silent", gid=2101, members=())
        self.people: dict[str | int, Person] = {"dora": dora, 2001: dora}
        self.groups: dict[str | int, Membership] = {"team": team, "silent": silent}

    def person(self, key: str | int) -> Person | None:
        return self.people.get(key)

    def group(self, key: str | int) -> Membership | None:
        return self.groups.get(key)

    def groups_of(self, username: str, gid: int) -> tuple[Membership, ...]:
        assert gid
        return tuple(group for group in self.groups.values() if username in group.members)


@pytest.fixture
def etc(tmp_path: Path) -> Etc:
    return Etc(tmp_path)


# --- people ------------------------------------------------------------------------------------


def test_a_person_is_what_passwd_says(etc: Etc) -> None:
    alice = etc.account("alice")
    assert (alice.given_name, alice.family_name) == ("Alice Maria", "Example")
    assert alice.full_name == "Alice Maria Example"
    assert alice.id == Identity("uid", "1001")
    assert alice.enabled is True
    assert alice.groups == ("alice", "www-data", "users", "bob", "staff")
    assert alice.traces == {
        "home": "/home/alice",
        "gecos": "Alice Maria Example,Room 7,555-1,555-2,other",
        "hash": HASH,
    }


def test_what_its_owner_can_write_is_not_taken(etc: Etc) -> None:
    alice = etc.account("alice")
    unsaid = (alice.phones, alice.email, alice.aliases, alice.org_unit, alice.employee_id)
    assert unsaid == (UNSET,) * 5


@pytest.mark.parametrize(
    ("gecos", "names"),
    [
        ("Alice", ("Alice", "Alice", "Alice")),
        ("  Alice   Example  ", ("Alice", "Example", "Alice Example")),
        ("& Example", ("Bob", "Example", "Bob Example")),
        ("", (None, None, None)),
        (",,,", (None, None, None)),
        ("J\u00fcrgen M\u00fcller,", ("J\u00fcrgen", "M\u00fcller", "J\u00fcrgen M\u00fcller")),
        ("A\x1bB C", ("AB", "C", "AB C")),
    ],
)
def test_names_come_from_gecos(
    etc: Etc, gecos: str, names: tuple[str | None, str | None, str | None]
) -> None:
    for encoding in ("utf-8", "latin-1"):
        etc.write(passwd=f"bob:x:1002:1002:{gecos}:/home/bob:/bin/sh\n".encode(encoding))
        bob = etc.account("bob")
        assert (bob.given_name, bob.family_name, bob.full_name) == names
        assert all(trace.encode() for trace in bob.traces.values())


@pytest.mark.parametrize("name", ["root", "www-data", "nobody"])
def test_system_accounts_are_nobody(etc: Etc, name: str) -> None:
    source = etc.source()
    assert source.account(name) is None
    assert source.stored_password(name) is None


def test_the_range_of_ordinary_ids_is_login_defs(etc: Etc) -> None:
    (etc.directory / "login.defs").write_text("# x\nUID_MIN 0x1F\nUID_MAX\t1001\nGID_MIN 0144\n")
    source = etc.source()
    assert source.account_names().names == ("www-data", "alice")
    assert source.group("users") is not None
    (etc.directory / "login.defs").write_text("UID_MIN many\n")
    with pytest.raises(SourceUnreadable, match="UID_MIN"):
        etc.source().account("alice")


@pytest.mark.parametrize(
    ("password", "enabled", "stored"),
    [
        (HASH, True, HASH),
        ("$y$j9T$salt$hash", True, "$y$j9T$salt$hash"),
        ("abcdefghijklm", True, "abcdefghijklm"),
        ("!" + HASH, False, None),
        ("!!" + HASH, False, None),
        ("*" + HASH, False, None),
        ("", True, None),
        ("!", True, None),
        ("!!", True, None),
        ("*", True, None),
        ("!*", True, None),
        ("*LK*", True, None),
        ("nonsense", True, None),
    ],
)
def test_only_a_locked_hash_disables_and_only_an_open_one_is_sent(
    etc: Etc, password: str, *, enabled: bool, stored: str | None
) -> None:
    etc.shadow("alice", password)
    assert etc.account("alice").enabled is enabled
    found = etc.source().stored_password("alice")
    assert (found.value if found else None) == stored


@pytest.mark.parametrize(
    ("day", "changed_at"), [("19000", 19000 * 86400.0), ("0", None), ("", None)]
)
def test_a_hash_comes_with_the_day_on_which_it_was_set(
    etc: Etc, day: str, changed_at: float | None
) -> None:
    etc.write(shadow=SHADOW.replace(f"alice:{HASH}:19000", f"alice:{HASH}:{day}"))
    assert etc.source().stored_password("alice") == StoredPassword(HASH, changed_at, day_only=True)


def test_a_gecos_without_a_name_of_its_own_is_no_trace(etc: Etc) -> None:
    """Two people who follow each other under one number must not look like one, renamed."""
    assert "gecos" in etc.account("alice").traces
    assert "gecos" not in etc.account("bob").traces
    assert "gecos" not in etc.account("carol").traces


def test_a_lock_does_not_change_the_trace_of_the_hash(etc: Etc) -> None:
    etc.shadow("alice", "!" + HASH)
    assert etc.account("alice").traces["hash"] == HASH
    etc.shadow("alice", "!")
    assert "hash" not in etc.account("alice").traces


@pytest.mark.parametrize(
    ("expires", "enabled"),
    [
        ("", True),
        ("-1", True),
        (str(TODAY + 1), True),
        (str(TODAY), False),
        ("1", False),
        ("0", False),
    ],
)
def test_a_person_is_disabled_from_the_day_of_expiry(
    etc: Etc, expires: str, *, enabled: bool
) -> None:
    etc.shadow("alice", HASH, expires)
    assert etc.account("alice").enabled is enabled


def test_a_hash_in_passwd_itself_counts(etc: Etc) -> None:
    etc.write(passwd=f"alice:{HASH}:1001:1001::/home/alice:/bin/sh\n")
    assert etc.source().stored_password("alice") == StoredPassword(HASH, day_only=True)


def test_a_person_is_found_by_uid(etc: Etc) -> None:
    source = etc.source()
    assert source.account_by(Identity("uid", "1001")) == source.account("alice")
    for identity in (Identity("uid", "1999"), Identity("uid", "0"), Identity("uid", "x")):
        assert source.account_by(identity) is None
    assert source.account_by(Identity("entryUUID", "1001")) is None
    etc.write(passwd=PASSWD + "alias:x:1001:1001::/home/alice:/bin/sh\n")
    with pytest.raises(SourceUnreadable, match="shared by alice and alias"):
        etc.source().account_by(Identity("uid", "1001"))


# --- groups ------------------------------------------------------------------------------------


def test_a_group_has_its_listed_and_its_primary_members_without_system_accounts(etc: Etc) -> None:
    staff = etc.source().group("staff")
    assert staff is not None
    assert staff.members == (Member("alice"), Member("ghost"), Member("carol"))
    assert staff.id == Identity("gid", "1100")
    empty = etc.source().group("empty")
    assert empty is not None
    assert empty.members == ()


@pytest.mark.parametrize("name", ["root", "www-data", "users", "nogroup", "alice", "missing"])
def test_system_and_private_groups_are_nothing(etc: Etc, name: str) -> None:
    assert etc.source().group(name) is None


def test_a_private_group_with_somebody_else_in_it_is_a_group(etc: Etc) -> None:
    group = etc.source().group("bob")
    assert group is not None
    assert group.members == (Member("alice"), Member("bob"))


def test_the_groups_of_a_person_are_those_that_may_be_kept(etc: Etc) -> None:
    source = etc.source()
    assert source.groups_with("alice") == ("bob", "staff")
    assert source.groups_with("carol") == ("staff",)
    assert source.groups_with("missing") == ()


def test_ordinary_names_are_enumerated(etc: Etc) -> None:
    source = etc.source()
    assert source.account_names().names == ("alice", "bob", "carol")
    assert source.group_names().names == ("bob", "staff", "empty")
    assert source.account_names().complete
    assert source.group_names().complete


# --- what cannot be read -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["passwd", "group"])
@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_without_passwd_or_group_nothing_is_known(
    etc: Etc, name: str, content: bytes | None
) -> None:
    if content is None:
        (etc.directory / name).unlink()
    else:
        etc.write(**{name: content})
    source = etc.source()
    for question in (source.account, source.group, source.groups_with, source.stored_password):
        with pytest.raises(SourceUnreadable, match=name):
            question("missing")
    for enumeration in (source.account_names, source.group_names):
        with pytest.raises(SourceUnreadable, match=name):
            enumeration()


def test_without_shadow_nobody_is_known_to_be_active(etc: Etc) -> None:
    (etc.directory / "shadow").unlink()
    source = etc.source()
    for question in (source.account, source.stored_password):
        with pytest.raises(SourceUnreadable, match="only root may read it"):
            question("alice")
    assert source.account("missing") is None
    assert source.group("staff") is not None


def test_a_person_without_a_line_in_shadow_is_not_guessed_at(etc: Etc) -> None:
    etc.write(shadow="root:*:1:0:9:7:::\n")
    with pytest.raises(SourceUnreadable, match="shadow has no line for alice"):
        etc.source().account("alice")


@pytest.mark.parametrize(
    "line",
    [
        "dave:x:1004:1004::/home/dave\n",
        "dave:x:abc:1004::/home/dave:/bin/sh\n",
        "dave:x::1004::/home/dave:/bin/sh\n",
        "dave:x:1004:-1::/home/dave:/bin/sh\n",
        ":x:1004:1004::/home/dave:/bin/sh\n",
        b"d\xe4ve:x:1004:1004::/home/dave:/bin/sh\n",
        "da\0ve:x:1004:1004::/home/dave:/bin/sh\n",
        "nonsense\n",
        "dave:x:1004:1004::/home/dave:/bin/s",
    ],
)
def test_a_line_of_passwd_that_cannot_be_read_makes_absence_unknown(
    etc: Etc, line: str | bytes
) -> None:
    etc.write(passwd=PASSWD.encode() + (line if isinstance(line, bytes) else line.encode()))
    source = etc.source()
    assert source.account("alice") is not None
    for question in (source.account, source.group):
        with pytest.raises(SourceUnreadable, match="line 9 of passwd cannot be read"):
            question("dave")
    with pytest.raises(SourceUnreadable, match="line 9"):
        source.account_by(Identity("uid", "1004"))
    names = source.account_names()
    assert names.names == ("alice", "bob", "carol")
    assert not names.complete
    assert "line 9" in names.why
    assert not source.group_names().complete


@pytest.mark.parametrize("line", ["team:x:1200\n", "team:x::alice\n", "team:x:1200:al\0ice\n", "t"])
def test_a_line_of_group_that_cannot_be_read_makes_memberships_unknown(etc: Etc, line: str) -> None:
    etc.write(group=GROUP + line)
    source = etc.source()
    assert etc.account("alice").groups is UNSET
    assert source.group("staff") is not None
    for question in (source.group, source.groups_with):
        with pytest.raises(SourceUnreadable, match="line 9 of group"):
            question("team")
    assert not source.group_names().complete
    assert source.account_names().complete


def test_a_line_of_shadow_that_cannot_be_read_is_only_its_owners_trouble(etc: Etc) -> None:
    etc.write(shadow=SHADOW.replace("bob:!:19000:0:99999:7:::", "bob:!:19000:0:99999:7::soon:"))
    assert etc.account("alice").enabled is True
    with pytest.raises(SourceUnreadable, match="line 5 of shadow"):
        etc.source().account("bob")


def test_no_ordinary_person_at_all_is_not_believed(etc: Etc) -> None:
    etc.write(passwd="root:x:0:0:root:/root:/bin/bash\n")
    names = etc.source().account_names()
    assert names.names == ()
    assert not names.complete
    assert "nothing can be concluded" in names.why


def test_no_ordinary_person_is_believed_where_root_and_all_of_shadow_are_there(etc: Etc) -> None:
    root = "root:x:0:0:root:/root:/bin/bash\n"
    etc.write(passwd=root, shadow="root:*:19000:0:99999:7:::\n")
    names = etc.source().account_names()
    assert (names.names, names.complete) == ((), True)
    etc.write(passwd=root.replace("root:x:0", "toor:x:0"))
    assert not etc.source().account_names().complete
    etc.write(passwd=root)
    (etc.directory / "shadow").unlink()
    assert not etc.source().account_names().complete


def test_no_ordinary_group_is_believed_where_system_groups_are_there(etc: Etc) -> None:
    etc.write(group="root:x:0:\nusers:x:100:\n")
    names = etc.source().group_names()
    assert (names.names, names.complete) == ((), True)
    etc.write(group="# nothing\n")
    assert not etc.source().group_names().complete


def test_what_is_left_out_is_there_but_does_not_count(etc: Etc) -> None:
    source = etc.source()
    assert source.leaves_out(Kind.USER, "www-data")
    assert not source.leaves_out(Kind.USER, "alice")
    assert not source.leaves_out(Kind.USER, "missing")
    for name, out in (("users", True), ("alice", True), ("staff", False), ("nobody", False)):
        assert source.leaves_out(Kind.GROUP, name) is out


def test_a_file_that_is_too_long_or_a_pipe_is_unreadable(etc: Etc) -> None:
    with pytest.raises(SourceUnreadable, match="longer than 20 bytes"):
        NssSource(etc.directory, max_bytes=20).account("alice")
    (etc.directory / "passwd").unlink()
    os.mkfifo(etc.directory / "passwd")
    with pytest.raises(SourceUnreadable, match="not a regular file"):
        etc.source().account("alice")


# --- reading anew ------------------------------------------------------------------------------


def test_each_question_sees_the_files_as_they_are_and_a_snapshot_as_they_were(etc: Etc) -> None:
    source = etc.source()
    snapshot = source.snapshot()
    for uid in range(1500, 1520):
        etc.write(passwd=PASSWD.replace("1001:1001", f"{uid}:1001"))
        alice = source.account("alice")
        assert alice is not None
        assert alice.id == Identity("uid", str(uid))
    was = snapshot.account("alice")
    assert was is not None
    assert was.id == Identity("uid", "1001")


def test_an_old_file_is_parsed_once_and_again_when_it_is_replaced(etc: Etc) -> None:
    etc.now = 4e9  # long after the files were written
    source = etc.source()
    assert source.account("bob") is not None
    assert source.account("bob") is not None
    etc.write(passwd=PASSWD.replace("bob:", "rob:"))
    assert source.account("bob") is None


# --- other services ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switch",
    ["", "passwd: files systemd\ngroup: files [SUCCESS=merge] systemd # sss\n", "passwd: compat\n"],
)
def test_local_services_alone_are_complete(etc: Etc, switch: str) -> None:
    etc.write_switch(switch)
    assert etc.source().account_names().complete
    assert etc.source().group_names().complete
    assert etc.source().account("dora") is None


def test_other_services_allow_single_look_ups_only(etc: Etc) -> None:
    etc.write_switch("passwd:\tfiles [NOTFOUND=continue] sss\ngroup: files sss\n")
    source = etc.source()
    for names in (source.account_names(), source.group_names()):
        assert not names.complete
        assert "sss" in names.why
        assert "ldap source" in names.why
    dora = source.account("dora")
    assert dora is not None
    assert (dora.given_name, dora.groups) == ("Dora", ("staff", "team"))
    assert dora.enabled is UNSET
    assert source.account_by(Identity("uid", "2001")) == dora
    assert source.stored_password("dora") is None
    assert source.account("missing") is None
    assert source.groups_with("alice") == ("bob", "staff", "team")
    alice = source.account("alice")
    assert alice is not None
    assert alice.enabled is True
    assert isinstance(alice.groups, tuple)
    assert "team" in alice.groups
    assert not alice.groups_complete
    assert not dora.groups_complete


def test_groups_of_the_files_alone_are_complete(etc: Etc) -> None:
    etc.write_switch("passwd: files sss\ngroup: files\n")
    dora = etc.source().account("dora")
    assert dora is not None
    assert dora.groups_complete
    assert etc.account("alice").groups_complete


def test_a_group_of_another_service_that_tells_no_members_says_nothing_of_them(etc: Etc) -> None:
    etc.write_switch("group: files sss\n")
    source = etc.source()
    team, silent = source.group("team"), source.group("silent")
    assert team is not None
    assert silent is not None
    assert team.members == (Member("dora"), Member("alice"))
    assert silent.members is UNSET
    assert source.group("missing") is None


def test_a_line_that_points_elsewhere_is_another_service(etc: Etc) -> None:
    etc.write(passwd=PASSWD + "+::::::\n")
    names = etc.source().account_names()
    assert not names.complete
    assert "nis" in names.why


def test_the_real_name_services_answer(etc: Etc) -> None:
    etc.write_switch("passwd: files sss\ngroup: files sss\n")
    (etc.directory / "login.defs").write_text("UID_MIN 0\nGID_MIN 0\n")
    etc.write(passwd=PASSWD.replace("root:", "toor:"), group=GROUP.replace("root:", "toor:"))
    source = NssSource(etc.directory)
    root = source.account("root")
    assert root is not None
    assert root.id == Identity("uid", "0")
    assert root.enabled is UNSET
    assert isinstance(root.groups, tuple)
    assert "root" in root.groups
    assert source.group("root") is not None
    assert source.account("no such person") is None
    assert source.group("no such group") is None


def test_files_without_the_group_that_enables_people_keep_nobody_out(etc: Etc) -> None:
    for group, complete in (("staff", True), ("google", False)):
        source = NssSource(etc.directory, decisive=group)
        account = source.account("alice")
        assert account is not None
        assert account.groups_complete is complete
