"""A made-up installation of the hooks, for tests in every folder; it knows nothing of delivery."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of what is tested: how long an example takes says nothing. What is to
# land may not hang on chance either; make soak looks for what nobody has thought of.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize="GAPPS_HOOKS_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

#: Who runs what, and what tests have organisations, hooks and agents from.
pytest_plugins = ("sharing", "organisation", "command_line", "real_hooks", "resident")

CHECKOUT = Path(__file__).resolve().parents[1]

# Stands in for gapps_hooks.hook: notes what it was given and answers as the test wants.
RECORDER = """\
import json, os, pathlib, resource, sys
prefix = pathlib.Path(sys.prefix)
note = {
    "message": sys.stdin.buffer.read().decode(),
    "environment": dict(os.environ),
    "arguments": sys.orig_argv[1:],
    "process": os.getpid(),
    "user": [os.getuid(), os.geteuid()],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
}
folder = prefix / "recorded"
folder.mkdir(exist_ok=True)
temporary = folder / f".{os.getpid()}"
temporary.write_text(json.dumps(note))
temporary.rename(folder / f"{len(list(folder.glob('*.json'))):06}.json")
status = prefix / "status"
print("recorded here")
sys.exit(int(status.read_text()) if status.exists() else 0)
"""


def _lay_out(prefix: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = Path(sys.base_prefix, "bin", version)
    package = prefix / "lib" / version / "site-packages" / "gapps_hooks"
    package.mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin" / version).symlink_to(interpreter)
    (prefix / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\n")
    for part in ("__init__.py", "fire.py"):
        shutil.copy(CHECKOUT / "gapps_hooks" / part, package)
    shutil.copytree(
        CHECKOUT / "gapps_hooks" / "firing",
        package / "firing",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (package / "__main__.py").write_text(RECORDER)
    (package / "hook.py").write_text(RECORDER)
    shutil.copytree(CHECKOUT / "hooks.d", prefix / "share" / "gapps-hooks" / "hooks.d")
    return prefix


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """Prefix of an installation with the real scripts, the real entry and a stand-in recorder.

    The recorder notes every call in ``recorded/`` and exits with the number in the file
    ``status``, if there is one. ``python -m gapps_hooks`` does the same.
    """
    return _lay_out(tmp_path / "prefix")


@pytest.fixture
def recorded(installation: Path) -> Callable[[], list[dict[str, Any]]]:
    """Read what the stand-in recorder was given, oldest first; ``message`` as it was read."""

    def read() -> list[dict[str, Any]]:
        files = sorted((installation / "recorded").glob("*.json"))
        return [json.loads(file.read_text()) for file in files]

    return read


@pytest.fixture
def events(recorded: Callable[[], list[dict[str, Any]]]) -> Callable[[], list[tuple[str, str]]]:
    """Read which events the stand-in recorder was given, as pairs of event and subject."""

    def read() -> list[tuple[str, str]]:
        messages = (json.loads(note["message"]) for note in recorded())
        return [(message["event"], message["subject"]) for message in messages]

    return read


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let programs that tests start be interrupted, also where a shell in the background did not.

    A signal that is ignored stays ignored in every program that is started from here.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what is missing fail where everything has to be there: CI skips nothing."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped where nothing may be missing: {call.excinfo}"
    return report
