"""The public face of gapps-hooks; it imports nothing until a name is asked for (PEP 562).

A policy plugin needs one light import: ``from gapps_hooks import hookimpl``. Each hook imports this
module at its start, so that it must not know even ``typing``.
"""

from __future__ import annotations

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gapps_hooks.hookspecs import hookimpl

__all__ = ["hookimpl"]


def __getattr__(name: str) -> object:
    if name != "hookimpl":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gapps_hooks import hookspecs  # noqa: PLC0415 - only for those who ask

    return hookspecs.hookimpl
