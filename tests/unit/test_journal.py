"""Log lines: what they say of events and outcomes, for people and for programs."""

from __future__ import annotations

import io
import json
import os
import threading
from typing import Any, TextIO

import pytest

from gapps_hooks.journal import MOST_WAITING, Form, Journal, log_line
from gapps_hooks.model import Change, Event, EventKind, Kind, Outcome, PasswordHash, Verb, Verdict
from gapps_hooks.record import Receipt

HASH = "$6$salt$0123456789abcdef"
EVENT = Event(
    id="a" * 32,
    kind=EventKind.PASSWORD_SET,
    name="alison",
    patch={"phones": ["+1 555 0100"]},
    old_name="alice",
    password=PasswordHash("crypt", HASH),
)
CHANGE = Change(
    verbs=(Verb.RENAME, Verb.PASSWORD),
    google_id="1",
    address="alison@example.org",
    body={"primaryEmail": "alison@example.org"},
    password=PasswordHash("crypt", HASH),
)
OUTCOME = Outcome(
    verdict=Verdict.LATER,
    kind=Kind.USER,
    name="alison",
    line='Google says "later"',
    done=(CHANGE,),
    retry_in=2.0,
)


RECEIPT = Receipt(subject=1, line="recorded")


def written(form: Form, *calls: tuple[Any, ...]) -> list[str]:
    stream = io.StringIO()
    journal = Journal(stream, form, clock=lambda: 1_790_000_000.25)
    for name, *arguments in calls:
        getattr(journal, name)(*arguments)
    journal.finish(10.0)
    return stream.getvalue().splitlines()


def test_an_event_is_a_line_of_keys_and_values() -> None:
    (line,) = written("text", ("recorded", EVENT, RECEIPT))
    assert line == (
        "at=2026-09-21T14:13:20.250+00:00 what=event event=password-set kind=user name=alison "
        f"old_name=alice id={'a' * 32} line=recorded"
    )


def test_an_outcome_is_one_too() -> None:
    (line,) = written("text", ("delivered", OUTCOME, 0.1234))
    assert line.endswith(
        "what=outcome verdict=later kind=user name=alison "
        'line="Google says \\"later\\"" done=rename,password retry_in=2.0 seconds=0.123'
    )


def test_programs_get_one_json_object_a_line() -> None:
    calls = (
        ("recorded", EVENT, RECEIPT),
        ("delivered", OUTCOME, 0.1234),
        ("say", "ready"),
        ("trouble", "a\nb"),
    )
    told = [json.loads(line) for line in written("json", *calls)]
    assert [one["what"] for one in told] == ["event", "outcome", "notice", "trouble"]
    assert told[1]["done"] == ["rename", "password"]
    assert told[3]["line"] == "a\nb"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_secret_and_nothing_personal_is_in_a_line(form: Form) -> None:
    text = "\n".join(written(form, ("recorded", EVENT, RECEIPT), ("delivered", OUTCOME, 0.1234)))
    assert HASH not in text
    assert "555" not in text


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nbreak", '"line\\\\nbreak"'),
        ("\x1b[2J", '"\\\\x1b[2J"'),
        (["a", "b"], "a,b"),
    ],
)
def test_values_cannot_pretend_to_be_other_keys_or_lines(value: object, word: str) -> None:
    assert log_line({"line": value}, "text") == f"line={word}"


def test_a_reader_who_has_left_is_not_missed() -> None:
    stream = io.StringIO()
    journal = Journal(stream, "text", clock=lambda: 0.0)
    stream.close()
    journal.say("nobody reads this")


def test_a_pipe_that_nobody_empties_holds_nobody_up_and_says_afterwards_what_is_missing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as pipe:
        journal = Journal(pipe, "text", clock=lambda: 1_790_000_000.25)
        for number in range(MOST_WAITING + 3000):
            journal.say(f"line {number} {'x' * 100}")
        journal.finish(0.0)
        told: list[str] = []
        while not told or "were dropped: nobody read them" not in told[-1]:
            told.append(reader.readline())
        journal.finish(0.0)
        drained = threading.Thread(target=lambda: told.extend(reader), daemon=True)
        drained.start()
        journal.finish(10.0)
        pipe.close()
        drained.join()
    assert len(told) >= MOST_WAITING


class Disk(io.RawIOBase):
    """Takes nothing while it is full."""

    def __init__(self) -> None:
        self.full = False
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        if self.full:
            raise OSError
        self.text += bytes(data).decode()
        return len(data)


def say_together(disk: Disk, stream: TextIO, *words: str) -> list[str]:
    """Say these in one go, and what is said after them on a disk that has room."""
    together = threading.Event()
    journal = Journal(stream, "text", lambda: 1_790_000_000.25, lambda _: together.wait(10.0))
    for word in words:
        journal.say(word)
    together.set()
    journal.finish(10.0)
    disk.full = False
    journal.say("last")
    journal.finish(10.0)
    return [line.rpartition("=")[2] for line in disk.text.splitlines()]


def test_a_line_that_cannot_be_written_takes_no_other_with_it() -> None:
    disk = Disk()
    stream = io.TextIOWrapper(io.BufferedWriter(disk), encoding="ascii")
    assert say_together(disk, stream, "one", "zwölf", "two") == ["one", "two", "last"]


def test_what_a_full_disk_did_not_take_is_not_written_twice() -> None:
    disk = Disk()
    disk.full = True
    stream = io.TextIOWrapper(io.BufferedWriter(disk), encoding="utf-8")
    assert say_together(disk, stream, "one", "two") == ["one", "two", "last"]
