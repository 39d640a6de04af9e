"""What a hook costs with the agent, and what the agent does with a burst, as ratios of one run.

Nothing is asserted about time, which another load on the machine would spoil: the tables are for
people; counts are exact and asserted. It must not know why it takes so long.
"""

from __future__ import annotations

import itertools
import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import bare_call
import burst
import foreign_clients
import machine_rate
import pytest
from installed import ADMIN, DOMAIN, PYTHON, Installed, installed
from linked import Size, name_of, remember_all
from residing import Residing, residing
from rich.console import Console
from rich.table import Table
from rounds import run_in_turn
from test_clients_gam import Gam

from gapps_hooks.emulator import new_key
from gapps_hooks.outbox import entries, open_state

LATENCY: Final = 0.1
NAMES: Final = {"given_name": "Alice", "family_name": "Example"}
#: People of the burst; half of them make the run shorter and the ratios the same.
PEOPLE: Final = int(os.environ.get("GAPPS_HOOKS_BURST", "1000"))
#: How often each of two things is measured, in turn, where one of them is a burst.
ROUNDS: Final = 7
HASH: Final = {"password_hash": "$6$salt$" + "a" * 86}
CLEAR: Final = {"password": "correct horse battery"}
STRACE: Final = shutil.which("strace")
EMPTY: Final = [str(PYTHON), "-I", "-S", "-c", ""]


@contextmanager
def agent_beside(folder: Path, *, latency: float = 0.0, people: int = 0) -> Iterator[Residing]:
    """Run an installation with its agent, which knows so many people, and let it settle."""
    with installed(folder, latency=latency) as site:
        remember_all(folder, site.settings, Size(people=people))
        with residing(site) as agent:
            time.sleep(1.0)
            yield agent


