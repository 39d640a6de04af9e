"""What the agent answers to hooks, to strangers, and to those who are slow."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from command_line import ServedGoogle
from real_hooks import Message, Site
from resident import Resident, heard, resident

from gapps_hooks.outbox import entries

OLDER, NEWER = ("$6$salt$" + letter * 86 for letter in "ab")


@pytest.fixture(scope="module")
def running(google: ServedGoogle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resident]:
    """One agent for all tests of this module."""
    with resident(Site(tmp_path_factory.mktemp("agent"), google)) as agent:
        yield agent


@pytest.fixture
def agent(running: Resident) -> Resident:
    running.site.emulator.faults.clear()
    return running


def waiting(agent: Resident) -> dict[str, str]:
    with agent.site.wiring() as wiring:
        return {one.name: one.status for one in entries.all_entries(wiring.state)}


def lines(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["outcome"]["line"] for answer in answers if "outcome" in answer]


# --- a hook --------------------------------------------------------------------------------------


def test_a_hook_prints_what_google_did_and_leaves_nothing_to_do(agent: Resident) -> None:
    assert agent.fire("user-add", "alice") == (0, "alice: created alice@example.org\n")
    assert agent.site.user("alice")
    assert "alice" not in waiting(agent)


def test_a_repeat_costs_nothing_and_says_so(agent: Resident) -> None:
    agent.fire("user-add", "bob")
    before = len(agent.site.emulator.requests.calls())
    status, line = agent.fire("user-add", "bob")
    assert (status, "nothing to send" in line) == (0, True)
    assert len(agent.site.emulator.requests.calls()) == before


def test_bad_input_is_refused_as_a_hook_without_agent_refuses_it(agent: Resident) -> None:
    wrong = {"surprise": 1, "given_name": ""}
    with_agent = agent.fire("user-modify", "carl", wrong)
    alone = agent.site.run(Message.of("user-modify", "carl", wrong))
    assert with_agent == alone
    assert with_agent[0] == 64


def test_keys_that_come_twice_are_refused(agent: Resident) -> None:
    text = json.dumps(agent.message("user-add", "carl", {})).replace(
        '"payload": {}', '"payload": {"enabled": true, "enabled": false}'
    )
    with agent.call() as channel:
        channel.sendall(f"gapps-hooks/1\n{text}\n".encode())
        (answer,) = heard(channel)
    assert answer["exit"] == 64


def test_the_same_id_changes_nothing_a_second_time(agent: Resident) -> None:
    message = agent.message("user-add", "dora", {"family_name": "First"})
    assert agent.tell(message)[0]["recorded"] is True
    agent.fire("user-modify", "dora", {"family_name": "Second"})
    answers = agent.tell({**message})
    assert answers[0]["recorded"] is True
    assert lines(answers) == ["dora: recorded"]
    assert agent.site.user("dora")["name"]["familyName"] == "Second"


def test_what_is_put_off_is_not_waited_for_and_delivered_when_it_is_due(agent: Resident) -> None:
    assert agent.fire("user-add", "emil", None, "--defer", "1") == (0, "")
    assert waiting(agent) == {"emil": "waiting"}
    end = time.monotonic() + 10
    while waiting(agent) and time.monotonic() < end:
        time.sleep(0.05)
    assert agent.site.user("emil")


def test_a_person_without_google_is_told_of_without_a_delivery(agent: Resident) -> None:
    answers = agent.tell(agent.message("password-set", "nobody", {"password": "correct-horse"}))
    assert answers[0]["recorded"] is True
    assert "not enabled for Google; the password was not recorded" in lines(answers)[0]


def test_what_a_hook_that_goes_away_wanted_never_wins_over_what_was_set_since(
    agent: Resident,
) -> None:
    """The agent gets no processor while an unacknowledged hook is killed and another records."""
    agent.fire("user-add", "frida")
    agent.running.send_signal(signal.SIGSTOP)
    older = agent.hook("password-set", "frida", {"password_hash": OLDER})
    time.sleep(0.3)
    older.kill()
    older.communicate()
    status, _ = agent.fire("password-set", "frida", {"password_hash": NEWER})
    agent.running.send_signal(signal.SIGCONT)
    agent.fire("user-modify", "frida")
    assert status == 0
    assert agent.site.emulator.password_of("frida@example.org") == ("crypt", NEWER)


def test_a_hook_that_has_hung_up_before_its_event_was_on_disk_is_left_out(
    agent: Resident,
) -> None:
    """Whether it has said when it spoke or not, as the scripts of before did not."""
    agent.running.send_signal(signal.SIGSTOP)
    with agent.call() as channel:
        text = json.dumps(agent.message("user-add", "gustav"))
        channel.sendall(f"gapps-hooks/1\n{text}\n".encode())
    agent.running.send_signal(signal.SIGCONT)
    agent.fire("user-add", "hedwig")
    agent.fire("user-modify", "hedwig")
    assert "gustav" not in waiting(agent)
    assert "gustav" not in agent.site.created()


@pytest.mark.parametrize("sent", [-0.6, 60.0])
def test_what_would_come_on_disk_too_late_or_from_another_clock_is_left_to_the_hook(
    agent: Resident, sent: float
) -> None:
    message = agent.message("user-add", "late", sent=time.monotonic() + sent)
    (answer,) = agent.tell(message)
    assert "is not on disk within 0.5 s" in answer["declined"]
    assert "late" not in waiting(agent)
    assert "late" not in agent.site.created()


def test_a_hook_that_only_closes_its_own_side_is_heard(agent: Resident) -> None:
    with agent.call() as channel:
        text = json.dumps(agent.message("user-add", "frank"))
        channel.sendall(f"gapps-hooks/1\n{text}\n".encode())
        channel.shutdown(socket.SHUT_WR)
        assert lines(heard(channel)) == ["frank: created frank@example.org"]


def test_a_delay_that_is_no_number_is_refused(agent: Resident) -> None:
    (answer,) = agent.tell(agent.message("user-add", "dora", defer="abc"))
    assert (answer["exit"], "defer" in answer["refused"]) == (64, True)


@pytest.mark.parametrize("subject", ["", "alice"])
def test_a_reconcile_is_nobodys_event(agent: Resident, subject: str) -> None:
    (answer,) = agent.tell(agent.message("reconcile", subject))
    assert (answer["exit"], "event = reconcile: must be one of" in answer["refused"]) == (64, True)
    assert waiting(agent) == {}


def test_no_answer_is_longer_than_a_hook_reads(agent: Resident) -> None:
    """Of what JSON writes with the most bytes."""
    keys = ("\N{GRINNING FACE}" * 70 + str(number) for number in range(200))
    message = agent.message("user-modify", "alice", dict.fromkeys(keys, 1))
    with agent.call() as channel:
        channel.sendall(b"gapps-hooks/1\n" + json.dumps(message).encode() + b"\n")
        (answer,) = heard(channel)
    assert answer["exit"] == 64
    assert len(json.dumps(answer)) < 1 << 16


def test_a_message_without_its_line_end_is_forgotten(agent: Resident) -> None:
    with agent.call() as channel:
        channel.sendall(b"gapps-hooks/1\n" + json.dumps(agent.message("user-add", "gone")).encode())
    agent.fire("user-add", "after")
    assert "gone" not in waiting(agent)
    assert "gone" not in agent.site.created()


def test_what_cannot_be_put_on_disk_is_refused_and_the_next_one_is_taken(agent: Resident) -> None:
    """Another process that keeps the file locked stands for every disk that does not take it."""
    holder = sqlite3.connect(agent.site.state / "state.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    (answer,) = agent.tell(agent.message("user-add", "nora"))
    holder.execute("ROLLBACK")
    holder.close()
    assert answer["exit"] == 1
    assert "another process has kept it locked for too long" in answer["refused"]
    assert agent.fire("user-add", "nora") == (0, "nora: created nora@example.org\n")


# --- strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"settings": "/etc/other.toml"}, "serves the settings"),
        ({"version": 2}, "reads messages of version 1"),
        ({"id": None}, "lacks event, subject or id"),
        ({"subject": 7}, "lacks event, subject or id"),
        ({"event": None}, "lacks event, subject or id"),
        ({"sent": "now"}, "no moment in sent"),
    ],
)
def test_what_is_not_for_this_agent_is_left_to_the_hook(
    agent: Resident, more: dict[str, object], because: str
) -> None:
    (answer,) = agent.tell({**agent.message("user-add", "hans"), **more})
    assert because in answer["declined"]
    assert "hans" not in waiting(agent)


def test_another_version_is_left_to_the_hook(agent: Resident) -> None:
    with agent.call() as channel:
        channel.sendall(b"gapps-hooks/2\n{}\n")
        (answer,) = heard(channel)
    assert answer == {"declined": "this agent speaks gapps-hooks/1"}


@pytest.mark.parametrize("noise", [b"\n", b"GET / HTTP/1.1\r\n\r\n", b"\0\xff\n\n"])
def test_noise_does_no_harm(agent: Resident, noise: bytes) -> None:
    with agent.call() as channel:
        channel.sendall(noise)
        heard(channel)
    assert agent.fire("user-modify", "alice")[0] == 0


def test_a_message_of_the_right_form_that_is_no_json_is_refused(agent: Resident) -> None:
    with agent.call() as channel:
        channel.sendall(b'gapps-hooks/1\n{"version": 1,\n')
        (answer,) = heard(channel)
    assert answer["exit"] == 64


def test_what_is_too_long_is_cut_off(agent: Resident) -> None:
    with agent.call() as channel, pytest.raises((BrokenPipeError, ConnectionResetError)):
        channel.sendall(b"x" * (4 << 20))
    assert agent.fire("user-modify", "alice")[0] == 0


# --- the slow ------------------------------------------------------------------------------------


def test_the_silent_hold_nobody_up_and_are_sent_away(agent: Resident) -> None:
    before = agent.descriptors()
    with ExitStack() as stack:
        silent = [stack.enter_context(agent.call()) for _ in range(100)]
        for number, channel in enumerate(silent):
            channel.sendall(b"gapps-hooks/1\n{"[: number % 15])
        began = time.monotonic()
        assert agent.fire("user-modify", "alice")[0] == 0
        assert time.monotonic() - began < 5.0
        for channel in silent:
            heard(channel)
        assert time.monotonic() - began < 15.0
    assert agent.descriptors() <= before + 2


def test_more_hooks_than_it_listens_to_record_by_themselves(agent: Resident) -> None:
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(agent.call())
        time.sleep(0.3)
        status, line = agent.fire("user-add", "ida")
    # the agent may notice it before the hook comes to deliver it
    assert (status, line[:5]) == (0, "ida: ")
    assert agent.site.user("ida")


def test_a_hook_that_reads_nothing_holds_nobody_up(agent: Resident) -> None:
    agent.site.emulator.switches.latency = 0.3
    with agent.call() as channel:
        text = json.dumps(agent.message("user-modify", "alice", {"given_name": "Al"}))
        channel.sendall(f"gapps-hooks/1\n{text}\n".encode())
        agent.site.emulator.switches.latency = 0.0
        assert agent.fire("user-add", "jane")[0] == 0


# --- Google away ---------------------------------------------------------------------------------


def test_during_a_known_outage_a_hook_does_not_wait_and_all_is_delivered_when_it_ends(
    agent: Resident,
) -> None:
    site = agent.site
    site.google.go_away()
    assert "No connection" in agent.fire("user-add", "kim")[1]
    began = time.monotonic()
    status, line = agent.fire("user-add", "leo")
    took = time.monotonic() - began
    assert (status, "waiting: No connection" in line) == (0, True)
    assert took < 2.5  # hooks.wait is 3
    time.sleep(1.5)
    site.google.come_back()
    began = time.monotonic()
    while waiting(agent) and time.monotonic() < began + 10:
        time.sleep(0.02)
    assert time.monotonic() - began < 2.0 + 4.0  # the last is for a busy machine
    assert {"kim", "leo"} <= set(site.created())


# --- others --------------------------------------------------------------------------------------


def test_what_other_processes_record_or_wake_is_noticed(agent: Resident) -> None:
    site = agent.site
    site.emulator.faults.script([{"fails": "403", "call": "users.insert", "times": 1}])
    agent.fire("user-add", "mia")
    assert waiting(agent) == {"mia": "buried"}
    with site.wiring() as wiring:
        (entry,) = entries.all_entries(wiring.state)
        entries.retry(wiring.state, entry.subject)
    end = time.monotonic() + 10
    while waiting(agent) and time.monotonic() < end:
        time.sleep(0.05)
    assert site.user("mia")
