"""What fire.py promises its callers, and what it tells the agent."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from pwd import getpwnam
from typing import Any

import pytest

STRACE = shutil.which("strace")
FIRE = Path(__file__).resolve().parents[2] / "gapps_hooks" / "fire.py"
Recorded = Callable[[], list[dict[str, Any]]]
Events = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "gapps-hooks.toml"


@pytest.fixture
def command(installation: Path, settings: Path) -> list[str]:
    """The command line up to the event."""
    interpreter = next((installation / "bin").iterdir())
    fire = next(installation.glob("lib/*/site-packages/gapps_hooks/fire.py"))
    return [str(interpreter), "-I", "-S", str(fire), "--settings", str(settings)]


@pytest.fixture
def package(installation: Path) -> Path:
    """Where the entry lies."""
    return next(installation.glob("lib/*/site-packages/gapps_hooks"))


def fire(
    command: list[str],
    *words: str,
    payload: bytes | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the hook with this payload, or else with this stdin."""
    with subprocess.Popen(
        [*command, *words],
        stdin=stdin if payload is None else subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=env,
    ) as process:
        try:
            output, complaint = process.communicate(payload, timeout=30)
        finally:
            process.kill()
    return subprocess.CompletedProcess(command, process.returncode, output, complaint)


def fill(writer: int) -> None:
    """Write into a pipe until it takes no more."""
    os.set_blocking(writer, False)
    for size in (4096, 1):
        with suppress(BlockingIOError):
            while os.write(writer, b"x" * size):
                pass
    os.set_blocking(writer, True)


