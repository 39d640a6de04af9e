"""The examples of docs/policy.md do what the page says; each is written to a file and loaded."""

import re
from pathlib import Path
from typing import Final

import pluggy
import pytest

from gapps_hooks.model import Account, Change, Kind, Outcome, Verb, Verdict
from gapps_hooks.plugins import DECIDED_ELSEWHERE, Policy, open_policy

PAGE: Final = Path(__file__).parents[2] / "docs" / "policy.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
EXAMPLES: Final[list[str]] = re.findall(r"^```python\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
POLICIES: Final = [example for example in EXAMPLES if "@hookimpl" in example]


def load(tmp_path: Path, *examples: str) -> Policy:
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.py"
        path.write_text(example, encoding="utf-8")
        path.chmod(0o644)
    tmp_path.chmod(0o755)
    return open_policy(tmp_path, domain="example.org")


def example_of(hook: str) -> str:
    """The example below the heading of a hook."""
    section = TEXT.split(f"\n### `{hook}(")[1].split("\n### ")[0]
    return next(example for example in POLICIES if example in section)


def test_the_first_policy_sets_an_org_unit(tmp_path: Path) -> None:
    policy = load(tmp_path, POLICIES[0])
    assert policy.org_unit(Account(username="a", employee_id="7")) == "/Staff"
    assert policy.org_unit(Account(username="a")) == "/Guests"


def test_the_address_example_takes_both_names(tmp_path: Path) -> None:
    policy = load(tmp_path, example_of("gapps_choose_address"))
    alice = Account(username="alice", given_name="Alice", family_name="Ng")
    assert policy.choose_address(alice) == "alice.ng@example.org"
    assert policy.choose_address(Account(username="alice")) == "alice@example.org"


def test_the_attributes_example_takes_the_department(tmp_path: Path) -> None:
    policy = load(tmp_path, example_of("gapps_attributes"))
    known = Account(username="a", attributes={"departmentNumber": "12"})
    assert policy.attributes(known) == {"organizations": [{"department": "12", "primary": True}]}
    assert policy.attributes(Account(username="a")) == {"includeInGlobalAddressList": False}


def test_the_org_unit_example_reads_the_local_groups(tmp_path: Path) -> None:
    policy = load(tmp_path, example_of("gapps_org_unit"))
    assert policy.org_unit(Account(username="a", groups=("teachers",))) == "/Teachers"
    assert policy.org_unit(Account(username="a", org_unit="/Else")) == "/Else"


def test_the_groups_example_adds_employees(tmp_path: Path) -> None:
    policy = load(tmp_path, example_of("gapps_groups"))
    assert policy.groups(Account(username="a", employee_id="7")) == ("announcements",)
    assert policy.groups(Account(username="a")) == ()


@pytest.mark.parametrize(
    ("verb", "address", "vetoed"),
    [
        (Verb.SUSPEND, "director@example.org", True),
        (Verb.UPDATE, "director@example.org", False),
        (Verb.SUSPEND, "bob@example.org", False),
    ],
)
def test_the_veto_example_protects_one_user(
    tmp_path: Path, verb: Verb, address: str, *, vetoed: bool
) -> None:
    policy = load(tmp_path, example_of("gapps_veto"))
    change = Change(verbs=(verb,), google_id="1", address=address)
    assert bool(policy.veto(change, None)) is vetoed


def test_the_outcome_example_takes_every_verdict(tmp_path: Path) -> None:
    log: list[str] = []
    load(tmp_path, example_of("gapps_outcome"))
    policy = open_policy(tmp_path, domain="example.org", log=log.append)
    for verdict in Verdict:
        policy.tell(Outcome(verdict=verdict, kind=Kind.USER, name="bob", line="x"))
    assert log == []


def test_all_examples_stand_side_by_side(tmp_path: Path) -> None:
    policy = load(tmp_path, *POLICIES)
    assert len(policy.names) == 1 + len(POLICIES)


def test_the_account_managers_example_finds_us() -> None:
    (example,) = (example for example in EXAMPLES if "PluginManager" in example)
    namespace: dict[str, object] = {}
    exec(example, namespace)
    manager = namespace["manager"]
    assert isinstance(manager, pluggy.PluginManager)
    assert manager.has_plugin("gapps-hooks")


def test_the_page_names_every_field_that_is_refused() -> None:
    for field in DECIDED_ELSEWHERE:
        assert f"`{field}`" in TEXT
