"""The settings: frozen values, read from one TOML file with every complaint in one error.

It must not know who uses which value.
"""

from gapps_hooks.settings.agent_values import AgentSettings
from gapps_hooks.settings.reading import known_keys, load_settings
from gapps_hooks.settings.values import (
    Bound,
    BoundSettings,
    EnabledSettings,
    GoogleSettings,
    GroupsSettings,
    HookSettings,
    Settings,
    SourceSettings,
    StateSettings,
)

__all__ = [
    "AgentSettings",
    "Bound",
    "BoundSettings",
    "EnabledSettings",
    "GoogleSettings",
    "GroupsSettings",
    "HookSettings",
    "Settings",
    "SourceSettings",
    "StateSettings",
    "known_keys",
    "load_settings",
]
