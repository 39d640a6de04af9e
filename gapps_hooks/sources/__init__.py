"""The account manager's current truth, read from where it keeps it.

It must not know what is done with the answers.
"""

from __future__ import annotations

import os
import pwd
import sys
from contextlib import suppress

from gapps_hooks.errors import BadSettings, Complaint
from gapps_hooks.settings import Settings
from gapps_hooks.sources.json_listing import JsonSource
from gapps_hooks.sources.nss import NssSource
from gapps_hooks.sources.source import Names, Source

__all__ = ["JsonSource", "Names", "NssSource", "Source", "open_source"]


def open_source(settings: Settings) -> Source | None:
    """Open the source that the settings name; None where payloads are all there is.

    Raises:
        BadSettings: the source needs packages that are not installed, or settings that it does
            not understand.
    """
    source = settings.source
    if source.type == "none":
        return None
    if source.type == "nss":
        return NssSource(
            source.directory, max_bytes=source.max_bytes, decisive=settings.enabled.group
        )
    if source.type == "ldap":
        return _open_ldap(settings)
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


def _open_ldap(settings: Settings) -> Source:
    try:
        # the package of an extra: without it everything else works, and others need not load it
        from gapps_hooks.sources.ldap_source import LdapSource  # noqa: PLC0415 - keeps a door light
    except ImportError as missing:
        raise _without_ldap(missing) from None
    return LdapSource.of(settings, owners=_owners(settings))


def _without_ldap(missing: ImportError) -> BadSettings:
    remedy = (
        f"needs python-ldap, which does not load ({missing}); install Debian's packages gcc, "
        "python3-dev, libldap-dev and libsasl2-dev, and in the checkout of gapps-hooks: "
        f"{sys.prefix}/bin/pip install '.[ldap]'"
    )
    return BadSettings((Complaint(field="source.type", value="'ldap'", remedy=remedy),))


def _owners(settings: Settings) -> set[int]:
    """Say who may own a private file: root, we, and who owns the state."""
    owners = {0, os.geteuid()}
    with suppress(KeyError):
        owners |= {pwd.getpwnam(settings.state.owner).pw_uid} if settings.state.owner else set()
    return owners
