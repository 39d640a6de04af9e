"""The account manager's current truth, read from where it keeps it.

It must not know what is done with the answers.
"""

from __future__ import annotations

from gapps_hooks.settings import Settings
from gapps_hooks.sources.json_listing import JsonSource
from gapps_hooks.sources.nss import NssSource
from gapps_hooks.sources.source import Names, Source

__all__ = ["JsonSource", "Names", "NssSource", "Source", "open_source"]


def open_source(settings: Settings) -> Source | None:
    """Open the source that the settings name; None where payloads are all there is."""
    source = settings.source
    if source.type == "none":
        return None
    if source.type == "nss":
        return NssSource(source.directory, max_bytes=source.max_bytes)
    if source.command is not None:
        return JsonSource.of_command(
            source.command,
            timeout=source.timeout,
            max_bytes=source.max_bytes,
            decisive=settings.enabled.group,
        )
    if source.file is None:
        raise ValueError("a json source has a file or a command; the settings see to that")
    return JsonSource.of_file(
        source.file, max_bytes=source.max_bytes, decisive=settings.enabled.group
    )
