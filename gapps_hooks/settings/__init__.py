"""The settings: frozen values, read from one TOML file with every complaint in one error.

It must not know who uses which value.
"""

from gapps_hooks.settings.bounds import Bound, BoundSettings
from gapps_hooks.settings.reading import known_keys, load_settings
from gapps_hooks.settings.values import (
    EnabledSettings,
    GoogleSettings,
    GroupsSettings,
    HookSettings,
    Settings,
    SourceSettings,
    StateSettings,
)

__all__ = [
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
