"""Which attributes of a directory are relied on and cannot be read.

It must not change anything, nor know how its findings are shown. Hashes are left out: that they
cannot be read is a choice, and counted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.finding import Finding
from gapps_hooks.settings import Settings, asked_attributes
from gapps_hooks.sources.ldap_layout import Layout
from gapps_hooks.sources.ldap_listing import Place
from gapps_hooks.sources.ldap_tree import Tree

_OF_PASSWORDS: Final = frozenset({"password", "password_changed"})
_OF_GROUPS: Final = ("group_name", "group_email", "group_description", "members")


def examine_attributes(settings: Settings, tree: Tree) -> Finding:
    """Find the attributes that nobody shows and that we may not compare; nothing is raised."""
    what = "attributes"
    try:
        hidden = (
            *_hidden(tree, tree.people, _of_people(tree.layout, settings)),
            *_hidden_in_groups(tree),
        )
    except GappsHooksError as error:
        return Finding(what=what, fine=False, text=str(error))
    if not hidden:
        text = "whatever is relied on can be read, or is not there"
        return Finding(what=what, fine=True, text=text)
    reader = settings.source.bind_dn or "the one we sign in as"
    text = (
        f"cannot be read in anybody: {', '.join(hidden)}; let {reader} read and compare that "
        "(OpenLDAP: olcAccess … read), call it as the server does (sn, not surname), or take it "
        "from elsewhere or from nowhere (source.attributes)"
    )
    return Finding(what=what, fine=False, text=text)


def _of_people(layout: Layout, settings: Settings) -> Mapping[str, str]:
    """Name what each attribute of a person is for."""
    left_out = {*_OF_PASSWORDS, *_OF_GROUPS}
    fields = {
        name: key for key, names in layout.taken.items() if key not in left_out for name in names
    }
    more = dict.fromkeys(layout.asked, "more_attributes")
    return {**fields, **more, **dict.fromkeys(asked_attributes(settings.enabled), "enabled")}


def _hidden_in_groups(tree: Tree) -> Iterator[str]:
    used = {name: key for key in _OF_GROUPS for name in tree.layout.taken[key]}
    return _hidden(tree, tree.groups, used)


def _hidden(tree: Tree, place: Place[Any], used: Mapping[str, str]) -> Iterator[str]:
    missing = [name for name in used if not tree.is_seen(place, (name,))]
    if not missing or not (entries := tree.all(place).entries):
        return
    for name in missing:
        if _may_be_there(tree, place, entries[0].dn.written, name):
            yield f"{name} ({used[name]})"


def _may_be_there(tree: Tree, place: Place[Any], dn: str, name: str) -> bool:
    """Say of an attribute that nobody shows whether somebody may have it nevertheless."""
    if tree.connection.any(place.base, f"(&{place.filter}({name}=*))"):
        return True
    may_compare = tree.connection.may_compare(dn, name)
    if may_compare is None:
        return name in tree.layout.preset.everybody_has
    return not may_compare
