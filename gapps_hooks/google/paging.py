"""Walks a list of Google's page by page, to its end.

It must not know what is listed, nor how a page is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from gapps_hooks.errors import Passing
from gapps_hooks.model import GoogleMember, GoogleUser

_Item = TypeVar("_Item")
_Identified = TypeVar("_Identified", GoogleUser, GoogleMember)


def walk(
    ask: Callable[[str | None], Mapping[str, Any]],
    key: str,
    read: Callable[[Mapping[str, Any]], _Item],
) -> Iterator[tuple[_Item, ...]]:
    """Yield what each page holds; only a walk that ends by itself has seen everything.

    ``ask`` gets the page behind a token, ``key`` is where the page has its entries.

    Raises:
        GoogleFault: the walk broke off, or would never end; the pages before stand.
    """
    tokens: set[str] = set()
    token: str | None = None
    while True:
        answer = ask(token)
        if "kind" not in answer:
            raise Passing("Google answered something else than a page of a list.")
        yield tuple(map(read, answer.get(key, ())))
        token = answer.get("nextPageToken")
        if not token:
            return
        if token in tokens:
            raise Passing("Google repeats a page of the list, which would never end.")
        tokens.add(token)


def each_once(pages: Iterable[tuple[_Identified, ...]]) -> tuple[_Identified, ...]:
    """Join pages; who moved in the order while it was listed may have come twice."""
    return tuple({item.id: item for page in pages for item in page}.values())
