"""The organisation's policy, asked through pluggy: our answers, entry points, policy files.

It must not know Google's client, the outbox or the sources.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pluggy

from gapps_hooks import hookspecs
from gapps_hooks.errors import BadSettings, Complaint, PolicyFailed
from gapps_hooks.model import Account, Change, Outcome, Unset
from gapps_hooks.policy import DefaultPolicy
from gapps_hooks.policy_files import describe, load_files, place_of
from gapps_hooks.trouble import tell_syslog

#: The entry point group in which an installed package offers a policy.
ENTRY_POINT_GROUP: Final = "gapps_hooks.policy"

#: Fields of Google's User resource that gapps_attributes may not name, and who decides on them.
DECIDED_ELSEWHERE: Final[Mapping[str, str]] = {
    "primaryEmail": "implement gapps_choose_address",
    "orgUnitPath": "implement gapps_org_unit",
    "name": "names come from the account manager",
    "phones": "phones come from the account manager",
    "aliases": "aliases come from the account manager",
    "externalIds": "they hold the employee id and this installation's mark",
    "password": "passwords come from password-set",
    "hashFunction": "passwords come from password-set",
    "suspended": "the account manager's enabled state decides it",
    "archived": "the account manager's enabled state decides it",
    "id": "Google alone gives it",
    "isAdmin": "make administrators in Google's console",
    "isDelegatedAdmin": "make administrators in Google's console",
}


class _PolicyManager(pluggy.PluginManager):
    """Knows the policy's hooks only, so that implementing an account manager's is an error."""

    def parse_hookspec_opts(
        self, module_or_class: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        if not name.startswith(hookspecs.POLICY_PREFIX):
            return None
        return super().parse_hookspec_opts(module_or_class, name)


class Policy:
    """What the organisation's policy says: one method for each hook that asks it.

    A hook that raises, or answers with something unusable, becomes a PolicyFailed with a sentence
    for people. No hook sees a password, its hash, or an account's traces.
    """

    def __init__(self, manager: pluggy.PluginManager, log: Callable[[str], None]) -> None:
        self._manager = manager
        self._log = log
        #: A policy need not know that a reconcile asks from several threads.
        self._one_at_a_time = threading.RLock()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the loaded policies, our own first, in the order of loading."""
        return tuple(name for name, plugin in self._manager.list_name_plugin() if plugin)

    def choose_address(self, account: Account) -> str:
        """Choose a person's primary address, in lower case."""
        address = self._ask("gapps_choose_address", account=_shown(account))
        local, _, domain = address.partition("@") if isinstance(address, str) else ("", "", "")
        if not local or not domain or "@" in domain:
            raise self._unusable("gapps_choose_address", address, "return one whole mail address")
        return str(address).lower()

    def attributes(self, account: Account) -> Mapping[str, Any]:
        """Collect the further fields of Google's User resource; the policy loaded last wins."""
        merged: dict[str, Any] = {}
        # pluggy asks the one loaded last first.
        for answer in reversed(self._ask("gapps_attributes", account=_shown(account))):
            if not isinstance(answer, Mapping) or not all(isinstance(key, str) for key in answer):
                advice = "return a mapping of Google's field names"
                raise self._unusable("gapps_attributes", answer, advice)
            merged.update(answer)
        if not merged:
            return merged
        for name in merged.keys() & DECIDED_ELSEWHERE.keys():
            raise self._unusable("gapps_attributes", name, DECIDED_ELSEWHERE[name])
        try:
            json.dumps(merged)
        except (TypeError, ValueError):
            advice = "return only what JSON can say: text, numbers, true, false, lists, objects"
            raise self._unusable("gapps_attributes", merged, advice) from None
        return merged

    def org_unit(self, account: Account) -> str | Unset | None:
        """Choose a person's orgUnitPath; UNSET leaves it as it is, None means the top."""
        path = self._ask("gapps_org_unit", account=_shown(account))
        if path is None or isinstance(path, Unset) or (isinstance(path, str) and path[:1] == "/"):
            return path
        raise self._unusable("gapps_org_unit", path, "return a path that begins with a slash")

    def groups(self, account: Account) -> tuple[str, ...]:
        """Collect the names of a person's further groups, each once."""
        answers = self._ask("gapps_groups", account=_shown(account))
        for answer in answers:
            if isinstance(answer, str) or not isinstance(answer, Iterable):
                raise self._unusable("gapps_groups", answer, "return a list of group names")
        names = tuple(dict.fromkeys(chain.from_iterable(reversed(answers))))
        for name in names:
            if not isinstance(name, str) or not name:
                raise self._unusable("gapps_groups", name, "return a list of group names")
        return names

    def veto(self, change: Change, account: Account | None) -> str | None:
        """Ask whether a change is forbidden: the reason, or None if it is allowed."""
        reason = self._ask("gapps_veto", change=_without_password(change), account=_shown(account))
        if reason is None or (isinstance(reason, str) and reason):
            return reason
        raise self._unusable("gapps_veto", reason, "return the reason as a sentence, or None")

    def tell(self, outcome: Outcome) -> None:
        """Tell what became of an entry; a hook that raises is written to the log."""
        done = tuple(map(_without_password, outcome.done))
        try:
            self._ask("gapps_outcome", outcome=replace(outcome, done=done))
        except PolicyFailed as error:
            self._log(f"{error}; the outcome stands")

    def _ask(self, hook: str, **arguments: object) -> Any:  # noqa: ANN401 - each hook has its own
        try:
            with self._one_at_a_time:
                return getattr(self._manager.hook, hook)(**arguments)
        except (Exception, SystemExit) as error:
            raise PolicyFailed(
                f"The policy's {hook} failed at {_place(error)}: {describe(error)}; correct it"
            ) from error

    def _unusable(self, hook: str, answer: object, advice: str) -> PolicyFailed:
        asked = getattr(self._manager.hook, hook).get_hookimpls()
        names = [impl.plugin_name for impl in reversed(asked)]
        return PolicyFailed(
            f"The policy's {hook} answered {answer!r:.100}: {advice} (asked: {', '.join(names)})."
        )


