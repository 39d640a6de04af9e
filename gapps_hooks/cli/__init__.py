"""The command line for people: thin commands, each of which tells one story of the house.

It must not know how anything is done, only who does it and how its answer is shown.
"""

from __future__ import annotations

from gapps_hooks.cli.program import main

__all__ = ["main"]
