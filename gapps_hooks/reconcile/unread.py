"""Of whom the source said nothing that can be used, told in one sentence instead of one for each.

It must not know what is planned for anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: So many names are told as examples.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """Collects names while everybody is planned for."""

    #: Linked people who were not found, where nothing follows from that.
    missing: list[str] = field(default_factory=list)
    #: People of whom something could not be read, by the sentence that says why.
    failed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, why: str) -> None:
        """Note that something of a person could not be read."""
        self.failed.setdefault(why, []).append(name)

    def sentences(self) -> Iterator[str]:
        """Say it, in as many sentences as there are reasons."""
        if self.missing:
            yield (
                f"{_people(self.missing)} linked and not found, from which nothing is concluded; "
                "left as they are"
            )
        for why, names in self.failed.items():
            yield f"{_people(names)} not readable and left as they are: {why}"


def _people(names: list[str]) -> str:
    examples = f"{', '.join(names[:_NAMED])}{' …' if len(names) > _NAMED else ''}"
    return (
        f"1 person ({examples}) is" if len(names) == 1 else f"{len(names)} people ({examples}) are"
    )
