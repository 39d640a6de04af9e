"""What the program that records by itself promises to whoever reads its lines, or does not."""

from __future__ import annotations

import os
import select
import subprocess

import pytest
from real_hooks import Message, Site


def test_a_long_line_waits_for_no_reader(site: Site) -> None:
    """A pipe is ready as soon as one page of it is free, and takes no more than that at once."""
    wrong = {f"surprise-é-{number}": number for number in range(300)}
    reader, writer = os.pipe()
    before = os.write(writer, b"x" * (15 * select.PIPE_BUF))
    message = Message.of("user-modify", "alice", wrong)
    with site.start(message, stderr=writer) as hook:
        os.close(writer)
        try:
            assert hook.wait(30) == 64
        finally:
            hook.kill()
    with os.fdopen(reader, "rb") as printed:
        said = printed.read()[before:]
    assert select.PIPE_BUF - 1 <= len(said) <= select.PIPE_BUF
    assert said.decode().startswith("'surprise-é-0': ")
    assert said.decode().endswith(" …\n")


@pytest.mark.parametrize(
    ("message", "status", "sentence"),
    [
        (b"{", 64, b"not recorded: "),
        (b"{}", 1, b"not recorded: an error of this program, KeyError\n"),
    ],
)
def test_a_message_that_fire_would_not_send_ends_in_a_sentence_and_a_status(
    site: Site, message: bytes, status: int, sentence: bytes
) -> None:
    result = subprocess.run(site.command(), input=message, capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (status, b"")
    assert result.stderr.startswith(sentence)
    assert result.stderr.count(b"\n") == 1