@contextmanager
def agent(settings: Path, behave: Callable[[socket.socket], None]) -> Iterator[None]:
    """Listen as the agent of this settings file does; ``behave`` has the first connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"{settings}.sock")
        listener.listen(1)

        def serve() -> None:
            channel, _ = listener.accept()
            with channel:
                behave(channel)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def read_event(channel: socket.socket) -> dict[str, Any]:
    with channel.makefile("rb") as lines:
        assert lines.readline() == b"gapps-hooks/1\n"
        event = json.loads(lines.readline())
    assert isinstance(event, dict)
    return event


class Answering:
    """An agent that notes the event and sends these bytes, with pauses where there are numbers."""

    def __init__(self, *sequence: bytes | float) -> None:
        self.sequence = sequence
        self.heard: dict[str, Any] = {}

    def __call__(self, channel: socket.socket) -> None:
        self.heard = read_event(channel)
        for step in self.sequence:
            if isinstance(step, bytes):
                try:
                    channel.sendall(step)
                except BrokenPipeError:
                    return
            else:
                time.sleep(step)


RECORDED = b'{"recorded": true, "wait": 5.0}\n'
DELIVERED = b'{"outcome": {"line": "alice: created"}}\n'


def only(recorded: Recorded) -> dict[str, Any]:
    (note,) = recorded()
    message = json.loads(note["message"])
    assert isinstance(message, dict)
    return message


# --- the event as the recorder gets it ---------------------------------------------------------


def test_without_an_agent_the_event_is_recorded_in_the_same_process(
    command: list[str], recorded: Recorded, settings: Path
) -> None:
    with subprocess.Popen(
        [*command, "user-add", "alice"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        output, _ = process.communicate(timeout=30)
    (note,) = recorded()
    assert (process.returncode, output) == (0, b"recorded here\n")
    assert note["process"] == process.pid
    assert note["arguments"] == ["-I", "-m", "gapps_hooks.hook"]
    message = json.loads(note["message"])
    assert int(message.pop("id"), 16) >= 0
    assert 0 <= time.monotonic() - message.pop("sent") < 60
    assert message == {
        "version": 1,
        "event": "user-add",
        "subject": "alice",
        "settings": str(settings),
        "defer": 0.0,
        "payload": None,
    }


@pytest.mark.parametrize("form", ["{0}//{1}", "{0}/./{1}", "{0}/x/../{1}", "/.{0}/{1}", "{2}"])
def test_settings_are_the_same_file_however_their_path_is_written(
    command: list[str], recorded: Recorded, settings: Path, form: str
) -> None:
    written = form.format(settings.parent, settings.name, os.path.relpath(settings))
    fire(command, "--settings", written, "user-add", "alice")
    assert only(recorded)["settings"] == str(settings)


def test_every_event_has_its_own_128_bits(command: list[str], recorded: Recorded) -> None:
    fire(command, "user-add", "alice")
    fire(command, "user-add", "alice")
    identifiers = {json.loads(note["message"])["id"] for note in recorded()}
    assert len(identifiers) == 2
    assert all(len(identifier) == 32 for identifier in identifiers)


def test_the_recorder_gets_nothing_of_the_callers_environment_and_may_not_dump_core(
    command: list[str], recorded: Recorded
) -> None:
    hostile = {"PATH": "/nowhere", "PYTHONPATH": "/nowhere", "HOME": "/nowhere", "LC_ALL": "C"}
    fire(command, "user-add", "alice", env=hostile)
    (note,) = recorded()
    assert note["environment"].pop("PATH") == "/usr/sbin:/usr/bin:/sbin:/bin"
    # Python itself may say which locale it chose instead of C (PEP 538)
    assert set(note["environment"]) <= {"LC_CTYPE"}
    assert note["core"] in {0, 1}


def test_the_payload_arrives_as_it_was_written_but_on_one_line(
    command: list[str], recorded: Recorded
) -> None:
    payload = '{\n "given_name": "Zoë",\r\n "given_name": "twice", "n": 1e2}\n'
    assert fire(command, "user-modify", "zoe", payload=payload.encode()).returncode == 0
    (note,) = recorded()
    assert "\n" not in note["message"].rstrip("\n")
    assert '"given_name": "Zoë",   "given_name": "twice", "n": 1e2' in note["message"]


def test_a_payload_of_a_mebibyte_is_taken_and_one_byte_more_is_not(
    command: list[str], recorded: Recorded
) -> None:
    whole = b'{"description": "' + b"x" * ((1 << 20) - 19) + b'"}'
    assert len(whole) == 1 << 20
    assert fire(command, "group-change", "staff", payload=whole).returncode == 0
    assert fire(command, "group-change", "staff", payload=whole + b" ").returncode == 64
    assert len(only(recorded)["payload"]["description"]) == (1 << 20) - 19


def test_a_deferral_is_passed_on(command: list[str], recorded: Recorded) -> None:
    assert fire(command, "--defer", "60", "user-add", "alice").returncode == 0
    assert only(recorded)["defer"] == 60.0


@pytest.mark.parametrize("status", [0, 1, 64])
def test_the_recorders_exit_status_is_the_hooks(
    command: list[str], installation: Path, status: int
) -> None:
    (installation / "status").write_text(str(status))
    assert fire(command, "user-add", "alice").returncode == status


def test_reconcile_hands_its_arguments_to_the_command_line_of_that_name(
    command: list[str], recorded: Recorded, settings: Path, installation: Path
) -> None:
    (installation / "status").write_text("3")
    result = fire(command, "reconcile", "--dry-run", "--only", "-x", "--", "--defer")
    (note,) = recorded()
    assert result.returncode == 3
    assert note["environment"]["GAPPS_HOOKS_CONFIG"] == str(settings)
    assert note["arguments"] == [
        *("-I", "-m", "gapps_hooks", "reconcile"),
        *("--dry-run", "--only", "-x", "--", "--defer"),
    ]


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("user-added", "alice"),
        ("user-add",),
        ("user-add", ""),
        ("user-add", "alice", "bob"),
        ("user-add", "al\nice"),
        ("user-add", "--settings"),
        ("user-add", "--surprise", "alice"),
        ("--defer", "soon", "user-add", "alice"),
        ("--defer", "-1", "user-add", "alice"),
        ("--defer", "nan", "user-add", "alice"),
    ],
)
def test_a_malformed_command_line_is_refused_with_one_sentence(
    command: list[str], recorded: Recorded, words: tuple[str, ...]
) -> None:
    result = fire(command, *words)
    assert result.returncode == 64
    assert len(result.stderr.splitlines()) == 1
    assert recorded() == []


@pytest.mark.parametrize("words", [("user-add", "--help"), ("--help",)])
def test_who_asks_for_help_is_told_the_usage_and_where_the_contract_is(
    command: list[str], recorded: Recorded, words: tuple[str, ...]
) -> None:
    result = fire(command, *words)
    assert result.returncode == 0
    assert result.stdout.startswith(b"Usage: user-add | ")
    assert b"README.md beside the hook scripts is the contract" in result.stdout
    assert result.stderr == b""
    assert recorded() == []


def test_what_stands_where_nothing_belongs_is_not_repeated(command: list[str]) -> None:
    result = fire(command, "user-add", "alice", "hunter2hunter2")
    assert b"hunter2" not in result.stderr + result.stdout


@pytest.mark.parametrize("words", [("--", "user-add", "-alice"), ("user-add", "--", "-alice")])
def test_a_name_may_begin_with_a_dash(
    command: list[str], recorded: Recorded, words: tuple[str, ...]
) -> None:
    assert fire(command, *words).returncode == 0
    assert only(recorded)["subject"] == "-alice"


@pytest.mark.parametrize(
    "payload",
    [b'{"password": "s3cret-s3cret', b"[]", b'"text"', b"{} {}", b"\xff\xfe", b"[" * 200_000],
)
def test_a_payload_that_is_no_json_object_is_refused_without_repeating_it(
    command: list[str], recorded: Recorded, payload: bytes
) -> None:
    result = fire(command, "password-set", "alice", payload=payload)
    assert result.returncode == 64
    assert b"s3cret" not in result.stderr + result.stdout
    assert recorded() == []


def test_a_name_that_is_not_utf8_is_refused_and_a_utf8_one_is_taken_in_any_locale(
    command: list[str], recorded: Recorded
) -> None:
    interpreter, *options = command
    # in the last of these Python has no letters but those of ASCII
    for locale, encoding in (("C", "1"), ("C.UTF-8", "0"), ("xx_XX.utf8", "0"), ("C", "0")):
        environment = {"LC_ALL": locale}
        command = [interpreter, "-X", f"utf8={encoding}", *options]
        assert fire(command, "user-add", "Zoë", env=environment).returncode == 0
        raw = subprocess.run(
            [*map(os.fsencode, command), b"user-add", b"Zo\xeb"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert raw.returncode == 64
    assert {json.loads(note["message"])["subject"] for note in recorded()} == {"Zoë"}


@pytest.mark.parametrize("encoding", ["0", "1"])
def test_settings_of_the_environment_are_taken_in_any_locale(
    command: list[str], recorded: Recorded, settings: Path, encoding: str
) -> None:
    interpreter, *options = command[: command.index("--settings")]
    named = settings.with_name("Zoë.toml")
    environment = {"LC_ALL": "C", "GAPPS_HOOKS_CONFIG": str(named)}
    command = [interpreter, "-X", f"utf8={encoding}", *options]
    assert fire(command, "user-add", "alice", env=environment).returncode == 0
    assert only(recorded)["settings"] == str(named)


# --- stdin -------------------------------------------------------------------------------------


def test_a_terminal_on_stdin_is_not_read(command: list[str], recorded: Recorded) -> None:
    controller, terminal = pty.openpty()
    started = time.monotonic()
    result = fire(command, "user-add", "alice", stdin=terminal)
    os.close(controller)
    os.close(terminal)
    assert result.returncode == 0
    assert time.monotonic() - started < 1.5
    assert only(recorded)["payload"] is None


def test_an_open_but_silent_stdin_is_empty_after_two_seconds(
    command: list[str], recorded: Recorded
) -> None:
    reader, writer = os.pipe()
    started = time.monotonic()
    result = fire(command, "user-add", "alice", stdin=reader)
    os.close(reader)
    os.close(writer)
    assert result.returncode == 0
    assert 1.9 < time.monotonic() - started < 4
    assert only(recorded)["payload"] is None


def test_an_open_stdin_that_said_a_whole_object_is_taken(
    command: list[str], recorded: Recorded
) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"given_name": "Alice"}')
    result = fire(command, "user-add", "alice", stdin=reader)
    os.close(reader)
    os.close(writer)
    assert result.returncode == 0
    assert only(recorded)["payload"] == {"given_name": "Alice"}


def test_a_payload_that_stops_in_the_middle_is_refused(
    command: list[str], recorded: Recorded
) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"given_name": "Al')
    result = fire(command, "user-add", "alice", stdin=reader)
    os.close(reader)
    os.close(writer)
    assert (result.returncode, recorded()) == (64, [])


def test_a_stdin_that_trickles_for_ever_does_not_hold_the_hook(command: list[str]) -> None:
    reader, writer = os.pipe()
    with subprocess.Popen(
        [*command, "user-add", "alice"], stdin=reader, stderr=subprocess.DEVNULL
    ) as process:
        started = time.monotonic()
        while process.poll() is None and time.monotonic() - started < 20:
            os.write(writer, b"[")
            time.sleep(0.2)
    os.close(reader)
    os.close(writer)
    assert process.returncode == 64
    assert time.monotonic() - started < 8


def test_nothing_is_read_where_stdin_is_not_ours(command: list[str], recorded: Recorded) -> None:
    assert fire(command, "--no-stdin", "user-add", "a", payload=b"not for us").returncode == 0
    assert only(recorded)["payload"] is None


# --- exit status under odd descriptors ---------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "0>/dev/null"])
def test_closed_descriptors_change_nothing(
    command: list[str], recorded: Recorded, closed: str
) -> None:
    line = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command, "user-add", "alice"]
    assert subprocess.run(line, check=False, timeout=30).returncode == 0
    assert only(recorded)["subject"] == "alice"


@pytest.mark.parametrize("broken", ["</dev/null >/dev/full 2>&1", "</dev/null >&- 2>&-"])
def test_with_an_agent_a_broken_output_changes_nothing(
    command: list[str], settings: Path, recorded: Recorded, broken: str
) -> None:
    line = ["/bin/sh", "-c", f'exec "$@" {broken}', "sh", *command, "user-add", "alice"]
    with agent(settings, Answering(RECORDED, DELIVERED)):
        assert subprocess.run(line, check=False, timeout=30).returncode == 0
    assert recorded() == []


def test_with_an_agent_a_reader_that_went_away_changes_nothing(
    command: list[str], settings: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with agent(settings, Answering(RECORDED, DELIVERED)):
        result = fire(command, "user-add", "alice", stdout=writer)
    os.close(writer)
    assert result.returncode == 0


def test_with_an_agent_a_reader_that_does_not_read_holds_nothing_up(
    command: list[str], settings: Path
) -> None:
    reader, writer = os.pipe()
    fill(writer)
    with agent(settings, Answering(RECORDED, DELIVERED)):
        result = fire(command, "user-add", "alice", stdout=writer)
    os.close(reader)
    os.close(writer)
    assert result.returncode == 0


@pytest.mark.parametrize("length", [4091, 4094, 4095, 4096, 8000])
def test_with_an_agent_a_long_line_waits_for_no_reader(
    command: list[str], settings: Path, length: int
) -> None:
    """A pipe is ready as soon as one page of it is free, and takes no more than that at once."""
    line = "ä" * (length // 2) + "!" * (length % 2)
    outcome = json.dumps({"outcome": {"line": line}}).encode() + b"\n"
    reader, writer = os.pipe()
    before = os.write(writer, b"x" * (15 * select.PIPE_BUF))
    with agent(settings, Answering(RECORDED, outcome)):
        result = fire(command, "user-add", "alice", stdout=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as printed:
        said = printed.read()[before:].decode()
    assert result.returncode == 0
    assert len(said.encode()) <= select.PIPE_BUF
    whole = len(line.encode()) < select.PIPE_BUF
    assert said == (f"{line}\n" if whole else f"{'ä' * ((select.PIPE_BUF - 5) // 2)} …\n")


# --- the agent ---------------------------------------------------------------------------------


def test_an_agent_gets_the_event_and_its_outcome_is_printed(
    command: list[str], settings: Path, recorded: Recorded
) -> None:
    behave = Answering(RECORDED, DELIVERED)
    with agent(settings, behave):
        result = fire(command, "user-add", "alice", payload=b'{"given_name": "Alice"}')
    assert (result.returncode, result.stdout) == (0, b"alice: created\n")
    assert behave.heard["payload"] == {"given_name": "Alice"}
    assert behave.heard["settings"] == str(settings)
    assert recorded() == []


@pytest.mark.parametrize("form", ["{}/elsewhere.sock", "elsewhere.sock", "./elsewhere.sock"])
def test_the_socket_can_be_named_in_the_environment(
    command: list[str],
    tmp_path: Path,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with agent(tmp_path / "elsewhere", Answering(RECORDED, DELIVERED)):
        environment = {"GAPPS_HOOKS_SOCKET": form.format(tmp_path)}
        assert fire(command, "user-add", "alice", env=environment).returncode == 0
    assert recorded() == []


def test_an_agent_that_answers_in_pieces_is_understood(command: list[str], settings: Path) -> None:
    pieces = (RECORDED[:5], 0.1, RECORDED[5:], 0.1, DELIVERED[:9], 0.1, DELIVERED[9:])
    with agent(settings, Answering(*pieces)):
        result = fire(command, "user-add", "alice")
    assert (result.returncode, result.stdout) == (0, b"alice: created\n")


def test_a_message_of_a_mebibyte_reaches_the_agent(command: list[str], settings: Path) -> None:
    behave = Answering(RECORDED, DELIVERED)
    with agent(settings, behave):
        payload = b'{"description": "' + b"x" * 1_000_000 + b'"}'
        assert fire(command, "group-change", "staff", payload=payload).returncode == 0
    assert len(behave.heard["payload"]["description"]) == 1_000_000


@pytest.mark.parametrize(
    "sequence",
    [
        (0.8,),
        (b'{"recor', 0.8),
        (b'{"recorded": true}', 0.8),
        (),
        (b"garbage\n",),
        (b"[1]\n",),
        (b'{"recorded": "yes"}\n',),
        (b'{"declined": "this is the agent of /etc/other.toml"}\n',),
        (b"[" * 60_000 + b"\n",),
        (b"x" * 70_000,),
        (0.8, RECORDED, DELIVERED),
    ],
    ids=[
        *("silent", "half a line", "no line end", "closes early", "garbage", "no object"),
        *("not true", "declined", "nested deeply", "endless line", "late"),
    ],
)
def test_an_agent_that_does_not_record_in_time_is_not_waited_for(
    command: list[str],
    settings: Path,
    recorded: Recorded,
    sequence: tuple[bytes | float, ...],
) -> None:
    behave = Answering(*sequence)
    with agent(settings, behave):
        result = fire(command, "user-add", "alice")
    assert (result.returncode, result.stdout) == (0, b"recorded here\n")
    assert only(recorded) == behave.heard, "recorded here under the same id"


def test_a_socket_that_nobody_listens_at_is_passed_by(
    command: list[str], settings: Path, recorded: Recorded
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"{settings}.sock")
    assert fire(command, "user-add", "alice").returncode == 0
    assert only(recorded)["subject"] == "alice"


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize("error", ["EAFNOSUPPORT", "EACCES", "EMFILE"])
def test_a_caller_that_may_have_no_sockets_records_by_itself(
    command: list[str], settings: Path, recorded: Recorded, error: str
) -> None:
    """As under systemd's RestrictAddressFamilies; what confines it is played by strace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"{settings}.sock")
        listener.listen()
        confined = [str(STRACE), "-o", os.devnull, "-e", "trace=socket"]
        confined += ["-e", f"inject=socket:error={error}"]
        assert fire([*confined, *command], "user-add", "alice").returncode == 0
    assert only(recorded)["subject"] == "alice"


