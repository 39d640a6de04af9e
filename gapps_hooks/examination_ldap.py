"""Whether a directory is set up right: which hashes can be read, and what people write themselves.

It must not change anything, nor know how its findings are shown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.examination_attributes import examine_attributes
from gapps_hooks.examination_passwords import examine_passwords
from gapps_hooks.finding import Finding
from gapps_hooks.settings import Settings
from gapps_hooks.settings.ldap_kinds import is_local
from gapps_hooks.sources import Source
from gapps_hooks.sources.ldap_access import access_of
from gapps_hooks.sources.ldap_connection import Connection
from gapps_hooks.sources.ldap_layout import Layout, layout_of
from gapps_hooks.sources.ldap_tree import Tree
from gapps_hooks.sources.ldap_writing import Tried, try_writing


@dataclass(frozen=True, slots=True)
class OrdinaryPerson:
    """Somebody without any rights, as whom writing is tried."""

    dn: str
    #: A private file with the password.
    password_file: Path


def examine_directory(
    settings: Settings, source: Source, ordinary: OrdinaryPerson | None
) -> Iterator[Finding]:
    """Look at what only directories have; nothing is raised or changed."""
    owners = frozenset({0, os.geteuid()})
    tree = Tree(Connection(access_of(settings.source, owners)), layout_of(settings), time.time)
    yield examine_attributes(settings, tree)
    yield _examine_passwords(settings, source)
    yield _examine_writing(settings, ordinary)


def _examine_passwords(settings: Settings, source: Source) -> Finding:
    if layout_of(settings).taken["password"]:
        return examine_passwords(settings, source)
    text = "this kind of directory shows no hashes; passwords come from hooks only"
    return Finding(what="passwords", fine=True, text=text)


def _examine_writing(settings: Settings, ordinary: OrdinaryPerson | None) -> Finding:
    what = "self-service"
    if ordinary is None:
        text = (
            "not tried what people can write themselves; name one of them: gapps-hooks check "
            "--ordinary-user DN --password-file FILE"
        )
        return Finding(what=what, fine=True, note=True, text=text)
    uri = settings.source.uri or ""
    if uri.startswith("ldap://") and not (settings.source.starttls or is_local(uri)):
        text = f"not tried: the password would go to {uri} in clear text; set starttls = true"
        return Finding(what=what, fine=False, text=text)
    owners = frozenset({0, os.geteuid()})
    access = access_of(settings.source, owners)
    person = replace(
        access,
        bind_dn=ordinary.dn,
        password_file=ordinary.password_file,
        said="--ordinary-user and --password-file",
        sasl=False,
    )
    try:
        layout = layout_of(settings)
        tree = Tree(Connection(access), layout, clock=time.time)
        tried = tuple(try_writing(person, layout, _decisive(tree, layout)))
    except GappsHooksError as error:
        return Finding(what=what, fine=False, text=str(error))
    return _judge(ordinary.dn, tried)


def _decisive(tree: Tree, layout: Layout) -> str | None:
    group = tree.named(tree.groups, layout.decisive) if layout.decisive else None
    return group.dn.written if group else None


def _judge(dn: str, tried: Iterable[Tried]) -> Finding:
    tried = tuple(tried)
    wrong = [one.attribute for one in tried if one.writable and not one.harmless]
    harmless = [one.attribute for one in tried if one.writable and one.harmless]
    unknown = [f"{one.attribute} ({one.why})" for one in tried if one.writable is None]
    safe = [one.attribute for one in tried if one.writable is False]
    parts = [
        _part("can write itself, and could so take another's address or account", wrong),
        _part("may change, which does no harm", harmless),
        _part("could not be found out for", unknown),
        _part("cannot write", safe),
    ]
    text = f"{dn} " + "; ".join(part for part in parts if part)
    if wrong:
        text += "; take that right away, or take these from nowhere (source.attributes)"
    return Finding(what="self-service", fine=not wrong, text=text)


def _part(words: str, attributes: list[str]) -> str:
    return f"{words}: {', '.join(attributes)}" if attributes else ""
