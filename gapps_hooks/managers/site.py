"""The machine that an account manager lives on: its root directory and how commands run there.

It must not know any account manager.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Runs a command and returns its exit status and everything that it printed.
Run = Callable[[Sequence[str]], tuple[int, str]]

_LONGEST = 60.0


def run_command(command: Sequence[str]) -> tuple[int, str]:
    """Run a command of the system, without a terminal and for at most a minute."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd="/",
            text=True,
            errors="replace",
            timeout=_LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, f"{command[0]}: {error}"
    return done.returncode, done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One file system root; commands run only in the real one."""

    root: Path = Path("/")
    run: Run = run_command

    def path(self, absolute: str) -> Path:
        """Return where a file of that absolute name is."""
        return self.root / absolute.removeprefix("/")

    @property
    def live(self) -> bool:
        """Whether this is the running system, not a tree that is being prepared."""
        return self.root == Path("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """What the account manager is to call, and how."""

    #: The directory of the hook scripts.
    hooks: Path
    #: The command gapps-hooks.
    program: Path
    #: A settings file other than the default one.
    settings: Path | None = None
    #: Whether new passwords are to be hashed in a form that Google takes (PAM only).
    set_sha512: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerState:
    """How things stand between us and one account manager."""

    name: str
    #: Everything that we install is in place and is ours.
    enabled: bool
    #: The account manager is there and can call us.
    possible: bool
    #: What is missing, each a sentence with its remedy.
    missing: tuple[str, ...] = ()
    #: What else is worth knowing, each a sentence.
    notes: tuple[str, ...] = ()
