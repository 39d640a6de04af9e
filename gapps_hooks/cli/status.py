"""``gapps-hooks status``: how things stand, for people and for monitoring.

It must not know where any of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from gapps_hooks import managers
from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.report import clock_time, duration, facts, iso_time, printable
from gapps_hooks.standing import Reconciled, Standing, look

_NO_AGENT: Final = "not running, each hook delivers by itself"
_BY_AGENT: Final = "by the agent, while it runs"
_NOT_RETRIED: Final = (
    "by nothing, what waits needs `gapps-hooks deliver`: enable an account manager or add the cron "
    "line of hooks.d/README.md, and see that systemd or cron is there to run it"
)


@click.command(
    epilog=example(
        "gapps-hooks status >/dev/null 2>&1 || "
        "gapps-hooks status 2>&1 | mail -s gapps-hooks admin@example.org"
    )
)
@as_json
@click.pass_obj
def status(settings_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Show how things stand, and what a person has to do; nothing is asked of Google.

    Exit status, for monitoring: 0 all is well, 1 something is buried, a policy file does not load
    or the state file was damaged, 4 something is held, 75 nothing gets through (an outage, or
    something has waited for more than 15 minutes).
    """
    with opened_state(settings_path) as (settings, state):
        standing = look(settings, state)
    if as_json:
        show_json(_as_json(standing))
    else:
        click.echo(facts(_facts(standing)))
        for sentence in standing.advice():
            click.echo(f"! {sentence}")
    click.get_current_context().exit(standing.exit_status)


def _facts(standing: Standing) -> Iterator[tuple[str, object]]:
    settings = standing.settings
    yield "domain", ", ".join(settings.domains)
    where = f" at {settings.google.api_endpoint}" if settings.google.api_endpoint else ""
    yield "connected as", f"{settings.admin}{where}"
    yield "sending", _sending(standing)
    yield "linked", _linked(standing)
    yield "waiting", _waiting(standing)
    yield "held", len(standing.of("held"))
    yield "buried", len(standing.of("buried"))
    yield (
        "last 24 hours",
        ", ".join(f"{count} {verb}" for verb, count in standing.done if count) or "-",
    )
    yield "last reconcile", _reconciled(standing)
    yield "quota", _quota(standing)
    states = [f"{state.name} {'on' if state.enabled else 'off'}" for state in managers.states()]
    yield "account managers", ", ".join(states)
    yield "agent", "running" if standing.agent else _NO_AGENT
    yield "retry", _retried(standing)
    yield "source", settings.source.type
    yield "settings", settings.path
    yield "state", settings.state.directory


def _retried(standing: Standing) -> str:
    if runner := managers.retried_by():
        return f"each minute, by {runner}"
    return _BY_AGENT if standing.agent else _NOT_RETRIED


def _linked(standing: Standing) -> str:
    people, groups = standing.linked, standing.linked_groups
    return (
        f"{people} {'person' if people == 1 else 'people'}, "
        f"{groups} {'group' if groups == 1 else 'groups'}"
    )


def _sending(standing: Standing) -> str:
    if standing.paused:
        return "paused"
    if standing.binding:
        return "no: the state file is another installation's"
    if standing.policy:
        return "no: the policy does not load"
    if standing.outage:
        return f"no: outage since {clock_time(standing.outage.since, now=standing.now)}"
    return "yes" if standing.settings.mode == "deliver" else "no: mode is observe"


def _waiting(standing: Standing) -> str:
    count = len(standing.of("waiting"))
    return str(count) if standing.oldest is None else f"{count}, since {duration(standing.oldest)}"


def _reconciled(standing: Standing) -> str:
    last = standing.reconciled
    return f"{clock_time(last.at, now=standing.now)}: {printable(last.line)}" if last else "never"


def _quota(standing: Standing) -> str:
    quota = standing.quota
    pause = f"; Google asked for a pause of {duration(quota.paused)}" if quota.paused else ""
    return (
        f"{quota.per_second:g} requests a second, {quota.burst} at once, "
        f"{quota.used:.0f} in use{pause}"
    )


def _reconciled_as_json(last: Reconciled | None) -> dict[str, str] | None:
    return None if last is None else {**asdict(last), "at": iso_time(last.at)}


def _as_json(standing: Standing) -> dict[str, Any]:
    settings = standing.settings
    return {
        "domain": settings.domain,
        "admin": settings.admin,
        "api_endpoint": settings.google.api_endpoint,
        "mode": settings.mode,
        "paused": standing.paused,
        "outage": standing.outage.reason if standing.outage else None,
        "binding": standing.binding,
        "policy": standing.policy or None,
        "linked": standing.linked,
        "linked_groups": standing.linked_groups,
        "waiting": len(standing.of("waiting")),
        "oldest_seconds": standing.oldest,
        "held": len(standing.of("held")),
        "buried": len(standing.of("buried")),
        "last_24_hours": {verb.value: count for verb, count in standing.done},
        "last_reconcile": _reconciled_as_json(standing.reconciled),
        "quota": asdict(standing.quota),
        "agent": standing.agent,
        "managers": {state.name: state.enabled for state in managers.states()},
        "retried": bool(managers.retried_by()),
        "state": str(settings.state.directory),
        "advice": list(standing.advice()),
        "exit": standing.exit_status,
    }
