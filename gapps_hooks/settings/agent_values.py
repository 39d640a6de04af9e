"""What can be set of the resident agent; docs/settings.md tells the same to people.

It must not know where the settings are written down, nor look at any file.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from gapps_hooks.settings.kinds import Flag, Plain


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
    config=ConfigDict(extra="forbid", validate_default=False),
)
class AgentSettings:
    """[agent]: the resident process that makes hooks faster."""

    #: Groups of this system whose members may hand events to the agent, beside root and its user.
    allow_groups: tuple[Plain, ...] = ()
    #: Whether it watches the files of a source of the type nss, for changes that no hook tells.
    watch: Flag = True
    #: How it writes its log lines: ``key=value`` for people, or JSON for programs.
    log: Literal["text", "json"] = "text"