def show(title: str, rows: dict[str, str]) -> None:
    table = Table("", "", title=title, show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    print()
    Console(width=120).print(table)


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


# --- one hook ------------------------------------------------------------------------------------


def test_hook_with_agent(tmp_path: Path) -> None:
    with (
        agent_beside(tmp_path, latency=LATENCY) as agent,
        bare_call.users(str(agent.site.key), agent.site.url, ADMIN) as users,
    ):
        site, numbers = agent.site, itertools.count()
        site.hook("user-add", "first", payload=NAMES)
        before, spent = site.emulator.requests.counts(), agent.cpu
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = run_in_turn(
            f"One user added with the agent, each request taking {LATENCY * 1000:.0f} ms more",
            {
                "hook with agent: call": lambda: site.hook(
                    "user-add", f"hook-{next(numbers)}", payload=NAMES
                ),
                "warm connection: call": lambda: bare_call.add(
                    users, f"warm-{next(numbers)}@{DOMAIN}"
                ),
            },
        )
        hooks = len(taken["hook with agent: call"]) + 1
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        hook = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        cpu = (agent.cpu - spent + hook) / hooks * 1000
        show("Processor time", {"hook and agent together": f"{cpu:.1f} ms an event"})
        counted = site.emulator.requests.counts()
    assert counted["users.insert"] - before["users.insert"] == next(numbers)
    # the bare client signs in once, the agent did so before
    assert counted["token"] - before["token"] == 1


def test_hook_that_does_not_wait(tmp_path: Path) -> None:
    with installed(tmp_path) as site:
        site.configure(wait=0.0)
        with residing(site):
            numbers = itertools.count()
            run_in_turn(
                "hooks.wait = 0",
                {
                    "hook with agent": lambda: site.hook(
                        "user-modify", f"user-{next(numbers)}", payload=NAMES
                    ),
                    "python -I -S -c ''": lambda: subprocess.run(EMPTY, check=True, timeout=60),
                },
            )


@pytest.mark.timeout(foreign_clients.INSTALLATION)
def test_beside_gam(tmp_path: Path) -> None:
    """GAM in an environment of its own, doing the same one change; the first run installs it."""
    place = tmp_path / "gam"
    place.mkdir()
    with (
        foreign_clients.google(new_key("9" * 40), place) as google,
        agent_beside(tmp_path, latency=LATENCY) as agent,
    ):
        gam, numbers = Gam(google), itertools.count()
        google.emulator.switches.latency = LATENCY
        names = ("firstname", "Alice", "lastname", "Example", "password", "correct horse")
        run_in_turn(
            "The same change by GAM",
            {
                "GAM": lambda: gam("create", "user", f"user-{next(numbers)}@{DOMAIN}", *names),
                "hook with agent": lambda: agent.site.hook(
                    "user-add", f"user-{next(numbers)}", payload={**NAMES, **CLEAR}
                ),
            },
        )
        counted = [each.requests.counts() for each in (google.emulator, agent.site.emulator)]
    assert sum(each["users.insert"] for each in counted) == next(numbers)


def test_google_away(tmp_path: Path) -> None:
    with installed(tmp_path) as site:
        site.configure(wait=1.0)
        with residing(site) as agent:
            site.hook("user-add", "first", payload=NAMES)
            site.emulator.faults.script([{"fails": "hang", "times": 0, "seconds": 3.0}])
            hung = seconds(lambda: site.hook("user-add", "alice", payload=NAMES))
            site.emulator.faults.clear()
            back = seconds(lambda: _until_delivered(agent))
        show(
            "Google hangs for 3 s, hooks.wait = 1",
            {"hook returns after": f"{hung:.2f} s", "delivered after": f"{back:.2f} s"},
        )


# --- a burst -------------------------------------------------------------------------------------


def test_burst_over_the_socket(tmp_path: Path) -> None:
    names = [name_of(number) for number in range((1 + ROUNDS) * PEOPLE)]
    parts = iter([names[at : at + PEOPLE] for at in range(0, len(names), PEOPLE)])
    with agent_beside(tmp_path, people=len(names)) as agent:
        _pause(agent)
        ready = _set_passwords(agent, next(parts), HASH)
        clear, machine = [], [machine_rate.measure()]
        for part in parts:  # in turn, as the machine is not as fast all the time
            clear.append(_set_passwords(agent, part, CLEAR))
            machine.append(machine_rate.measure())
        beside = map(statistics.mean, itertools.pairwise(machine))
        ratios = [each.rate / rate for each, rate in zip(clear, beside, strict=True)]
        rows = {
            "with hashes ready": f"{ready.rate:.0f} events/s",
            "with clear text": f"{statistics.median(each.rate for each in clear):.0f} events/s",
            "the machine's own sha512-crypt": f"{statistics.median(machine):.0f} hashes/s",
            "clear text takes so much of it": f"{statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} - {max(ratios):.2f})",
            "memory": f"{agent.memory:.0f} MB",
        }
        if STRACE is not None:
            rows["fdatasync for the events, traced"] = str(_syncs(agent, names[:PEOPLE]))
    show(f"{PEOPLE} events at once over the socket", rows)
    assert [each.others for each in (ready, *clear)] == [()] * (1 + ROUNDS)


def test_burst_of_hooks(tmp_path: Path) -> None:
    count = max(100, PEOPLE // 5)
    with agent_beside(tmp_path) as agent:
        _pause(agent)
        site = agent.site
        rates: dict[str, list[float]] = {"hook": [], "empty": []}
        for number in range(3):
            names = [f"user-{number}-{each}" for each in range(count)]
            rates["empty"].append(_rate(lambda _: subprocess.run(EMPTY, check=True), names))
            rates["hook"].append(_rate(lambda name: _fire(site, name), names))
        hook, empty = (statistics.median(rates[name]) for name in ("hook", "empty"))
        with open_state(tmp_path / "state", domain=DOMAIN) as state:
            assert len(entries.all_entries(state)) == 3 * count
    rows = {
        "fire.py": f"{hook:.0f}/s",
        "python -I -S -c ''": f"{empty:.0f}/s",
        "so much of it": f"{hook / empty:.2f}",
    }
    show(f"{count} hooks with passwords' hashes, as fast as processes start", rows)


def test_delivery_of_a_burst(tmp_path: Path) -> None:
    """People whom Google has already are adopted and get passwords at the pace of the quota."""
    people = PEOPLE // 5
    names = [f"user{number}" for number in range(people)]
    seeds = [
        {"primaryEmail": f"{name}@{DOMAIN}", "name": {"givenName": "A", "familyName": "B"}}
        for name in names
    ]
    rate, burst_size = 19.0, 50
    limits = (rate, burst_size)
    with installed(tmp_path) as site:
        site.emulator.seed({"users": seeds})
        _set_quota(site, *limits)
        with residing(site) as agent:
            began = time.perf_counter()
            burst.send(agent.socket, burst.messages(site.settings, "user-add", names, HASH))
            _until_delivered(agent, within=300)
            took = time.perf_counter() - began
        requests = sum(n for call, n in site.emulator.requests.counts().items() if call != "token")
        statuses = {request.status for request in site.emulator.requests}
    least = (requests - burst_size) / rate
    rows = {
        "requests": f"{requests} in {took:.1f} s",
        "part of the quota": f"{least / took:.3f}",
    }
    show(f"{people} passwords delivered at {rate:g} requests/s, {burst_size} at once", rows)
    # who is there already is found out by asking to make them
    assert statuses <= {200, 409}


def test_creations(tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(100)]
    with agent_beside(tmp_path) as agent:
        messages = burst.messages(agent.site.settings, "user-add", names, HASH)
        began = time.perf_counter()
        burst.send(agent.socket, messages)
        _until_delivered(agent, within=60)
        took = time.perf_counter() - began
        statuses = [request.status for request in agent.site.emulator.requests]
    show("100 users created", {"rate": f"{100 / took:.1f}/s, of 9.8/s"})
    assert set(statuses) == {200}


def _fire(site: Installed, name: str) -> None:
    site.hook("user-add", name, payload=HASH)


def _rate(run: Callable[[str], object], names: Sequence[str]) -> float:
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        began = time.perf_counter()
        list(pool.map(run, names))
        return len(names) / (time.perf_counter() - began)


def _pause(agent: Residing) -> None:
    command = [str(PYTHON), "-I", "-m", "gapps_hooks", "--settings", str(agent.site.settings)]
    subprocess.run([*command, "pause"], check=True, capture_output=True, timeout=60)
    time.sleep(3.0)


def _set_quota(site: Installed, rate: float, burst_size: int) -> None:
    text = site.settings.read_text()
    limits = f"[google]\nrate = {rate}\nburst = {burst_size}\n"
    site.settings.write_text(text.replace("[google]\n", limits))


def _until_delivered(agent: Residing, within: float = 30.0) -> None:
    end = time.monotonic() + within
    with open_state(agent.site.settings.parent / "state", domain=DOMAIN) as state:
        while entries.all_entries(state):
            assert time.monotonic() < end, entries.all_entries(state)[:3]
            time.sleep(0.05)


def _set_passwords(
    agent: Residing, names: Sequence[str], payload: Mapping[str, Any]
) -> burst.Burst:
    messages = burst.messages(agent.site.settings, "password-set", names, payload)
    return burst.send(agent.socket, messages)


def _syncs(agent: Residing, names: Sequence[str]) -> int:
    """Count what strace(1) sees while the events are recorded once more."""
    command = [str(STRACE), "-f", "-c", "-e", "trace=fdatasync,fsync", "-p", str(agent.pid)]
    tracing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(1.0)
    _set_passwords(agent, names, HASH)
    tracing.terminate()
    summary = tracing.communicate()[1]
    counts = [line.split()[3] for line in summary.splitlines() if line.endswith("sync")]
    return sum(map(int, counts))
