"""Google's side of the house: sign-in, calls and what became of them, behind one `Directory`.

It must not know plans, outboxes or account managers; nobody else may import Google's client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapps_hooks.google.boundaries import HttpObject, Observer, Pace
    from gapps_hooks.google.connecting import connect
    from gapps_hooks.google.directory import Directory
    from gapps_hooks.google.probing import probe

__all__ = ["Directory", "HttpObject", "Observer", "Pace", "connect", "probe"]

_HOMES = {
    "Directory": "gapps_hooks.google.directory",
    "HttpObject": "gapps_hooks.google.boundaries",
    "Observer": "gapps_hooks.google.boundaries",
    "Pace": "gapps_hooks.google.boundaries",
    "connect": "gapps_hooks.google.connecting",
    "probe": "gapps_hooks.google.probing",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    # Google's client costs more start-up time than everything else in a hook together, and a
    # run that finds a known outage never needs it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
