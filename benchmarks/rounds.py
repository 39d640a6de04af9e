"""Times several things in turn, again and again, and shows them beside the first of them.

A machine is slow at times: only what ran in the same round is compared. It must not know what it
times.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

ROUNDS: Final = 15
_MILLISECONDS: Final = 1000.0


def run_in_turn(
    title: str, contenders: Mapping[str, Callable[[], object]]
) -> Mapping[str, Sequence[float]]:
    """Run all contenders once unmeasured, then in ROUNDS rounds, and print a table.

    Returns the milliseconds of each round. Each row shows the median in milliseconds, and the
    median of how many times longer the first contender took in the same round; beside each the
    quartiles.
    """
    for run in contenders.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            taken[name].append(_seconds(run) * _MILLISECONDS)
    _show(title, taken)
    return taken


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _show(title: str, taken: Mapping[str, Sequence[float]]) -> None:
    first, *_ = taken.values()
    table = Table(
        "", "ms", "quartiles", "the first takes so many times this", "quartiles", title=title
    )
    for name, times in taken.items():
        ratios = [one / other for one, other in zip(first, times, strict=True)]
        table.add_row(
            name, *_summary(times, 0), *(("", "") if times is first else _summary(ratios, 2))
        )
    print()
    Console(width=120).print(table)


def _summary(values: Sequence[float], places: int) -> tuple[str, str]:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{places}f}", f"{low:.{places}f} - {high:.{places}f}"
