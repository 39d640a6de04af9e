"""What is said of trouble, to whoever looks on and in the system's log."""

from __future__ import annotations

import syslog

import pytest

from gapps_hooks.firing import saying


def test_trouble_is_an_error_in_the_log_of_authentication(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A log's text ends at a zero (syslog(3)), and a terminal obeys what is not printable."""
    told: list[tuple[object, ...]] = []
    monkeypatch.setattr(syslog, "openlog", lambda *words: told.append(words))
    monkeypatch.setattr(syslog, "syslog", lambda *words: told.append(words))
    assert saying.trouble("it\0broke\x1b") == saying.NOT_RECORDED
    assert told == [
        ("gapps-hooks", syslog.LOG_PID, syslog.LOG_AUTH),
        (syslog.LOG_ERR, "not recorded: it broke\x1b"),
    ]
    assert capfd.readouterr() == ("", "not recorded: it broke \n")