@pytest.mark.parametrize("owner", ["root", "nobody"])
def test_an_agent_hears_nothing_unless_the_directory_is_its_own_users(
    command: list[str],
    settings: Path,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
) -> None:
    """Anybody may listen in a directory like /tmp, but root tells it no password."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to listen as somebody else")
    stranger = (
        "import os, socket, sys\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(sys.argv[1])\n"
        "os.chmod(sys.argv[1], 0o777)\n"
        f"os.setuid({getpwnam('nobody').pw_uid})\n"
        "listener.listen()\n"
        "print('ready', flush=True)\n"
        "print(listener.accept()[0].recv(1 << 20), flush=True)\n"
    )
    shutil.chown(settings.parent, owner)
    monkeypatch.chdir(settings.parent)
    environment = {"GAPPS_HOOKS_SOCKET": f"{settings.name}.sock"}
    with subprocess.Popen(
        [sys.executable, "-I", "-c", stranger, f"{settings}.sock"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        payload = b'{"password": "s3cret-s3cret"}'
        result = fire(command, "password-set", "alice", payload=payload, env=environment)
        heard = process.stdout.readline()
    assert result.returncode == 0
    assert (heard == b"b''\n") is (owner == "root")
    assert (b"s3cret" in heard) is (owner == "nobody")
    assert only(recorded)["payload"] == {"password": "s3cret-s3cret"}


@pytest.mark.parametrize("status", [1, 64])
def test_a_refusal_is_said_on_stderr_with_its_exit_status(
    command: list[str], settings: Path, recorded: Recorded, status: int
) -> None:
    refusal = json.dumps({"refused": "email: empty", "exit": status}).encode() + b"\n"
    with agent(settings, Answering(refusal)):
        result = fire(command, "user-add", "alice")
    assert (result.returncode, result.stdout) == (status, b"")
    assert b"email: empty" in result.stderr
    assert recorded() == []


@pytest.mark.parametrize("sequence", [(), (b"garbage\n",), (b'{"outcome": 7}\n',), (0.7,)], ids=str)
def test_once_recorded_the_status_is_zero_whatever_follows(
    command: list[str],
    settings: Path,
    recorded: Recorded,
    sequence: tuple[bytes | float, ...],
) -> None:
    with agent(settings, Answering(b'{"recorded": true, "wait": 0.3}\n', *sequence)):
        result = fire(command, "user-add", "alice")
    assert (result.returncode, result.stdout) == (0, b"recorded; it will be delivered\n")
    assert recorded() == []


def test_a_deferred_event_is_not_waited_for(command: list[str], settings: Path) -> None:
    with agent(settings, Answering(RECORDED, 1.0)):
        started = time.monotonic()
        result = fire(command, "--defer", "60", "user-add", "alice")
        assert time.monotonic() - started < 0.8
    assert (result.returncode, result.stdout) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_it_is_recorded_is_not_success(
    command: list[str], recorded: Recorded, number: signal.Signals
) -> None:
    reader, writer = os.pipe()
    with subprocess.Popen(
        [*command, "user-add", "alice"], stdin=reader, stderr=subprocess.PIPE
    ) as process:
        time.sleep(0.4)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=30)
    os.close(reader)
    os.close(writer)
    assert (process.returncode, complaint) == (-number, b"")
    assert recorded() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_after_it_is_recorded_only_ends_the_wait(
    command: list[str], settings: Path, number: signal.Signals
) -> None:
    told = threading.Event()

    def behave(channel: socket.socket) -> None:
        read_event(channel)
        channel.sendall(RECORDED)
        told.set()
        channel.recv(1)

    with (
        agent(settings, behave),
        subprocess.Popen([*command, "user-add", "alice"], stdin=subprocess.DEVNULL) as process,
    ):
        assert told.wait(10)
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(2) == 0


# --- lightness and trouble ---------------------------------------------------------------------


def test_an_interpreter_that_vanished_is_said_and_is_not_success(
    command: list[str], installation: Path
) -> None:
    interpreter = next((installation / "bin").iterdir())
    reader, writer = os.pipe()
    with subprocess.Popen(
        [*command, "user-add", "alice"], stdin=reader, stderr=subprocess.PIPE
    ) as process:
        time.sleep(0.4)
        interpreter.unlink()
        os.close(writer)
        _, complaint = process.communicate(timeout=30)
    os.close(reader)
    assert process.returncode == 1
    assert complaint.startswith(b"not recorded: ")


def test_only_what_is_needed_is_imported() -> None:
    """Every change of an account waits for this; what is named here costs 2 to 20 ms each."""
    heavy = {"argparse", "dataclasses", "enum", "inspect", "json", "logging", "pathlib", "random"}
    heavy |= {"os", "re", "signal", "socket", "subprocess", "syslog", "typing", "uuid"}
    code = f"import sys; sys.path.append({str(FIRE.parents[1])!r}); "
    code += "import gapps_hooks.firing.program; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "gapps_hooks.firing.program" in loaded
    assert heavy.isdisjoint(loaded)


def test_the_entry_is_kept_compiled(command: list[str], package: Path) -> None:
    """Python compiles the file that it is started with each time; the rest only once."""
    fire(command, "user-add", "alice")
    kept = {file.name.split(".")[0] for file in package.glob("firing/__pycache__/*.pyc")}
    assert kept == {file.stem for file in package.glob("firing/*.py")}
    assert not list(package.glob("__pycache__/fire.*"))


def test_nothing_beside_the_package_stands_in_for_the_standard_library(
    command: list[str], package: Path, recorded: Recorded
) -> None:
    names = ("posix", "os", "resource", "errno", "select", "time", "_signal", "_socket", "_json")
    for name in (*names, "syslog"):
        (package.parent / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")
    assert fire(command, "user-add", "alice").returncode == 0
    assert len(recorded()) == 1


@pytest.mark.parametrize("left", [16, 40, -1])
def test_a_compiled_copy_that_was_cut_off_is_passed_over(
    command: list[str], package: Path, events: Events, left: int
) -> None:
    """As by a power cut while it was written, which leaves its beginning."""
    fire(command, "user-add", "alice")
    for copy in package.glob("firing/__pycache__/*.pyc"):
        copy.write_bytes(copy.read_bytes()[:left])
    result = fire(command, "user-add", "bob")
    assert (result.returncode, result.stderr) == (0, b"")
    assert events() == [("user-add", "alice"), ("user-add", "bob")]


@pytest.mark.parametrize("text", ["", "raise ValueError\n", "def broken(\n"])
def test_an_entry_that_is_not_whole_is_said_and_is_not_success(
    command: list[str], package: Path, recorded: Recorded, text: str
) -> None:
    """As in the middle of an upgrade, and after one that ended there."""
    (package / "firing" / "agent.py").write_text(text)
    result = fire(command, "user-add", "alice")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.startswith(b"not recorded: gapps-hooks is not whole (")
    assert result.stderr.endswith(b"); install it again\n")
    assert recorded() == []


@pytest.fixture
def not_whole(command: list[str], package: Path) -> list[str]:
    """The command line up to the event, of an entry of which a part is missing."""
    (package / "firing" / "agent.py").unlink()
    return command


@pytest.mark.parametrize("broken", ["2>/dev/full", "2>&-", "<&- >&- 2>&-"])
def test_an_entry_that_is_not_whole_has_its_status_also_where_nobody_can_be_told(
    not_whole: list[str], broken: str
) -> None:
    line = ["/bin/sh", "-c", f'exec "$@" {broken}', "sh", *not_whole, "user-add", "alice"]
    result = subprocess.run(line, check=False, timeout=30, capture_output=True)
    assert (result.returncode, result.stdout, result.stderr) == (1, b"", b"")


def test_an_entry_that_is_not_whole_is_held_up_by_no_reader(not_whole: list[str]) -> None:
    reader, writer = os.pipe()
    fill(writer)
    with subprocess.Popen([*not_whole, "user-add", "alice"], stderr=writer) as process:
        os.close(writer)
        try:
            assert process.wait(10) == 1
        finally:
            process.kill()
    os.close(reader)


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o077])
def test_nobody_else_may_put_code_where_python_keeps_what_it_compiled(
    command: list[str], package: Path, mask: int
) -> None:
    """Some daemons call with no umask at all, and Python makes what it makes as that allows."""
    subprocess.run(
        [*command, "user-add", "alice"], stdin=subprocess.DEVNULL, umask=mask, check=True
    )
    kept = [package / "__pycache__", package / "firing" / "__pycache__"]
    kept += [file for folder in kept for file in folder.iterdir()]
    assert len(kept) > len(list(package.glob("firing/*.py")))
    assert not [file for file in kept if file.stat().st_mode & (0o022 | mask)]
