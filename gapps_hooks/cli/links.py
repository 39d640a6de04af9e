"""``gapps-hooks links``: who is which account or group at Google.

It must not know what makes a link right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gapps_hooks.cli.named import Named, link_of
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.opening import opened, opened_state
from gapps_hooks.cli.showing import as_json, example, show_json, show_outcomes
from gapps_hooks.deliver.subject import deliver
from gapps_hooks.linking import bind as bind_link
from gapps_hooks.linking import forget as forget_link
from gapps_hooks.model import Kind, Link
from gapps_hooks.outbox import State
from gapps_hooks.outbox import links as stored
from gapps_hooks.report import (
    clock_time,
    delivered_words,
    exit_status,
    facts,
    iso_time,
    links_table,
)


@click.group(invoke_without_command=True, epilog=example("gapps-hooks links show alice"))
@as_json
@click.pass_context
def links(context: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Show or change who is which account at Google.

    A link is made when an account is created or adopted, and ends with the local account. What
    gapps-hooks cannot know for certain (is it the same person?) is answered here.
    """
    if context.invoked_subcommand is None:
        context.invoke(show, as_json=as_json)
    elif as_json:
        raise click.UsageError("--json stands last: gapps-hooks links show --json")


@links.command(epilog=example("gapps-hooks links show group:staff"))
@click.argument("subject", required=False, type=read_subject)
@as_json
@click.pass_obj
def show(settings_path: Path, subject: Named | None, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Show all links, or everything known of one."""
    with opened_state(settings_path) as (_, state):
        links = (link_of(state, subject),) if subject else stored.all_links(state)
        kinds = stored.kinds(state)
        named = ((Named(kinds[link.subject], link.name), link) for link in links)
        found = sorted(named, key=lambda one: (one[0].name, one[0].kind))
        now = state.clock()
        if as_json:
            show_json([_link_as_json(name.kind, link, state.instance) for name, link in found])
        elif subject:
            click.echo(_details(state, *found[0], now))
        elif found:
            click.echo(links_table([(str(name), link) for name, link in found], now))
        else:
            click.echo("Nobody is linked yet.")


@links.command(
    short_help="Link a person or group to what has an address at Google.",
    epilog=example(
        "gapps-hooks links bind alice alice.brown@example.org",
        "gapps-hooks links bind group:staff everybody@example.org",
    ),
)
@click.argument("subject", type=read_subject)
@click.argument("address")
@click.option(
    "--force", is_flag=True, help="Also if the account is then suspended at once, as it should be."
)
@click.pass_obj
def bind(settings_path: Path, subject: Named, address: str, force: bool) -> None:  # noqa: FBT001 - click's interface
    """Link a person or group to the account or group with this address at Google.

    The address has to be a primary one, and stays as it is, also if the policy would give another.
    Our mark is put on the account, and whatever differs from the account manager is delivered. An
    administrator's or protected account is linked and left alone. Where the person is not enabled
    for Google a living account is not linked without --force, because it would be suspended.
    """
    with opened(settings_path) as wiring:
        bound = bind_link(wiring, subject.kind, subject.name, address, suspending=force)
        click.echo(f"{subject} is {bound.link.address} ({bound.link.google_id}); {bound.note}")
        outcome = None if bound.left_alone else deliver(wiring, bound.subject)
        outcomes = show_outcomes([outcome] if outcome else [], 1)
    click.get_current_context().exit(exit_status(outcomes))


@links.command(
    short_help="Forget a link; Google is left as it is.",
    epilog=example("gapps-hooks links forget alice"),
)
@click.argument("subject", type=read_subject)
@click.pass_obj
def forget(settings_path: Path, subject: Named) -> None:
    """Forget a link, as if nothing had been seen at Google of it; Google is left as it is.

    At the next event or reconcile the account or group is looked for, and adopted or created, anew.
    """
    with opened_state(settings_path) as (_, state):
        link = link_of(state, subject)
        what = "an account" if stored.kinds(state)[link.subject] is Kind.USER else "a group"
        forget_link(state, link)
    click.echo(
        f"{subject} is no longer linked to {link.address} ({link.google_id}). At the next event or "
        f"reconcile {what} is looked for, and adopted or created; at once by: gapps-hooks "
        f"reconcile {subject}. If it is to be another one: gapps-hooks links bind {subject} ADDRESS"
    )


def _details(state: State, name: Named, link: Link, now: float) -> str:
    ended = clock_time(link.ended_at, now=now) if link.ended_at is not None else "no"
    return facts(
        (
            ("name", name),
            ("address", link.address),
            ("google id", link.google_id),
            ("id here", link.identity or "none given"),
            ("made", "created by us" if link.created else "found at Google and adopted"),
            *(_of_people(link) if name.kind is Kind.USER else ()),
            ("confirmed", clock_time(link.confirmed_at, now=now) if link.confirmed_at else "never"),
            ("ended", ended),
            ("delivered", ", ".join(delivered_words(link.delivered)) or "nothing yet"),
            ("mark", state.instance),
        )
    )


def _of_people(link: Link) -> tuple[tuple[str, str], ...]:
    return (
        ("administrator", "yes" if link.administrator else "no"),
        ("suspended by us", "yes" if link.suspended_by_us else "no"),
    )


def _link_as_json(kind: Kind, link: Link, mark: str) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "name": link.name,
        "address": link.address,
        "google_id": link.google_id,
        "id": str(link.identity) if link.identity else None,
        "created": link.created,
        "administrator": link.administrator,
        "suspended_by_us": link.suspended_by_us,
        "confirmed_at": iso_time(link.confirmed_at) if link.confirmed_at else None,
        "ended_at": None if link.ended_at is None else iso_time(link.ended_at),
        "delivered": delivered_words(link.delivered),
        "mark": mark,
    }
