"""Whether an installation is set up right: each thing that it needs, looked at one by one.

It must not change anything, nor know how its findings are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from gapps_hooks import policy_files
from gapps_hooks.errors import BadInput, BadSettings, GappsHooksError, GoogleFault, NotFound
from gapps_hooks.examination_groups import examine_groups, examine_which
from gapps_hooks.examination_passwords import examine_passwords
from gapps_hooks.finding import Finding
from gapps_hooks.model import UNSET, GoogleUser
from gapps_hooks.outbox import links, open_state
from gapps_hooks.plugins import open_policy
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import Source, open_source
from gapps_hooks.sources.decisive import why_undecided
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.scope import keeps_groups
from gapps_hooks.wiring import Wiring, wire


def examine(path: Path, ordinary: tuple[str, Path] | None = None) -> Iterator[Finding]:
    """Look at everything, in the order in which it is needed; nothing is raised or changed.

    ``ordinary`` is a person of an LDAP directory without any rights, and their password's file.
    """
    try:
        settings = load_settings(path)
    except BadInput as error:
        for complaint in error.complaints:
            yield Finding(
                what="settings", fine=False, text=str(BadSettings((complaint,), str(path)))
            )
        return
    yield Finding(what="settings", fine=True, text=f"{path}, for {', '.join(settings.domains)}")
    yield from _examine_protected(settings)
    yield Finding(what="credentials", fine=True, text=str(settings.google.credentials))
    source, found = _examine_source(settings)
    yield found
    if found.fine:
        yield _examine_enabled(settings, source)
    if found.fine and source is not None:
        yield from examine_which(settings, source)
    if found.fine and source is not None and settings.source.type == "ldap":
        yield from _examine_ldap(settings, source, ordinary)
    if found.fine and source is not None and settings.source.type == "nss":
        yield examine_passwords(settings, source)
    policy = _examine_policy(settings)
    yield policy
    yield from _examine_state_and_google(settings, source, policy_loads=policy.fine)


def _examine_protected(settings: Settings) -> Iterator[Finding]:
    """Name the patterns of a domain in which nothing is ever written, which may be misspelt."""
    foreign = [one for one in settings.protected if not _is_of(one, settings.domains)]
    if foreign:
        text = f"{', '.join(foreign)}: of none of the domains ({', '.join(settings.domains)}), "
        text += "so that nobody is protected by it; correct it, or take it out"
        yield Finding(what="protected", fine=False, text=text)


def _is_of(pattern: str, domains: Iterable[str]) -> bool:
    _, at, domain = pattern.rpartition("@")
    return not at or any(fnmatchcase(one, domain) for one in domains)


def _examine_source(settings: Settings) -> tuple[Source | None, Finding]:
    what = "source"
    try:
        source = open_source(settings)
        names = source.account_names() if source else None
    except GappsHooksError as error:
        return None, Finding(what=what, fine=False, text=str(error))
    if names is None:
        return source, Finding(what=what, fine=True, text="none: the hooks' payloads are all")
    text = f"{settings.source.type}, {_accounts(len(names.names))}"
    if not names.complete:
        text += f"; not all of them: {names.why}"
    # local files with other services behind them never are; a directory has to be read wholly
    fine = names.complete or (settings.source.type != "ldap" and bool(names.names))
    return source, Finding(what=what, fine=fine, text=text)


def _examine_ldap(
    settings: Settings, source: Source, ordinary: tuple[str, Path] | None
) -> Iterator[Finding]:
    # it needs the packages of an extra, which are there: the source was opened
    from gapps_hooks.examination_ldap import (  # noqa: PLC0415 - keeps a door light, see above
        OrdinaryPerson,
        examine_directory,
    )

    yield from examine_directory(settings, source, OrdinaryPerson(*ordinary) if ordinary else None)


def _accounts(count: int) -> str:
    return f"{count} account" if count == 1 else f"{count} accounts"


def _examine_enabled(settings: Settings, source: Source | None) -> Finding:
    what, rule = "enabled", settings.enabled
    if rule.all:
        text = "everybody who is active"
    elif rule.group:
        text = f"group {rule.group}"
    else:
        text = f"attribute {rule.attribute}" if rule.attribute else "filter"
    if source is None:
        return Finding(what=what, fine=True, text=text)
    try:
        seen = source.snapshot()
        if undecided := why_undecided(seen, settings):
            return Finding(what=what, fine=False, text=undecided)
        fine, counted = _how_many(seen, settings)
        return Finding(what=what, fine=fine, text=text + counted)
    except GappsHooksError as error:
        return Finding(what=what, fine=False, text=str(error))


def _how_many(source: Source, settings: Settings) -> tuple[bool, str]:
    """Count for whom Google is on; that it is known of nobody is not as it has to be."""
    names = source.account_names()
    if not names.complete:
        return True, ""
    accounts = [account for name in names.names if (account := source.account(name))]
    known = Counter(is_enabled(account, settings.enabled) for account in accounts)
    unknown, count = known[UNSET], _accounts(len(accounts))
    see = "; see attributes" if settings.source.type == "ldap" else ""
    if unknown and not known[True]:
        return False, f", not known of {unknown} of {count}{see}"
    if not known[True] and (linked := _linked(settings)):
        remedy = "see who is missing there before the next reconcile, which would suspend them"
        return False, f": 0 of {count} enabled while {linked} are linked; {remedy}"
    more = f"; not known of {unknown}{see}" if unknown else ""
    return True, f", {known[True]} of {count}{more}"


def _linked(settings: Settings) -> int:
    place = settings.state
    try:
        with open_state(place.directory, domain=settings.domain, owner=place.owner) as state:
            return links.count(state)
    except GappsHooksError:  # which has a line of its own
        return 0


def _examine_policy(settings: Settings) -> Finding:
    directory = settings.policy_directory
    try:
        open_policy(directory, domain=settings.domain)
    except GappsHooksError as error:
        return Finding(what="policy", fine=False, text=str(error))
    files = ", ".join(path.name for path in policy_files.find(directory))
    text = f"{files} in {directory}" if files else f"none (no *.py in {directory})"
    return Finding(what="policy", fine=True, text=text)


def _examine_state_and_google(
    settings: Settings, source: Source | None, *, policy_loads: bool
) -> Iterator[Finding]:
    place = settings.state
    try:
        state = open_state(place.directory, domain=settings.domain, owner=place.owner)
    except GappsHooksError as error:
        yield Finding(what="state", fine=False, text=str(error))
        return
    with state:
        problem = state.binding_problem()
        text = problem or f"{place.directory}, installation {state.instance}"
        yield Finding(what="state", fine=problem is None, text=text)
        if policy_loads:
            yield from _examine_google(wire(settings, state, source=source))


def _examine_google(wiring: Wiring) -> Iterator[Finding]:
    admin = wiring.settings.admin
    try:
        wiring.probe(True)  # noqa: FBT003 - a callable, whose argument says: sign in
        yield Finding(what="sign-in", fine=True, text=f"Google granted a token for {admin}")
        found = wiring.directory.get_user(admin)
    except NotFound:
        yield Finding(what="directory", fine=False, text=f"Google has no user {admin}; see admin")
    except GoogleFault as fault:
        yield Finding(what="Google", fine=False, text=str(fault))
    else:
        yield Finding(what="directory", fine=True, text="users can be read")
        yield _administrator(found, admin)
        if keeps_groups(wiring.settings):
            yield examine_groups(wiring)
        yield _domains(wiring)


def _administrator(found: GoogleUser, admin: str) -> Finding:
    what = "administrator"
    if found.primary_email != admin:
        text = f"{admin} is an alias; set admin = {found.primary_email!r}, its primary address"
        return Finding(what=what, fine=False, text=text)
    if found.is_admin:
        text = (
            f"{admin} is a super administrator; recommended is a delegated one, whom Google itself "
            "keeps from changing administrators"
        )
        return Finding(what=what, fine=True, text=text)
    if found.is_delegated_admin:
        return Finding(what=what, fine=True, text=f"{admin} is a delegated administrator")
    text = f"{admin} is no administrator; give it a role with rights on users and groups"
    return Finding(what=what, fine=False, text=text)


def _domains(wiring: Wiring) -> Finding:
    wanted = wiring.settings.domains
    try:
        verified = wiring.directory.list_domains()
    except GoogleFault as fault:
        # The scope for it is not needed for anything else.
        text = f"{', '.join(wanted)}; not looked up ({fault})"
        return Finding(what="domains", fine=True, note=True, text=text)
    missing = sorted(set(wanted) - set(verified))
    if missing:
        text = f"{', '.join(missing)}: not verified at Google, which has {', '.join(verified)}"
        return Finding(what="domains", fine=False, text=text)
    return Finding(what="domains", fine=True, text=f"{', '.join(wanted)}, verified at Google")
