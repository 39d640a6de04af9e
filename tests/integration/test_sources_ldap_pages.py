"""A directory whose pages do not end is not read wholly, and is not read for ever."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest
from scripted_directory import Script, ScriptedDirectory

from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import Names, open_source
from gapps_hooks.sources.ldap_pages import MOST_EMPTY_PAGES

ENOUGH = MOST_EMPTY_PAGES + 10


def read(
    script: Script, results: Mapping[int, int] = MappingProxyType({}), max_entries: int = 1000
) -> tuple[Names, int]:
    """List everybody, and count the pages that this took."""
    with ScriptedDirectory(script) as server:
        server.results.update(results)
        source = open_source(
            Settings(
                path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
                domain="example.org",
                admin="admin@example.org",
                google=GoogleSettings(credentials=Path("/key.json")),
                source=SourceSettings(
                    type="ldap",
                    uri=server.uri,
                    preset="rfc2307",
                    base="dc=example,dc=org",
                    max_entries=max_entries,
                ),
                enabled=EnabledSettings(all=True),
                state=StateSettings(directory=Path("/state")),
            )
        )
        assert source is not None
        names = source.account_names()
        source.cut_short()
        return names, server.pages


def until(pages: int, cookie: bytes) -> bytes:
    """An honest server's end, so that a test without the bound fails instead of hanging."""
    return cookie if pages < 4 * ENOUGH else b""


def test_pages_that_end_are_all() -> None:
    pages: dict[bytes, tuple[list[str], bytes]] = {
        b"": (["alice"], b"1"),
        b"1": ([], b"2"),
        b"2": (["bob"], b""),
    }
    names, asked = read(lambda cookie: pages[cookie])
    assert (names.names, names.complete, asked) == (("alice", "bob"), True, 3)


@pytest.mark.parametrize("entries", [[], ["alice"]])
def test_a_cookie_that_is_given_again_ends_the_reading(entries: list[str]) -> None:
    asked = count()
    names, pages = read(
        lambda cookie: (entries if cookie else ["alice"], until(next(asked), b"again"))
    )
    assert (names.names, names.complete, pages) == (("alice",), False, 2)
    assert "gives the same page again and again; see its log" in names.why


def test_empty_pages_with_ever_new_cookies_end_the_reading() -> None:
    asked = count(1)

    def never_ends(cookie: bytes) -> tuple[list[str], bytes]:
        at = next(asked)
        return ([] if cookie else ["alice"]), until(at, str(at).encode())

    names, pages = read(never_ends)
    assert (names.names, names.complete) == (("alice",), False)
    assert f"gave {MOST_EMPTY_PAGES} pages in a row without an entry; see its log" in names.why
    assert pages == MOST_EMPTY_PAGES + 1


def test_some_empty_pages_in_between_are_no_end() -> None:
    asked = count(1)

    def slow(_: bytes) -> tuple[list[str], bytes]:
        at = next(asked)
        found = [f"user{at}"] if at % (MOST_EMPTY_PAGES - 1) == 0 else []
        return found, str(at).encode() if at < 2 * ENOUGH else b""

    names, pages = read(slow)
    assert (len(names.names), names.complete, pages) == (2, True, 2 * ENOUGH)


def test_pages_with_ever_new_entries_end_the_reading() -> None:
    asked = count(1)

    def invents(_: bytes) -> tuple[list[str], bytes]:
        at = next(asked)
        return [f"user{at}", f"user{at}b"], until(at, str(at).encode())

    names, pages = read(invents, max_entries=20)
    assert (len(names.names), names.complete, pages) == (18, False, 10)
    assert "gave 20 entries and has more" in names.why
    assert "source.max_entries (20)" in names.why


def test_as_many_entries_as_are_believed_are_all() -> None:
    names, _ = read(lambda _: ([f"user{at}" for at in range(20)], b""), max_entries=20)
    assert (len(names.names), names.complete) == (20, True)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [(51, "is busy"), (52, "is not available"), (11, "limit of its administrator's")],
)
def test_a_page_that_is_refused_in_the_middle_leaves_the_reading_incomplete(
    result: int, sentence: str
) -> None:
    asked = count(1)
    names, _ = read(
        lambda _: ([f"user{next(asked)}"], b"" if next(asked) > 20 else b"more"), {2: result}
    )
    assert not names.complete
    assert names.names[0] == "user1"
    assert sentence in names.why


def test_a_directory_without_an_entry_is_not_believed() -> None:
    names, _ = read(lambda _: ([], b""))
    assert (names.names, names.complete) == ((), False)
    assert "no people can be seen" in names.why
