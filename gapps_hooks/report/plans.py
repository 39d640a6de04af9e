"""Plans for people to read before anything is done, and as JSON.

It must not know how a plan is made or carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gapps_hooks.model import Change, PasswordHash, Plan, Refusal, Verb
from gapps_hooks.report.words import field_name, flatten, printable

LEGEND: Final = "+ add   ~ change   - suspend or remove   ! refused   * note"
_SIGNS: Final = {
    Verb.CREATE: "+",
    Verb.CREATE_GROUP: "+",
    Verb.ADD_ALIAS: "+",
    Verb.ADD_GROUP_ALIAS: "+",
    Verb.ADD_MEMBER: "+",
    Verb.SUSPEND: "-",
    Verb.REMOVE_ALIAS: "-",
    Verb.REMOVE_GROUP_ALIAS: "-",
    Verb.REMOVE_MEMBER: "-",
    Verb.DELETE_GROUP: "-",
}
#: What a change adds or removes is named on its line; no field stands below it.
_ONE_LINE: Final = {
    Verb.ADD_ALIAS: "{alias}",
    Verb.REMOVE_ALIAS: "{alias}",
    Verb.ADD_GROUP_ALIAS: "{alias}",
    Verb.REMOVE_GROUP_ALIAS: "{alias}",
    Verb.ADD_MEMBER: "{email} as {role}",
    Verb.REMOVE_MEMBER: "{email}",
    Verb.CHANGE_ROLE: "{email}",
}
_FORESEEN: Final = "would be held"
_HIDDEN_KEYS: Final = frozenset({"alias", "id", "email"})


def render_plan(plan: Plan, name: str) -> str:
    """Write one subject's plan as a page: legend, block, count."""
    return render_plans([(name, plan)])


def render_plans(plans: Iterable[tuple[str, Plan]]) -> str:
    """Write plans as a page: the legend, a block for each subject that has something, the count.

    ``plans`` holds subjects' names with their plans, in the order in which they are shown.
    """
    counts: Counter[str] = Counter()
    blocks = []
    for name, plan in plans:
        lines = tuple(_plan_lines(plan))
        counts.update(_count(plan))
        if lines:
            blocks.append("\n".join((printable(name), *lines)))
    page = (LEGEND, *blocks) if blocks else ()
    return "\n\n".join((*page, _closing(counts)))


def _plan_lines(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        yield from _change_lines(change)
    for refusal in plan.refusals:
        word = _standing(refusal)
        yield f"  ! {'' if word == 'refused' else f'{word}: '}{printable(refusal.text)}"
    for note in plan.notes:
        yield f"  * {printable(note)}"


def _change_lines(change: Change) -> Iterator[str]:
    verb = change.verbs[0]
    words = ", ".join(map(_in_words, change.verbs))
    shown = {key: str(value).lower() for key, value in change.body.items()}
    about = f": {_ONE_LINE[verb].format_map(shown)}" if verb in _ONE_LINE else ""
    yield printable(f"  {_SIGNS.get(verb, '~')} {words} {change.address}{about}")
    before = dict(flatten(change.before))
    for key, value in flatten(change.body):
        if verb not in _ONE_LINE or key not in {*_HIDDEN_KEYS, "role"} or key in before:
            yield f"      {field_name(key)}: {_from(before.get(key))}{value}"
    if change.first_password:
        yield f"      password: {change.first_password}"
    elif change.password is not None:
        yield f"      {_password(change.password)}"


def _in_words(verb: Verb) -> str:
    return "set password" if verb is Verb.PASSWORD else verb.replace("-", " ")


def _from(old: str | None) -> str:
    return "" if old is None else f"{old} -> "


def _password(password: PasswordHash) -> str:
    return f"password ({password.function})"


def _count(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        yield from change.verbs
    yield from map(_standing, plan.refusals)


def _standing(refusal: Refusal) -> str:
    if refusal.foreseen:
        return _FORESEEN
    return "held" if refusal.held else "refused"


def _closing(counts: Counter[str]) -> str:
    left = [f"{counts[word]} {word}" for word in ("refused", "held", _FORESEEN) if counts[word]]
    parts = [f"{counts[verb]} to {_in_words(verb)}" for verb in Verb if counts[verb]]
    nothing = "Nothing is within [bounds]." if counts[_FORESEEN] else "Nothing to do."
    done = f"Plan: {', '.join(parts)}." if parts else nothing
    return f"{done} {', '.join(left)}." if left else done


def change_as_json(change: Change) -> dict[str, Any]:
    """Make the JSON object of a change; of a password only which it is, and the hash function."""
    return {
        "verbs": [verb.value for verb in change.verbs],
        "google_id": change.google_id,
        "address": change.address,
        "body": dict(change.body),
        "before": dict(change.before),
        "password": change.password.function if change.password is not None else None,
        "first_password": change.first_password or None,
    }


def plan_as_json(plan: Plan, name: str) -> dict[str, Any]:
    """Make the JSON object of one subject's plan."""
    return {
        "name": name,
        "changes": [change_as_json(change) for change in plan.changes],
        "refusals": _texts(plan, "refused"),
        "held": _texts(plan, "held"),
        "would_be_held": _texts(plan, _FORESEEN),
        "notes": list(plan.notes),
    }


def _texts(plan: Plan, standing: str) -> list[str]:
    return [refusal.text for refusal in plan.refusals if _standing(refusal) == standing]
