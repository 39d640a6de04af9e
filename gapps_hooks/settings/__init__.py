"""The settings: frozen values, read from one TOML file with every complaint in one error.

It must not know who uses which value.
"""

from gapps_hooks.settings.agent_values import AgentSettings
from gapps_hooks.settings.bounds import Bound, BoundSettings
from gapps_hooks.settings.ldap_presets import PRESETS, Preset
from gapps_hooks.settings.reading import known_keys, load_settings
from gapps_hooks.settings.source_values import AttributeSettings, SourceSettings, taken
from gapps_hooks.settings.values import (
    EnabledSettings,
    GoogleSettings,
    GroupsSettings,
    HookSettings,
    Settings,
    StateSettings,
    asked_attributes,
)

__all__ = [
    "PRESETS",
    "AgentSettings",
    "AttributeSettings",
    "Bound",
    "BoundSettings",
    "EnabledSettings",
    "GoogleSettings",
    "GroupsSettings",
    "HookSettings",
    "Preset",
    "Settings",
    "SourceSettings",
    "StateSettings",
    "asked_attributes",
    "known_keys",
    "load_settings",
    "taken",
]
