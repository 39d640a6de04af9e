"""The emulator's fault scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.emulator.faults import Fault, Faults, Request, read_fault, read_script


def request(**more: Any) -> Request:  # noqa: ANN401 - fields of a request
    usual: dict[str, Any] = {
        "call": "users.insert",
        "method": "POST",
        "path": "/admin/directory/v1/users",
        "body": {"primaryEmail": "alice@example.org", "name": {"givenName": "Alice"}},
    }
    return Request(**(usual | more))


@given(nth=st.integers(1, 6), times=st.integers(0, 6), calls=st.integers(0, 15))
def test_the_nth_matching_call_fails_this_many_times(nth: int, times: int, calls: int) -> None:
    faults = Faults()
    faults.script([Fault(fails="500", nth=nth, times=times)])
    struck = [faults.strike(request()) is not None for _ in range(calls)]
    last = nth + times - 1 if times else calls
    assert struck == [nth <= number <= last for number in range(1, calls + 1)]
    assert bool(faults.waiting()) == (not times or calls < last)


@pytest.mark.parametrize(
    ("fault", "matches"),
    [
        ({"call": "users.insert"}, True),
        ({"call": "users.*"}, True),
        ({"call": "groups.*"}, False),
        ({"method": "POST", "path": "/admin/*/users"}, True),
        ({"method": "GET"}, False),
        ({"path": "*/groups"}, False),
        ({"body": {"primaryEmail": "alice@example.org"}}, True),
        ({"body": {"name.givenName": "Alice"}}, True),
        ({"body": {"name.givenName": "Bob"}}, False),
        ({"body": {"suspended": True}}, False),
    ],
)
def test_a_fault_strikes_only_what_it_describes(fault: dict[str, Any], *, matches: bool) -> None:
    faults = Faults()
    faults.script([{"fails": "503", **fault}])
    assert (faults.strike(request()) is not None) is matches


def test_an_expired_token_strikes_only_a_call_that_sends_one() -> None:
    faults = Faults()
    faults.script([{"fails": "expired token"}])
    assert faults.strike(request(call="users.list", body={})) is None
    assert faults.strike(request(call="users.list", body={}, has_page_token=True)) is not None


def test_every_line_counts_the_calls_that_match_it() -> None:
    faults = Faults()
    faults.script([{"fails": "500"}, {"fails": "503", "nth": 2}])
    struck = [faults.strike(request()) for _ in range(3)]
    assert [fault.fails if fault else None for fault in struck] == ["500", "503", None]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"fails": "sneeze"}, "there are: .*lost answer"),
        ({"fails": "500", "when": "never"}, "before or after"),
        ({"fails": "500", "count": 3}, "no count"),
        ({"call": "*"}, "fails ="),
        ({"fails": ["503"]}, "is no fault; there are"),
        ({"fails": "500", "nth": "2"}, "nth = '2': give a whole number from 1"),
        ({"fails": "500", "nth": 0}, "nth = 0: give a whole number from 1"),
        ({"fails": "500", "nth": True}, "nth = True"),
        ({"fails": "500", "times": -1}, "times = -1: give a whole number from 0"),
        ({"fails": "hang", "seconds": "5"}, "seconds = '5': give a number from 0"),
        ({"fails": "hang", "seconds": float("nan")}, "seconds = nan"),
        ({"fails": "500", "path": 5}, "path = 5: give a pattern"),
        ({"fails": "500", "body": []}, r"body = \[\]: give values by field"),
        ({"fails": "500", "method": "FETCH"}, "method = 'FETCH' is none of GET"),
    ],
)
def test_a_wrong_line_is_refused_with_the_remedy(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_fault(values)


@pytest.mark.parametrize("call", ["users.gett", "user.*", "Users.get"])
def test_a_fault_of_a_call_that_there_never_is_is_refused_with_all_that_came_with_it(
    call: str,
) -> None:
    faults = Faults({"users.get", "token"})
    with pytest.raises(ValueError, match=f"call = '{re.escape(call)}' is none of the calls"):
        faults.script([{"fails": "503"}, {"fails": "503", "call": call}])
    assert not faults
    faults.script([{"fails": "503", "call": "users.*"}, {"fails": "503", "call": "token"}])
    assert len(faults.waiting()) == 2


@pytest.mark.parametrize("document", [{"faults": []}, {}, [], {"fault": {}}, {"fault": [], "x": 1}])
def test_a_script_of_another_form_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="a list with the one name fault"):
        read_script(document)


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_script_can_be_read_from_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"faults{suffix}"
    line = {"fails": "lost answer", "call": "users.insert", "nth": 2}
    toml = '[[fault]]\nfails = "lost answer"\ncall = "users.insert"\nnth = 2\n'
    path.write_text(json.dumps({"fault": [line]}) if suffix == ".json" else toml)
    faults = Faults()
    faults.load(path)
    assert faults.waiting() == [Fault(fails="lost answer", call="users.insert", nth=2)]
    faults.clear()
    assert faults.waiting() == []
