"""A directory whose pages do not end is not read wholly, and is not read for ever."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest
from scripted_directory import Script, ScriptedDirectory

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Member
from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import Names, Source, open_source
from gapps_hooks.sources.ldap_pages import MOST_EMPTY_PAGES

ENOUGH = MOST_EMPTY_PAGES + 10


def source_of(server: ScriptedDirectory, *, bis: bool = False, max_entries: int = 1000) -> Source:
    source = open_source(
        Settings(
            path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
            domain="example.org",
            admin="admin@example.org",
            google=GoogleSettings(credentials=Path("/key.json")),
            source=SourceSettings(
                type="ldap",
                uri=server.uri,
                preset="rfc2307bis" if bis else "rfc2307",
                base="dc=example,dc=org",
                max_entries=max_entries,
            ),
            enabled=EnabledSettings(all=True),
            state=StateSettings(directory=Path("/state")),
        )
    )
    assert source is not None
    return source


def read(
    script: Script, results: Mapping[int, int] = MappingProxyType({}), max_entries: int = 1000
) -> tuple[Names, int]:
    """List everybody, and count the pages that this took."""
    with ScriptedDirectory(script) as server:
        server.results.update(results)
        source = source_of(server, max_entries=max_entries)
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


def test_a_page_is_not_asked_for_on_another_connection() -> None:
    pages = {b"": (["alice"], b"1"), b"1": (["bob"], b"")}
    with ScriptedDirectory(lambda cookie: pages[cookie]) as server:
        source = source_of(server)
        assert source.account_names().names == ("alice", "bob")
        server.lost = {4}
        names = source.account_names()
        assert (names.names, names.complete, server.pages) == (("alice",), False, 4)
        assert source.account_names().complete
        source.cut_short()


def test_a_directory_without_an_entry_is_not_believed() -> None:
    names, _ = read(lambda _: ([], b""))
    assert (names.names, names.complete) == ((), False)
    assert "no people can be seen" in names.why


# --- members that come in parts -------------------------------------------------------------------

CROWD = [f"user{number}" for number in range(7)]
DNS = [f"uid={name},dc=example,dc=org".encode() for name in CROWD]
#: As a Microsoft server answers which gives three values at a time.
PARTS = {
    "member": ("member;range=0-2", DNS[:3]),
    "member;range=3-*": ("member;range=3-5", DNS[3:6]),
    "member;range=6-*": ("member;range=6-*", DNS[6:]),
}


def test_a_group_that_is_given_in_parts_is_read_whole() -> None:
    with ScriptedDirectory(lambda _: (CROWD, b"")) as server:
        server.members = PARTS
        source = source_of(server, bis=True)
        group = source.group("staff")
        source.cut_short()
    assert group is not None
    assert group.members == tuple(map(Member, CROWD))


@pytest.mark.parametrize("lost", ["member;range=3-*", "member;range=6-*"])
def test_a_group_of_which_a_part_is_lost_is_not_read(lost: str) -> None:
    with ScriptedDirectory(lambda _: (CROWD, b"")) as server:
        server.members = {name: part for name, part in PARTS.items() if name != lost}
        source = source_of(server, bis=True)
        with pytest.raises(SourceUnreadable, match="cannot be read"):
            source.group("staff")
        assert not source.group_names().complete
        source.cut_short()
