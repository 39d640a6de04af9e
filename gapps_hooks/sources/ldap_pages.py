"""Whether a server that goes on to give pages still gives anything.

It must not know how a page is asked for, nor what is in its entries; it is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

#: Servers that search a little at a time (Active Directory) send pages without entries, in between.
MOST_EMPTY_PAGES: Final = 100


class PagesSeen:
    """What the pages of one search have brought so far."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._empty = 0

    def why_endless(self, names: Iterable[str], before: Any, cookie: Any) -> str:  # noqa: ANN401 - opaque bytes
        """Take note of a page; say why there is no end to be expected, or nothing.

        ``cookie`` asks for the page that follows this one, and ``before`` asked for this one.
        """
        names = tuple(names)
        fresh = set(names) - self._seen
        self._seen |= fresh
        self._empty = 0 if fresh else self._empty + 1
        if not fresh and (names or cookie == before):
            return "gives the same page again and again"
        if self._empty >= MOST_EMPTY_PAGES:
            return f"gave {self._empty} pages in a row without an entry"
        return ""
