"""``python -m gapps_hooks`` is the command line; the hooks start it so for a reconcile.

It must not know any command.
"""

from __future__ import annotations

from gapps_hooks.cli import main

if __name__ == "__main__":
    main()
