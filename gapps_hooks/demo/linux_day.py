"""The story with real Linux accounts: useradd, chpasswd, usermod and userdel, one by one.

It must not know that the machine is only a view, nor how anything is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gapps_hooks.demo.google import DOMAIN
from gapps_hooks.demo.stage import Stage

_PHRASE: Final = "correct horse battery"
_SHADOW: Final = Path("/etc/shadow")


def play(stage: Stage) -> None:
    """Play the day from the first chapter to the last."""
    for chapter in (_enable, _add, _password, _modify, _lock, _outage, _remove, _disable):
        chapter(stage)


def stored_hash(name: str) -> str:
    """Return what shadow(5) holds as a person's password; empty if there is no such person."""
    lines = (line.split(":") for line in _SHADOW.read_text().splitlines())
    return next((fields[1] for fields in lines if fields[0] == name), "")


def _enable(stage: Stage) -> None:
    stage.teller.chapter(
        "Once: the account programs learn to call us",
        "enable writes their hook files; disable takes exactly these away again.",
    )
    stage.command("enable", "shadow")
    stage.command("enable", "pam", "--set-sha512")
    stage.command("managers")


def _add(stage: Stage) -> None:
    stage.teller.chapter("A person is added", "With useradd, as everywhere on Linux.")
    stage.system("useradd --create-home --comment 'Alice Archer' alice")
    name = stage.google.user("alice").get("name", {})
    stage.claim(
        f"alice@{DOMAIN} is at Google, active, as Alice Archer",
        holds=stage.google.active("alice") and name.get("familyName") == "Archer",
    )


def _password(stage: Stage) -> None:
    stage.teller.chapter(
        "A password", "PAM tells us that it changed; its hash is read from /etc/shadow."
    )
    stage.system("chpasswd", f"alice:{_PHRASE}\n")
    given = stage.google.password("alice").partition(": ")[2]
    stage.claim(
        "Google has the very hash that /etc/shadow has",
        holds=given.startswith("$6$") and given == stored_hash("alice"),
    )


def _modify(stage: Stage) -> None:
    stage.teller.chapter(
        "Alice marries",
        "usermod calls nobody, so a person says whom to look at; a new user name is recognised.",
    )
    before = stage.google.user("alice").get("id")
    stage.system("usermod --login alice.brown --comment 'Alice Brown' alice")
    stage.command("reconcile", "alice.brown")
    after = stage.google.user("alice.brown")
    stage.claim(
        f"It is the same account, now alice.brown@{DOMAIN}",
        holds=bool(before) and after.get("id") == before,
    )
    stage.claim(
        "Her new family name has arrived", holds=after.get("name", {}).get("familyName") == "Brown"
    )


def _lock(stage: Stage) -> None:
    stage.teller.chapter("A locked account", "Looked at first as a test, then for real.")
    stage.system("usermod --lock alice.brown")
    stage.command("reconcile", "alice.brown", "--dry-run")
    stage.claim("After the test nothing has changed", holds=stage.google.active("alice.brown"))
    stage.command("reconcile", "alice.brown")
    stage.claim(f"alice.brown@{DOMAIN} is suspended", holds=stage.google.suspended("alice.brown"))
    stage.system("usermod --unlock alice.brown")
    stage.command("reconcile", "alice.brown")
    stage.claim(f"alice.brown@{DOMAIN} is active again", holds=stage.google.active("alice.brown"))


def _outage(stage: Stage) -> None:
    stage.teller.chapter(
        "Google is away for a while", "useradd works as ever; what waits is delivered later."
    )
    stage.google.go_away()
    stage.system("useradd --comment 'Erin Evans' erin")
    stage.claim("Nobody at Google knows Erin yet", holds=not stage.google.user("erin"))
    stage.google.come_back()
    stage.teller.say("  Google is back.")
    stage.command("deliver")
    stage.claim(f"erin@{DOMAIN} is at Google, active", holds=stage.google.active("erin"))


def _remove(stage: Stage) -> None:
    stage.teller.chapter("Alice leaves", "With userdel; at Google nothing is ever deleted.")
    stage.system("userdel --remove alice.brown")
    stage.claim(
        f"alice.brown@{DOMAIN} is suspended, not deleted",
        holds=stage.google.suspended("alice.brown"),
    )


def _disable(stage: Stage) -> None:
    stage.teller.chapter("And back", "disable leaves nothing of us behind.")
    stage.command("disable", "pam")
    stage.command("disable", "shadow")
    left = [path for path in Path("/etc").rglob("*gapps-hooks*") if path.is_file()]
    stage.claim("No file of ours is left in /etc", holds=not left)
