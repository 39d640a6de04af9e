"""A throw-away view of this machine, in which account programs may change anything.

It must not know which programs are run in it. A mount namespace lays an empty layer over every
directory that they write to (unshare(1), the overlay file system); it vanishes with its process.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from gapps_hooks import managers
from gapps_hooks.errors import GappsHooksError

_UNSHARE: Final = Path("/usr/bin/unshare")
_MOUNT: Final = "/usr/bin/mount"
#: Account programs write here; the layer takes it, the machine keeps what it has.
_LAYERED: Final = ("/etc", "/home", "/usr/local", "/usr/share/pam-configs", "/var")
#: Sockets to the machine's own services are here: inside there are none.
_EMPTY: Final = ("/run",)
_WATCHED: Final = (
    "passwd",
    "shadow",
    "group",
    "gshadow",
    "subuid",
    "subgid",
    "pam.d/common-password",
)


#: The account managers that the story needs.
MANAGERS: Final = ("shadow", "pam")


class NoView(GappsHooksError):
    """The view cannot be made here; the text says why."""


def why_not() -> str | None:
    """Say why the story cannot be played in a view of this machine, or None."""
    if sys.platform != "linux" or not _UNSHARE.exists():
        return "it needs Linux and unshare (util-linux)"
    if os.geteuid() != 0:
        return "it needs root, for a mount namespace: sudo gapps-hooks demo --linux"
    states = [managers.check(name) for name in MANAGERS]
    missing = [sentence for state in states if not state.possible for sentence in state.missing]
    return " ".join(missing) or None


def run_inside(module: str, arguments: Iterable[str | Path]) -> int:
    """Run one of our modules in a new mount namespace; return its exit status.

    Raises:
        OSError: unshare cannot be run.
    """
    enter = (_UNSHARE, "--mount", "--propagation", "private")
    return subprocess.run(
        [*enter, sys.executable, "-I", "-m", module, *arguments], check=False
    ).returncode


def lay_over(layer: Path) -> None:
    """Make the view; to be called inside, with an empty directory for what is written.

    Raises:
        NoView: the kernel does not let us.
    """
    _mount("-t", "tmpfs", "-o", "mode=755", "none", layer)
    for number, directory in enumerate(filter(os.path.isdir, _LAYERED)):
        upper, work = layer / f"upper{number}", layer / f"work{number}"
        upper.mkdir()
        work.mkdir()
        upper.chmod(Path(directory).stat().st_mode & 0o7777)
        options = f"lowerdir={directory},upperdir={upper},workdir={work}"
        _mount("-t", "overlay", "overlay", "-o", options, directory)
    for directory in _EMPTY:
        _mount("-t", "tmpfs", "-o", "mode=755", "none", directory)


def fingerprint(directory: Path = Path("/etc")) -> Mapping[str, str]:
    """Digest the files in which this machine's accounts are, to see later that none changed."""
    files = [directory / name for name in _WATCHED]
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()
    }


def _mount(*words: str | Path) -> None:
    done = subprocess.run([_MOUNT, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoView(f"this kernel does not let us mount a layer: {done.stderr.strip()}")
