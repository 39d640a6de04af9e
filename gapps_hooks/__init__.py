"""The public face of gapps-hooks; it imports nothing until a name is asked for (PEP 562).

A policy plugin needs one light import: ``from gapps_hooks import hookimpl``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapps_hooks.hookspecs import hookimpl

__all__ = ["hookimpl"]

_HOMES = {"hookimpl": "gapps_hooks.hookspecs"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
