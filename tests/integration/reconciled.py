"""A reconcile of everybody in a small organisation, as the command does it but without showing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from organisation import Organisation, organise

from gapps_hooks.model import Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import leases, subjects
from gapps_hooks.reconcile.applying import Applying, Progress
from gapps_hooks.reconcile.everybody import Looked, carry_out, everything, look, refused

LASTING = "entryUUID:"


def person(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a user
    """One user of the listing, with a lasting id."""
    names = {"given_name": name.capitalize(), "family_name": "Example"}
    return {"username": name, "id": f"{LASTING}{name}", **names, **more}


def listed(folder: Path, *, more: str = "", tables: str = "") -> Organisation:
    """Found an organisation whose account manager is a JSON listing."""
    source = f'[source]\ntype = "json"\nfile = "{folder / "accounts.json"}"'
    return organise(folder, source=source, more=f"{more}\n---\n{tables}")


@dataclass
class Run:
    """What a reconcile came to."""

    looked: Looked
    progress: Progress
    told: list[Outcome] = field(default_factory=list)

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return {outcome.name: outcome.verdict for outcome in self.progress.outcomes}

    @property
    def lines(self) -> Mapping[str, str]:
        return {outcome.name: outcome.line for outcome in self.progress.outcomes}

    @property
    def done(self) -> list[tuple[str, Verb]]:
        """Every change that Google took, by address, in the order of their subjects' ends."""
        changes = (change for one in self.progress.outcomes for change in one.done)
        return [(change.address, verb) for change in changes for verb in change.verbs]


def dry(organisation: Organisation, **how: Any) -> Looked:  # noqa: ANN401 - see look
    """Look at everybody, changing nothing."""
    return look(organisation.wiring, dry=True, **how)


def reconcile(
    organisation: Organisation,
    *,
    force: bool = False,
    push_passwords: bool = False,
    report: Callable[[Outcome], None] = lambda _: None,
    started: Callable[[Applying], None] = lambda _: None,
) -> Run:
    """Look at everybody, and do what differs."""
    looked = look(organisation.wiring, dry=False, push_passwords=push_passwords)
    progress = carry_out(
        looked,
        everything(looked),
        force=force,
        refused=refused(looked),
        report=report,
        started=started,
    )
    return Run(looked=looked, progress=progress)


@contextmanager
def delivered_elsewhere(organisation: Organisation, kind: Kind, name: str) -> Iterator[None]:
    """Let another process be delivering somebody."""
    lease = leases.hold(
        organisation.state.directory, subjects.of_name(organisation.state, kind, name) or 0
    )
    assert lease is not None
    with lease:
        yield


def planned(looked: Looked) -> dict[str, list[str]]:
    """What is planned, in words: for each subject its verbs."""
    return {
        piece.key: [verb.value for change in piece.plan.changes for verb in change.verbs]
        for piece in looked.whole.pieces
        if piece.plan.changes
    }


def refusals(looked: Looked) -> dict[str, str]:
    """What is refused, by subject."""
    return {
        piece.key: piece.plan.refusals[0].text
        for piece in looked.whole.pieces
        if piece.plan.refusals
    }
