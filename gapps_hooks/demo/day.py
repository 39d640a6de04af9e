"""The story: an organisation's day, chapter by chapter; each checks what it says.

It must not know how anything is run or shown.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.demo.accounts import Accounts
from gapps_hooks.demo.google import ADMIN, DOMAIN
from gapps_hooks.demo.stage import Stage

_FIRST: Final = "correct horse battery"
_SECOND: Final = "staple & paperclip"


def play(stage: Stage, accounts: Accounts) -> None:
    """Play the day from the first chapter to the last."""
    stage.google.emulator.seed(
        {
            "users": [
                {"primaryEmail": f"dora@{DOMAIN}", "name": _name("Dora", "Diaz")},
                {"primaryEmail": f"boss@{DOMAIN}", "name": _name("Bo", "Boss"), "isAdmin": True},
            ]
        }
    )
    for chapter in (_join, _group, _password, _rename, _disable, _adopt, _administrator, _outage):
        chapter(stage, accounts)
    _leave(stage, accounts)


def _name(given: str, family: str) -> dict[str, str]:
    return {"givenName": given, "familyName": family}


def _join(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Alice and Bob join",
        "The account manager adds them and calls its hook: they are at Google before it returns.",
    )
    accounts.add("alice", "Alice", "Archer")
    stage.hook("user-add", "alice", {"password": _FIRST})
    accounts.add("bob", "Bob", "Baker")
    stage.hook("user-add", "bob")
    name = stage.google.user("alice").get("name", {})
    stage.claim(
        f"alice@{DOMAIN} is at Google, active, as Alice Archer",
        holds=stage.google.active("alice") and name.get("familyName") == "Archer",
    )
    stage.claim(
        "Google was given a salted hash of her password, never the password",
        holds=stage.google.password("alice").startswith("crypt: $6$"),
    )
    stage.claim(f"bob@{DOMAIN} is at Google, active", holds=stage.google.active("bob"))


def _group(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter("A group", "The group and its members are at Google after one hook.")
    accounts.group("staff", "alice", "bob")
    stage.hook("group-change", "staff")
    stage.claim(
        f"staff@{DOMAIN} has the members alice and bob",
        holds=stage.google.members("staff") == {"alice", "bob"},
    )
    stage.hook("group-change", "staff")
    stage.claim(
        "Calling a hook twice, or when nothing changed, does no harm",
        holds=stage.google.members("staff") == {"alice", "bob"},
    )


def _password(stage: Stage, accounts: Accounts) -> None:
    del accounts  # the stand-in keeps no passwords
    stage.teller.chapter(
        "A new password", "It comes on stdin, is hashed at once, and is nowhere in clear text."
    )
    before = stage.google.password("alice")
    stage.hook("password-set", "alice", {"password": _SECOND})
    after = stage.google.password("alice")
    stage.claim(
        "Google has the hash of the new password",
        holds=before != after and after.startswith("crypt: $6$"),
    )
    files = [path for path in stage.folder.rglob("*") if path.is_file()]
    secrets = (_FIRST.encode(), _SECOND.encode(), after.partition(": ")[2].encode())
    stage.claim(
        f"In the {len(files)} files of the installation there is neither password nor hash",
        holds=not any(secret in path.read_bytes() for path in files for secret in secrets),
    )


def _rename(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Alice marries", "She gets another user name; the account at Google moves with her."
    )
    before = stage.google.user("alice").get("id")
    accounts.rename("alice", "alice.brown", family_name="Brown")
    stage.hook("user-modify", "alice.brown", {"old_username": "alice"})
    after = stage.google.user("alice.brown")
    stage.claim(
        f"It is the same account, now alice.brown@{DOMAIN}",
        holds=bool(before) and after.get("id") == before,
    )
    stage.claim(
        f"Mail to alice@{DOMAIN} still reaches her",
        holds=f"alice@{DOMAIN}" in after.get("aliases", ()),
    )
    stage.claim(
        "She is still in staff", holds=stage.google.members("staff") == {"alice.brown", "bob"}
    )


def _disable(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Bob is disabled, and enabled again", "Disabling suspends; nothing is ever deleted."
    )
    accounts.change("bob", enabled=False)
    stage.hook("user-modify", "bob")
    stage.claim(f"bob@{DOMAIN} is suspended", holds=stage.google.suspended("bob"))
    accounts.change("bob", enabled=True)
    stage.hook("user-modify", "bob")
    stage.claim(f"bob@{DOMAIN} is active again", holds=stage.google.active("bob"))


def _adopt(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Dora is at Google already", "Her account is adopted, not fought: nothing in it is lost."
    )
    before = stage.google.user("dora").get("id")
    accounts.add("dora", "Dora", "Diaz-Ng")
    stage.hook("user-add", "dora")
    after = stage.google.user("dora")
    marks = [one for one in after.get("externalIds", ()) if one.get("customType") == "gapps-hooks"]
    stage.claim(
        f"dora@{DOMAIN} is the account that it was, and marked as managed",
        holds=bool(before) and after.get("id") == before and len(marks) == 1,
    )
    stage.claim(
        "Her new family name has arrived",
        holds=after.get("name", {}).get("familyName") == "Diaz-Ng",
    )


def _administrator(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Nobody locks the organisation out",
        "boss is an administrator at Google: whatever happens here, that account is left alone.",
    )
    accounts.add("boss", "Bo", "Boss")
    stage.hook("user-add", "boss")
    accounts.change("boss", enabled=False)
    line = stage.hook("user-modify", "boss")
    stage.claim("The hook says so in plain words", holds="cannot be suspended" in line)
    stage.claim(f"boss@{DOMAIN} is active", holds=stage.google.active("boss"))
    stage.claim(f"{ADMIN}, as whom we act, is active too", holds=stage.google.active("admin"))
    stage.command("outbox", "list")
    stage.command("outbox", "drop", "boss")


def _outage(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Google is away for a while",
        "The hook still returns 0 at once: the change is on disk, and delivered later by itself.",
    )
    stage.google.go_away()
    accounts.add("erin", "Erin", "Evans")
    line = stage.hook("user-add", "erin")
    stage.claim("The change waits on disk", holds="waiting" in line)
    stage.claim("Nobody at Google knows Erin yet", holds=not stage.google.user("erin"))
    stage.google.come_back()
    stage.teller.say("  Google is back.")
    stage.command("deliver")
    stage.claim(f"erin@{DOMAIN} is at Google, active", holds=stage.google.active("erin"))


def _leave(stage: Stage, accounts: Accounts) -> None:
    stage.teller.chapter(
        "Bob leaves", "Removing a person suspends the account; mail and files stay where they are."
    )
    accounts.remove("bob")
    stage.hook("user-delete", "bob")
    stage.hook("group-change", "staff")
    stage.claim(f"bob@{DOMAIN} is suspended, not deleted", holds=stage.google.suspended("bob"))
    stage.claim("staff is Alice's alone", holds=stage.google.members("staff") == {"alice.brown"})
    stage.command("status")
