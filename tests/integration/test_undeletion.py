"""Bringing an account back: what people did meanwhile stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from organisation import organise

from gapps_hooks.google import Directory
from gapps_hooks.outbox import links
from gapps_hooks.undeletion import undelete


class Meanwhile:
    """Google, at which undeleting takes long enough for somebody to forget the link."""

    def __init__(self, directory: Directory, then: Any) -> None:  # noqa: ANN401 - any function
        self._directory = directory
        self._then = then

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed on
        return getattr(self._directory, name)

    def undelete_user(self, google_id: str, org_unit: str) -> None:
        self._directory.undelete_user(google_id, org_unit)
        self._then()


def test_a_link_that_was_forgotten_meanwhile_stays_forgotten(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a1"})
    (link,) = links.all_links(house.state)
    house.clock.now += 600
    house.console.users().delete(userKey=link.google_id).execute()
    slow = Meanwhile(house.wiring.directory, lambda: links.forget(house.state, link.subject))
    done = undelete(replace(house.wiring, directory=cast("Directory", slow)), "alice")
    assert (done.address, done.linked) == ("alice@example.org", False)
    assert links.all_links(house.state) == ()
