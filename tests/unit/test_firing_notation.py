"""A hook reads and writes JSON as the standard library does, without its start-up time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.firing import notation

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
SPACE = st.text(" \t\r\n", max_size=3)


@given(VALUES, SPACE, SPACE)
def test_it_reads_what_the_standard_library_reads(value: Any, before: str, after: str) -> None:  # noqa: ANN401 - anything that JSON can say
    text = before + json.dumps(value) + after
    assert notation.load(text) == json.loads(text) == value


def fate(read: Callable[[str], object], text: str) -> str:
    """What becomes of a text: its value, or where it goes wrong."""
    try:
        return repr(read(text))
    except json.JSONDecodeError as error:
        return f"wrong at {error.pos}"


@given(st.text() | VALUES.map(lambda value: json.dumps(value)[:-1]))
def test_it_refuses_what_the_standard_library_refuses_at_the_same_place(text: str) -> None:
    assert fate(notation.load, text) == fate(json.loads, text)


@pytest.mark.parametrize("text", ["\ufeff{}", "{} {}", "{}x", "", " ", "[1,]", '{"a": 01}', "nul"])
def test_what_is_nearly_json_is_refused_at_the_same_place(text: str) -> None:
    assert fate(notation.load, text) == fate(json.loads, text)
    assert fate(notation.load, text).startswith("wrong at ")


def test_what_is_nested_too_deeply_is_told_apart() -> None:
    with pytest.raises(RecursionError):
        notation.load("[" * 200_000)


@given(st.text())
def test_it_writes_texts_as_the_standard_library_does(text: str) -> None:
    assert notation.quote(text) == json.dumps(text)
