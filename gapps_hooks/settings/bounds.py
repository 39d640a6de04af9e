"""[bounds]: how much of one kind may be done within 24 hours before a person is asked.

It must not know what was done, nor where the settings are written down.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from gapps_hooks.settings.kinds import Count, Number

_FORBID: Final = ConfigDict(extra="forbid", validate_default=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class Bound:
    """How much of one kind may be done within 24 hours."""

    #: Part of the population, 0 to 1.
    share: Annotated[Number, Field(ge=0, le=1)] = 0.10
    #: Never more than this, however large the population.
    most: Count = 50
    #: Never fewer than this, however small the population.
    least: Count = 3

    def limit(self, population: int) -> int:
        """Return how many may be done where there are ``population`` of them."""
        return max(self.least, min(int(self.share * population), self.most))


@dataclass(frozen=True, slots=True, kw_only=True, config=_FORBID)
class BoundSettings:
    """[bounds]: what is too much within 24 hours; beyond it a person is asked."""

    #: Accounts suspended.
    suspend: Bound = field(default_factory=Bound)
    #: Accounts restored.
    restore: Bound = field(default_factory=Bound)
    #: Primary addresses changed.
    rename: Bound = field(default_factory=Bound)
    #: Passwords pushed by a reconcile.
    password: Bound = field(default_factory=Bound)
    #: Members removed from groups.
    remove_member: Bound = field(default_factory=lambda: Bound(share=0.10, most=500, least=50))
    #: Groups deleted, where the settings want that.
    delete_group: Bound = field(default_factory=Bound)
    #: Aliases taken away from accounts.
    remove_alias: Bound = field(default_factory=lambda: Bound(share=0.10, most=500, least=50))
    #: Accounts created; no bound unless it is set.
    create: Count | None = None

    @field_validator("remove_member", "remove_alias", mode="before")
    @classmethod
    def _own_defaults(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return {"most": 500, "least": 50, **value} if isinstance(value, dict) else value
