"""The pages that a search comes in: what is in one, and whether any more can be expected.

It must not know how a page is asked for, nor what is in its entries; it is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ldap.controls.libldap import (  # type: ignore[import-untyped] # it has no types
    SimplePagedResultsControl,
)

#: Servers that search a little at a time (Active Directory) send pages without entries, in between.
MOST_EMPTY_PAGES: Final = 100

Entry = tuple[str, dict[str, list[bytes]]]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a search finds."""

    entries: list[Entry] = field(repr=False)
    #: Where the server says that there is more, on other servers.
    references: tuple[str, ...]

    @classmethod
    def of(cls, found: Iterable[Any]) -> Page:
        """Tell apart what python-ldap gives in one list."""
        rows = list(found)
        entries = [(dn, attributes) for dn, attributes, *_ in rows if dn is not None]
        return cls(entries, tuple(url for dn, urls, *_ in rows if dn is None for url in urls))


def next_cookie(answers: Iterable[Any]) -> Any:  # noqa: ANN401 - opaque bytes, or none
    """Return what asks for the page that follows; empty if there is none."""
    paged = (one for one in answers if one.controlType == SimplePagedResultsControl.controlType)
    return next((one.cookie for one in paged), b"")


class PagesSeen:
    """What the pages of one search have brought so far."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: set[str] = set()
        self._empty = 0

    def why_endless(self, page: Page, before: Any, cookie: Any) -> str:  # noqa: ANN401 - opaque bytes
        """Take note of a page; say why there is no end to be expected, or nothing.

        ``cookie`` asks for the page that follows this one, and ``before`` asked for this one.
        """
        names = {dn for dn, _ in page.entries}
        fresh = names - self._seen
        self._seen |= fresh
        self._empty = 0 if fresh else self._empty + 1
        if not fresh and (names or cookie == before):
            return "gives the same page again and again; see its log"
        if self._empty >= MOST_EMPTY_PAGES:
            return f"gave {self._empty} pages in a row without an entry; see its log"
        if len(self._seen) >= self._most:
            return (
                f"gave {len(self._seen)} entries and has more; if it really has so many, raise "
                f"source.max_entries ({self._most})"
            )
        return ""