def open_policy(
    policy_directory: Path,
    *,
    domain: str,
    user: int | None = None,
    log: Callable[[str], None] = tell_syslog,
) -> Policy:
    """Load every policy: ours, those of installed packages by name, the files in byte order.

    Of several answers the one loaded last counts, so files stand above packages. ``domain`` is
    that of an address made from a user name; ``user`` is the id that may own policy files beside
    root, by default ours; ``log`` takes one line about a failed gapps_outcome.

    Raises:
        BadSettings: every policy that cannot be trusted or loaded, or implements an unknown hook.
    """
    manager = _PolicyManager("gapps_hooks")
    manager.add_hookspecs(hookspecs)
    manager.register(DefaultPolicy(domain), "gapps-hooks")
    files = load_files(policy_directory, user=os.geteuid() if user is None else user)
    complaints: list[Complaint] = []
    for name, plugin in chain(_load_packages(complaints), files):
        complaints.extend(_register(manager, name, plugin))
    if complaints:
        raise BadSettings(complaints)
    return Policy(manager, log)


def _load_packages(complaints: list[Complaint]) -> Iterator[tuple[str, object]]:
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=_entry_order):
        try:
            yield entry.name, entry.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a policy may raise anything
            remedy = f"{describe(error)} at {place_of(error)}; correct or uninstall it"
            complaints.append(_complaint(f"{entry.name} = {entry.value}", remedy))


def _entry_order(entry: EntryPoint) -> tuple[str, str]:
    return entry.name, entry.value


def _register(manager: pluggy.PluginManager, name: str, plugin: object) -> Iterator[Complaint]:
    try:
        manager.register(plugin, name)
    except (pluggy.PluginValidationError, ValueError) as error:
        yield _complaint(name, " ".join(str(error).split()))
        return
    yield from (_complaint(name, remedy) for remedy in _find_unknown_hooks(manager, plugin))
    yield from (_complaint(name, remedy) for remedy in _find_unmarked_hooks(manager, plugin))


def _find_unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> Iterator[str]:
    # pluggy's own check_pending stops at the first and does not know the right name.
    known = _hook_names(manager)
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            near = get_close_matches(caller.name, known, n=1, cutoff=0.0)
            yield f"there is no hook {caller.name}; did you mean {near[0]}?"


def _find_unmarked_hooks(manager: pluggy.PluginManager, plugin: object) -> Iterator[str]:
    for name in vars(plugin) if hasattr(plugin, "__dict__") else ():
        value = getattr(plugin, name)
        unmarked = callable(value) and manager.parse_hookimpl_opts(plugin, name) is None
        if name.startswith(hookspecs.POLICY_PREFIX) and unmarked:
            yield f"{name} is not marked; write @hookimpl above it"


def _hook_names(manager: pluggy.PluginManager) -> tuple[str, ...]:
    callers = vars(manager.hook).values()
    return tuple(caller.name for caller in callers if caller.has_spec())


def _complaint(name: str, remedy: str) -> Complaint:
    return Complaint(field="policy", value=name, remedy=remedy)


def _shown(account: Account | None) -> Account | None:
    # The traces hold the stored password hash.
    return replace(account, traces={}) if account is not None and account.traces else account


def _without_password(change: Change) -> Change:
    return replace(change, password=None) if change.password is not None else change


def _place(error: BaseException) -> str:
    """Find the deepest line of the file in which the failing hook stands."""
    ours = (__file__, os.path.dirname(pluggy.__file__) + os.sep)  # noqa: PTH120 - a text's beginning
    trace = error.__traceback__
    while trace and trace.tb_next and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    path = trace.tb_frame.f_code.co_filename if trace else ""
    return f"{path} {place_of(error, path)}"
