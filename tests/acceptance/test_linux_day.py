"""A day of Linux accounts: Debian's own programs, our hooks, Google's own client, the emulator.

Nothing between a person's terminal and the requests that reach Google is stood in for.
"""

from __future__ import annotations

import pytest
from linux_chain import ALL, CHANGE, CREATE, Chain
from passlib.hash import sha512_crypt  # type: ignore[import-untyped] # libpass has no types

# --- a person comes, changes and goes ----------------------------------------------------------


def test_adduser_makes_one_account_that_has_name_and_password_at_once(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.adduser("alice", "Alice Ng", "correct-horse-7")
    assert chain.calls() == [CREATE]
    assert len(chain.writes()) == 1
    assert chain.writes()[0].body["name"] == {"givenName": "Alice", "familyName": "Ng"}
    assert chain.accounts() == {"alice": "active"}
    assert chain.accepts("alice", "correct-horse-7")
    assert chain.waiting() == {}


def test_deluser_suspends_and_deletes_nothing(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.adduser("alice", "Alice Ng", "correct-horse-7")
    chain.machine.must("deluser --remove-home alice")
    assert chain.accounts() == {"alice": "suspended"}
    assert chain.calls() == [CREATE, CHANGE]


def test_what_a_killed_adduser_leaves_is_delivered_by_the_retry(chain: Chain) -> None:
    """Until then it is only noted, because adduser itself would have told us more."""
    chain.enable(*ALL)
    killed = ["/usr/bin/timeout", "--foreground", "--signal", "KILL", "2"]
    assert chain.machine.talk([*killed, "/usr/sbin/adduser", "--gecos", "Al Ng", "alice"], []) != 0
    assert "alice" in chain.machine.accounts()
    assert chain.accounts() == {}
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {"alice": "active"}


def test_useradd_makes_an_account_under_the_full_name(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Alice van Ng,Room 7,,' alice")
    found = chain.account("alice")
    assert found is not None
    assert found["name"] == {"givenName": "Alice van", "familyName": "Ng"}


def test_a_person_changes_the_own_password_and_google_takes_it(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    assert chain.machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
    assert chain.accepts("alice", "second-Word-2")
    assert not chain.accepts("alice", "first-Word-1")


def test_a_password_that_comes_while_google_still_makes_the_account_arrives(chain: Chain) -> None:
    chain.google.switches.set({"creation_window": 3.0})
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    assert {request.status for request in chain.writes()} == {200, 412}


def test_a_hash_that_useradd_was_given_is_the_new_accounts_password(chain: Chain) -> None:
    chain.enable(*ALL)
    given = sha512_crypt.using(rounds=5000).hash("first-Word-1")
    assert chain.machine.run("/usr/sbin/useradd", "-p", given, "alice").returncode == 0
    assert chain.accepts("alice", "first-Word-1")


def test_newusers_which_calls_no_hook_of_useradd_tells_by_the_passwords(chain: Chain) -> None:
    chain.enable(*ALL)
    lines = "ann:the-Word-1:::Ann Ng::/bin/sh\nbob:the-Word-2:::Bob Ng::/bin/sh\n"
    assert chain.machine.run("/usr/sbin/newusers", text=lines).returncode == 0
    assert chain.accepts("ann", "the-Word-1")
    assert chain.accepts("bob", "the-Word-2")
    found = chain.account("bob")
    assert found is not None
    assert found["name"] == {"givenName": "Bob", "familyName": "Ng"}


def test_chpasswd_for_several_reaches_each_of_them(chain: Chain) -> None:
    chain.machine.must("for u in ann bob cat; do useradd $u; done")
    chain.enable(*ALL)
    chain.set_passwords("ann:the-Word-1", "bob:the-Word-2", "cat:the-Word-3")
    for name, password in (("ann", "the-Word-1"), ("bob", "the-Word-2"), ("cat", "the-Word-3")):
        assert chain.accepts(name, password)
    assert chain.calls() == [CREATE] * 3


def test_a_delivered_hash_is_nowhere_in_the_state_directory(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    _, _, salt, secret = chain.machine.stored_hash("alice").split("$")
    held = chain.state_bytes()
    assert b"alice" in held
    assert salt.encode() not in held
    assert secret.encode() not in held


def test_a_list_of_people_read_by_a_shell_loop_arrives_whole(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.write("/var/tmp/list", "ann\nbob\ncat\ndan\n")
    chain.machine.must('while read u; do useradd "$u"; done </var/tmp/list')
    assert chain.accounts() == dict.fromkeys(("ann", "bob", "cat", "dan"), "active")
    assert chain.calls() == [CREATE] * 4


# --- what no hook sees -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alison", "alice"])
def test_a_look_brings_what_programs_without_hooks_have_changed(chain: Chain, name: str) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Alice Ng' alice && groupadd team-red")
    before = chain.account("alice")
    chain.machine.must("usermod -l alison -c 'Alison Ng' alice && gpasswd -a alison team-red")
    looked = chain.command("reconcile", "--only", name, "group:team-red")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    after = chain.account("alison")
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert after["name"] == {"givenName": "Alison", "familyName": "Ng"}
    assert chain.members("team-red") == {"alison@example.org"}
    assert chain.accounts() == {"alison": "active"}


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ("usermod -L alice", "usermod -U alice"),
        ("chage -E 1 alice", "chage -E -1 alice"),
    ],
)
def test_a_lock_is_seen_by_a_look_and_so_is_its_end(chain: Chain, off: str, on: str) -> None:
    chain.machine.must("useradd alice && groupadd others")
    chain.set_passwords("alice:first-Word-1")
    assert chain.hook("user-add", "alice").returncode == 0
    chain.machine.must(off)
    assert chain.command("reconcile", "--only", "alice").returncode == 0
    assert chain.accounts() == {"alice": "suspended"}
    chain.machine.must(on)
    assert chain.hook("user-modify", "alice").returncode == 0
    assert chain.accounts() == {"alice": "active"}


def test_the_members_of_a_group_follow_and_a_removed_group_is_emptied(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd alice && useradd bob && groupadd team-red && groupadd rest")
    chain.machine.must("gpasswd -M alice,bob team-red")
    assert chain.hook("group-change", "team-red").returncode == 0
    assert chain.members("team-red") == {"alice@example.org", "bob@example.org"}
    chain.machine.must("gpasswd -d bob team-red")
    assert chain.command("reconcile", "--only", "group:team-red").returncode == 0
    assert chain.members("team-red") == {"alice@example.org"}
    chain.machine.must("groupdel team-red")
    assert chain.command("reconcile", "--only", "group:team-red").returncode == 0
    assert chain.members("team-red") == set()


def test_the_local_group_that_switches_google_on_brings_people_in_and_out(chain: Chain) -> None:
    chain.settle(enabled='group = "google"')
    chain.machine.must("groupadd google")
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accounts() == {}
    chain.machine.must("gpasswd -a alice google")
    assert chain.hook("group-change", "google").returncode == 0
    assert chain.accounts() == {"alice": "active"}
    assert chain.accepts("alice", "first-Word-1")
    chain.machine.must("gpasswd -d alice google")
    assert chain.hook("group-change", "google").returncode == 0
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {"alice": "suspended"}


# --- whose account it is -----------------------------------------------------------------------


@pytest.mark.parametrize("google", ["here", "away", "refusing"])
def test_a_reused_number_never_hands_an_account_over(chain: Chain, google: str) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -u 1777 -c 'Ng' alice")
    if google == "away":
        chain.google_leaves()
    if google == "refusing":
        chain.google.faults.script([{"fails": "403", "call": CHANGE, "times": 0}])
    chain.machine.must("userdel alice && useradd -u 1777 -c 'Ng' bob")
    if google == "away":
        chain.google_returns()
        assert chain.command("deliver").returncode == 0
    left = "active" if google == "refusing" else "suspended"
    assert chain.accounts() == {"alice": left, "bob": "active"}
    alice, bob = chain.account("alice"), chain.account("bob")
    assert alice is not None
    assert bob is not None
    assert alice["id"] != bob["id"]


def test_a_reused_name_is_asked_about_and_the_same_person_is_taken_up_again(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -u 1777 alice && userdel alice && useradd -u 1888 alice")
    assert chain.accounts() == {"alice": "suspended"}
    assert "same person?" in chain.waiting()["alice"]["reason"]
    chain.machine.must("userdel alice && useradd -u 1777 alice")
    assert chain.accounts() == {"alice": "active"}


def test_one_of_twenty_is_enabled_and_the_others_are_left_alone(chain: Chain) -> None:
    names = [f"user{number:02}" for number in range(1, 21)]
    others = [name for name in names if name != "user07"]
    chain.google.seed({"users": [{"primaryEmail": f"{name}@example.org"} for name in names]})
    chain.settle(enabled='group = "google"')
    chain.machine.must(f"for u in {' '.join(names)}; do useradd $u; done")
    chain.machine.must("groupadd google && gpasswd -a user07 google")
    chain.enable(*ALL)
    before = {name: chain.account(name) for name in others}

    chain.set_passwords("user12:others-Word-1", "user07:first-Word-1")
    chain.machine.must("userdel user13 && deluser user14 && usermod -L user15")
    chain.command("reconcile", "--only", "user15")

    assert chain.accepts("user07", "first-Word-1")
    assert {name: chain.account(name) for name in others} == before
    assert not any(name in request.path for request in chain.google.requests for name in others)
    assert [request.call for request in chain.writes()] == [CHANGE]
    assert b"$6$" not in chain.state_bytes()


def test_an_administrator_at_google_is_left_alone_whatever_is_done_here(chain: Chain) -> None:
    chain.google.seed({"users": [{"primaryEmail": "boss@example.org", "isAdmin": True}]})
    before = chain.account("boss")
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Other Name' boss")
    chain.set_passwords("boss:first-Word-1")
    chain.machine.must("userdel boss")
    assert chain.account("boss") == before
    assert chain.calls() == []
    assert (
        "The Google Workspace administrator account boss@example.org cannot be suspended. Create "
        "it in the account manager and enable Google for it, or list it under protected."
    ) in chain.waiting()["boss"]["reason"]
