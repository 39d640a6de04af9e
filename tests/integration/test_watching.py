"""What a look at real files tells, records and costs; each starts from what was seen before."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import written_in
from local_files import LocalFiles, hashed
from organisation import Organisation, organise

from gapps_hooks.errors import NotRecorded, SourceUnreadable
from gapps_hooks.model import Event, EventKind, Verdict
from gapps_hooks.outbox import seen
from gapps_hooks.record import Desk, record
from gapps_hooks.sources import NssSource
from gapps_hooks.watching.looking import Looker

OLD, NEW = hashed("old"), hashed("new")
TEAM = 2001
Found = Callable[..., Organisation]


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    files.person("alice", 1001, "Alice Ng", OLD)
    files.group("team", TEAM, "alice")
    return files


@pytest.fixture
def found(tmp_path: Path, files: LocalFiles) -> Found:
    def found(enabled: str = "all = true") -> Organisation:
        return organise(
            tmp_path,
            source=f'[source]\ntype = "nss"\ndirectory = "{files.directory}"',
            more=f'---[enabled]\n{enabled}\n[groups]\nwhich = ["team*"]',
        )

    return found


@pytest.fixture
def office(found: Found) -> Organisation:
    return found()


def looker(
    office: Organisation,
    take: Callable[[Event], object] | None = None,
    clock: Callable[[], float] = time.time,
) -> Looker:
    decisive = office.settings.enabled.group
    source = NssSource(office.settings.source.directory, decisive=decisive, clock=clock)
    desk = Desk(
        settings=office.settings,
        state=office.state,
        source=source,
        tell_trouble=office.troubles.append,
    )
    return Looker(
        settings=office.settings,
        state=office.state,
        source=source,
        record=take or (lambda event: record(desk, event)),
    )


def begun(office: Organisation) -> Looker:
    """One that has taken its first look."""
    first = looker(office)
    first.look()
    return first


def told(looker: Looker) -> list[tuple[str, str]]:
    looked = looker.look()
    assert looked.doubts == ()
    return [(event.kind.value, event.name) for event in looked.told]


# --- the first look, and the next ----------------------------------------------------------------


def test_the_first_look_tells_nothing(office: Organisation) -> None:
    assert told(looker(office)) == []
    assert office.left() == {}


def test_what_nobody_changed_is_told_by_no_look(office: Organisation, files: LocalFiles) -> None:
    watcher = begun(office)
    files.write()
    assert told(watcher) == []


def test_what_happened_while_nobody_looked_is_told_by_the_next(
    office: Organisation, files: LocalFiles
) -> None:
    office.fire("user-add", "alice")
    begun(office)
    files.change("alice", gecos="Alice Ngo")
    office.restart()
    assert told(looker(office)) == [("user-modify", "alice")]
    office.drain()
    assert office.user("alice@example.org").family_name == "Ngo"
    assert told(looker(office)) == []


def test_digests_under_a_lost_key_are_begun_anew(office: Organisation, files: LocalFiles) -> None:
    office.fire("user-add", "alice")
    begun(office)
    with office.state.transaction():
        office.state.set_meta("digest-key", "ab" * 32)
    office.restart()
    files.change("alice", password=NEW)
    again = looker(office)
    assert told(again) == []
    assert len(seen.all_seen(office.state)) == 2
    files.person("bob", 1002, "Bob Lee")
    assert told(again) == [("user-add", "bob")]


def test_nothing_but_digests_is_kept(office: Organisation, files: LocalFiles) -> None:
    files.person("zebediah", 1234, "Zebediah Quux", NEW)
    begun(office)
    office.state.finish_wiping()
    kept = written_in(office.settings.state.directory)
    for word in ("zebediah", "Quux", NEW, OLD):
        assert word.encode() not in kept
    assert len(seen.all_seen(office.state)) == 3


# --- what becomes of it at Google ----------------------------------------------------------------


def test_a_person_comes_changes_and_goes(office: Organisation, files: LocalFiles) -> None:
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)
    assert told(watcher) == [("user-add", "bob")]
    office.drain()
    assert office.user("bob@example.org").family_name == "Lee"
    files.change("bob", gecos="Bob Lea")
    assert told(watcher) == [("user-modify", "bob")]
    office.drain()
    assert office.user("bob@example.org").family_name == "Lea"
    files.leave("bob")
    assert told(watcher) == [("user-delete", "bob")]
    office.drain()
    assert office.user("bob@example.org").suspended


def test_locking_suspends_and_unlocking_restores(office: Organisation, files: LocalFiles) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.change("alice", password=f"!{OLD}")
    assert told(watcher) == [("user-modify", "alice")]
    office.drain()
    assert office.user("alice@example.org").suspended
    files.change("alice", password=OLD)
    assert told(watcher) == [("user-modify", "alice")]
    office.drain()
    assert not office.user("alice@example.org").suspended


def test_an_expiry_is_told(office: Organisation, files: LocalFiles) -> None:
    watcher = begun(office)
    office.fire("user-add", "alice")
    files.change("alice", expires="19500")
    assert told(watcher) == [("user-modify", "alice")]


def test_an_account_expires_without_a_change_of_any_file(
    office: Organisation, files: LocalFiles
) -> None:
    day = 86_400.0
    files.change("alice", expires="25000")
    office.fire("user-add", "alice")
    now = 24_999.5 * day
    watcher = looker(office, clock=lambda: now)
    assert told(watcher) == []
    now += 0.4 * day
    assert told(watcher) == []
    now += 0.2 * day
    assert told(watcher) == [("user-modify", "alice")]


def test_joining_the_enabled_group_creates_and_leaving_it_suspends(
    found: Found, files: LocalFiles
) -> None:
    office = found('group = "google"')
    files.group("google", 2002)
    watcher = begun(office)
    files.group("google", 2002, "alice")
    assert told(watcher) == [("user-modify", "alice")]
    office.drain()
    assert not office.user("alice@example.org").suspended
    files.group("google", 2002)
    assert told(watcher) == [("user-modify", "alice")]
    office.drain()
    assert office.user("alice@example.org").suspended


def test_who_was_never_enabled_is_invisible(found: Found, files: LocalFiles) -> None:
    office = found('group = "google"')
    files.group("google", 2002)
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)
    files.change("alice", gecos="Alice Ngo", password=NEW)
    assert told(watcher) == []
    files.leave("bob")
    assert told(watcher) == []


def test_a_rename_keeps_the_account(office: Organisation, files: LocalFiles) -> None:
    office.fire("user-add", "alice")
    before = office.user("alice@example.org")
    watcher = begun(office)
    files.rename("alice", "alison")
    looked = watcher.look()
    (event,) = looked.told
    assert (event.kind, event.name, event.old_name) == (EventKind.USER_MODIFY, "alison", "alice")
    office.drain()
    assert office.user("alison@example.org").id == before.id


def test_a_reused_number_gets_nobodys_account(office: Organisation, files: LocalFiles) -> None:
    office.fire("user-add", "alice")
    before = office.user("alice@example.org")
    watcher = begun(office)
    files.leave("alice")
    files.person("bob", 1001, "Bob Lee", NEW)
    assert told(watcher) == [("user-delete", "alice"), ("user-add", "bob")]
    office.drain()
    assert office.user("alice@example.org").suspended
    assert office.user("bob@example.org").id != before.id


def test_a_name_that_passed_to_another_gets_nobodys_account(
    office: Organisation, files: LocalFiles
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.person("alice", 2000, "Alice Other", NEW)
    assert told(watcher) == [("user-delete", "alice"), ("user-add", "alice")]
    (outcome,) = office.drain()
    assert outcome.verdict is Verdict.BURIED
    assert outcome.line.startswith("same person?")
    assert office.user("alice@example.org").family_name == "Ng"
    assert office.emulator.password_of("alice@example.org") == ("crypt", OLD)


def test_members_come_and_go(office: Organisation, files: LocalFiles) -> None:
    files.person("bob", 1002, "Bob Lee", NEW)
    for name in ("alice", "bob"):
        office.fire("user-add", name)
    watcher = begun(office)
    files.group("team", TEAM, "alice", "bob")
    assert told(watcher) == [("group-change", "team")]
    office.drain()
    assert set(office.members("team@example.org")) == {"alice@example.org", "bob@example.org"}
    files.group("team", TEAM, "bob")
    assert told(watcher) == [("group-change", "team")]
    office.drain()
    assert set(office.members("team@example.org")) == {"bob@example.org"}
    files.dissolve("team")
    assert told(watcher) == [("group-change", "team")]
    office.drain()
    assert office.members("team@example.org") == {}


def test_a_group_that_is_not_kept_at_google_is_nobodys_business(
    office: Organisation, files: LocalFiles
) -> None:
    watcher = begun(office)
    files.group("staff", 2002, "alice")
    assert told(watcher) == []


# --- passwords -----------------------------------------------------------------------------------


def test_a_new_hash_is_delivered(office: Organisation, files: LocalFiles) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.change("alice", password=NEW)
    assert told(watcher) == [("password-set", "alice")]
    office.drain()
    assert office.emulator.password_of("alice@example.org") == ("crypt", NEW)


def test_a_newcomers_hash_is_that_of_the_creation(office: Organisation, files: LocalFiles) -> None:
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)
    told(watcher)
    with office.calls() as calls:
        office.drain()
    assert calls == ["users.insert"]
    assert office.emulator.password_of("bob@example.org") == ("crypt", NEW)
    assert told(watcher) == []


def test_a_hash_set_just_after_a_hook_has_made_the_account_is_delivered(
    office: Organisation, files: LocalFiles
) -> None:
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee")
    office.fire("user-add", "bob")
    files.change("bob", password=NEW)
    assert told(watcher) == [("user-modify", "bob"), ("password-set", "bob")]
    office.drain()
    assert office.emulator.password_of("bob@example.org") == ("crypt", NEW)


def test_one_that_google_cannot_take_is_buried_with_its_remedy(
    office: Organisation, files: LocalFiles
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.change("alice", password="$y$j9T$salt$" + "y" * 43)
    assert told(watcher) == [("password-set", "alice")]
    assert office.left() == {"alice": "buried"}
    assert told(watcher) == []


def test_one_that_google_cannot_take_is_not_told_where_a_hook_has_sent_it_as_clear_text(
    office: Organisation, files: LocalFiles
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    office.clock.now += 60.0
    files.change("alice", password="$y$j9T$salt$" + "y" * 43)
    office.fire("password-set", "alice", {"password": "correct horse"})
    assert told(watcher) == []
    assert office.left() == {}


# --- what a hook has told already costs nothing --------------------------------------------------


def test_what_a_hook_told_and_delivered_makes_no_request(
    office: Organisation, files: LocalFiles
) -> None:
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)
    office.fire("user-add", "bob")
    files.change("alice", gecos="Alice Ngo")
    office.fire("user-add", "alice")
    with office.calls() as calls:
        told(watcher)
        outcomes = office.drain()
    assert calls == []
    assert {outcome.verdict for outcome in outcomes} <= {Verdict.NOTHING}


def test_a_deletion_and_members_that_a_hook_told_make_none_either(
    office: Organisation, files: LocalFiles
) -> None:
    for name in ("alice", "bob"):
        files.person(name, 1001 if name == "alice" else 1002, name.title(), OLD)
        office.fire("user-add", name)
    office.fire("group-change", "team")
    watcher = begun(office)
    files.leave("bob")
    office.fire("user-delete", "bob")
    files.group("team", TEAM)
    office.fire("group-change", "team")
    with office.calls() as calls:
        assert told(watcher) == [("user-delete", "bob"), ("group-change", "team")]
        outcomes = office.drain()
    assert calls == []
    assert {outcome.verdict for outcome in outcomes} == {Verdict.NOTHING}


def test_what_a_hook_told_long_ago_lifts_no_suspension_of_today(
    office: Organisation, files: LocalFiles
) -> None:
    begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)
    office.fire("user-add", "bob")
    office.clock.now += 86_400.0
    office.console.users().update(userKey="bob@example.org", body={"suspended": True}).execute()
    office.clock.now += 86_400.0
    assert told(looker(office)) == [("user-modify", "bob")]
    office.drain()
    assert office.user("bob@example.org").suspended


@pytest.mark.parametrize("delivered", [True, False])
def test_a_password_that_a_hook_told_is_not_told_again(
    office: Organisation,
    files: LocalFiles,
    delivered: bool,  # noqa: FBT001 - one of two cases
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.change("alice", password=NEW)
    (office.fire if delivered else office.record)("password-set", "alice")
    assert told(watcher) == []


def test_what_a_hook_has_put_off_stays_put_off(office: Organisation, files: LocalFiles) -> None:
    watcher = begun(office)
    files.person("bob", 1002, "Bob Lee")
    office.record("user-add", "bob")
    with office.state.transaction():
        office.state.execute("UPDATE entries SET due_at = ?", (office.clock.now + 60.0,))
    assert told(watcher) == [("user-add", "bob")]
    assert office.drain() == []
    office.clock.now += 61.0
    assert len(office.drain()) == 1


# --- files that cannot be read whole -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("passwd", ""),
        ("passwd", "root:x:0:0:root:/root:/bin/bash\nalice:x:10"),
        ("passwd", "root:x:0:0:root:/root:/bin/bash\nalice:x:ten:100:A:/home/alice:/bin/sh\n"),
        ("group", ""),
        ("group", "root:x:0:\nteam:x:2001:al"),
        ("shadow", ""),
        ("shadow", "root:*:19000:0:99999:7:::\n"),
        ("shadow", f"root:*:19000:0:99999:7:::\nalice:{OLD}:19000:0"),
    ],
)
def test_nothing_is_concluded_from_half_a_file(
    office: Organisation, files: LocalFiles, name: str, content: str
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.replace(name, content)
    with pytest.raises(SourceUnreadable):
        watcher.look()
    assert office.left() == {}
    files.write()
    assert told(watcher) == []


@pytest.mark.parametrize("name", ["passwd", "group", "shadow"])
def test_nothing_is_concluded_from_a_missing_file(
    office: Organisation, files: LocalFiles, name: str
) -> None:
    office.fire("user-add", "alice")
    watcher = begun(office)
    (files.directory / name).unlink()
    with pytest.raises(SourceUnreadable):
        watcher.look()
    files.write()
    assert told(watcher) == []


@pytest.mark.parametrize(
    ("name", "content", "doubt"),
    [
        (
            "passwd",
            "root:x:0:0:root:/root:/bin/bash\nbob:x:1002:100:Bob:/home/bob:/bin/sh\n",
            "alice is no longer listed, but still in shadow",
        ),
        ("group", "root:x:0:\nusers:x:100:\n", "team is no longer listed, but still in gshadow"),
    ],
)
def test_nobody_is_gone_of_whom_another_file_knows(
    office: Organisation, files: LocalFiles, name: str, content: str, doubt: str
) -> None:
    files.person("bob", 1002, "Bob", NEW)
    office.fire("user-add", "alice")
    office.fire("user-add", "bob")
    office.fire("group-change", "team")
    watcher = begun(office)
    files.replace(name, content)
    looked = watcher.look()
    assert (looked.doubts, [event.name for event in looked.told]) == ((doubt,), [])
    files.write()
    assert told(watcher) == []


def test_where_others_are_looked_up_elsewhere_nobody_is_gone(
    office: Organisation, files: LocalFiles
) -> None:
    (files.directory / "nsswitch.conf").write_text("passwd: files sss\ngroup: files sss\n")
    office.fire("user-add", "alice")
    watcher = begun(office)
    files.leave("alice")
    assert told(watcher) == []


def test_people_who_are_looked_up_elsewhere_are_reached_by_the_enabled_group(
    found: Found, files: LocalFiles
) -> None:
    (files.directory / "nsswitch.conf").write_text("passwd: files sss\n")
    office = found('group = "google"')
    files.group("google", 2002)
    watcher = begun(office)
    files.group("google", 2002, "one-of-the-directory")
    assert told(watcher) == [("group-change", "google")]


def test_what_cannot_be_recorded_is_told_again(office: Organisation, files: LocalFiles) -> None:
    begun(office)
    files.person("bob", 1002, "Bob Lee", NEW)

    def refuse(_: Event) -> None:
        raise NotRecorded("the disk is full")

    with pytest.raises(NotRecorded):
        looker(office, refuse).look()
    assert told(looker(office)) == [("user-add", "bob")]


def test_another_rule_in_the_settings_tells_nothing(
    found: Found, tmp_path: Path, files: LocalFiles
) -> None:
    office = found()
    office.fire("user-add", "alice")
    begun(office)
    state = tmp_path / "kept"
    shutil.copytree(office.settings.state.directory, state)
    files.group("google", 2002)
    other = found('group = "google"')
    assert told(looker(other)) == []
    files.group("google", 2002, "alice")
    assert told(looker(other)) == [("user-modify", "alice")]


@pytest.mark.parametrize("kept", ["root:x:0:\nusers:x:100:\n", "root:x:0:\n"])
def test_a_group_file_that_is_cut_off_at_a_lines_end_suspends_nobody(
    found: Found, files: LocalFiles, kept: str
) -> None:
    files.group("staff", 2100, "alice")
    office = found('group = "staff"')
    office.fire("user-add", "alice")
    first = begun(office)
    (files.directory / "group").write_text(kept)
    first.look()
    office.settle()
    office.fire("user-modify", "alice")
    assert not office.user("alice@example.org").suspended
    files.write()
    first.look()
    office.settle()
    assert not office.user("alice@example.org").suspended


def test_a_group_file_that_is_cut_off_at_a_lines_end_makes_nobody_wanted(
    found: Found, files: LocalFiles
) -> None:
    files.group("staff", 2100)
    first = begun(found('group = "staff"'))
    files.change("alice", gecos="Alice Ngo")
    (files.directory / "group").write_text("root:x:0:\nusers:x:100:\n")
    (event,) = first.look().told
    assert (event.name, event.patch) == ("alice", {})
