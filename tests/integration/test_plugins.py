"""Policies are found, trusted, loaded and asked; it must not know Google or the outbox."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from gapps_hooks.errors import BadSettings, PolicyFailed
from gapps_hooks.model import (
    UNSET,
    Account,
    Change,
    Kind,
    Outcome,
    PasswordHash,
    Verb,
    Verdict,
)
from gapps_hooks.plugins import DECIDED_ELSEWHERE, Policy, open_policy

BOB = Account(username="Bob", traces={"hash": "$6$salt$secret"})
SUSPENSION = Change(verbs=(Verb.SUSPEND,), google_id="1", address="bob@example.org")


@dataclass(frozen=True)
class Organisation:
    """An organisation's policy directory, and what was written to the log."""

    directory: Path
    log: list[str]

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text("from gapps_hooks import hookimpl\n" + dedent(text), encoding="utf-8")
        path.chmod(0o644)
        return path

    def open(self) -> Policy:
        return open_policy(self.directory, domain="example.org", log=self.log.append)

    def complaints(self) -> str:
        with pytest.raises(BadSettings) as raised:
            self.open()
        return str(raised.value)


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    directory = tmp_path / "policy.d"
    directory.mkdir(mode=0o755)
    return Organisation(directory, [])


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package with an entry point, as pip would."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def install_package(name: str, body: str) -> None:
        site = tmp_path / "site"
        information = site / f"{name}-1.dist-info"
        information.mkdir(parents=True)
        (site / f"{name}.py").write_text("from gapps_hooks import hookimpl\n" + dedent(body))
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (information / "entry_points.txt").write_text(f"[gapps_hooks.policy]\n{name} = {name}\n")

    return install_package


def outcome(*done: Change) -> Outcome:
    return Outcome(verdict=Verdict.DONE, kind=Kind.USER, name="bob", line="done", done=done)


# --- what each hook does -------------------------------------------------------------------------


def test_hook_gapps_choose_address_decides_which_account_an_event_means(
    organisation: Organisation,
) -> None:
    organisation.write(
        "10.py",
        """
        @hookimpl
        def gapps_choose_address(account):
            return "Robert@Example.org" if account.username == "Bob" else None
        """,
    )
    policy = organisation.open()
    assert policy.choose_address(BOB) == "robert@example.org"
    assert policy.choose_address(Account(username="Eve")) == "eve@example.org"


def test_hook_gapps_attributes_are_merged_and_the_policy_loaded_last_wins(
    organisation: Organisation,
) -> None:
    organisation.write(
        "10.py",
        """
        @hookimpl
        def gapps_attributes(account):
            return {"languages": [{"languageCode": "de"}], "recoveryEmail": "a@b.example"}
        """,
    )
    organisation.write(
        "20.py",
        """
        @hookimpl
        def gapps_attributes():
            return {"recoveryEmail": "c@d.example"}
        """,
    )
    assert organisation.open().attributes(BOB) == {
        "languages": [{"languageCode": "de"}],
        "recoveryEmail": "c@d.example",
    }


def test_hook_gapps_org_unit_is_the_policys_before_the_account_managers(
    organisation: Organisation,
) -> None:
    organisation.write(
        "10.py",
        """
        @hookimpl
        def gapps_org_unit(account):
            return "/Staff" if account.username == "Bob" else None
        """,
    )
    policy = organisation.open()
    assert policy.org_unit(BOB) == "/Staff"
    assert policy.org_unit(Account(username="eve", org_unit="/Students")) == "/Students"


def test_hook_gapps_groups_of_all_policies_are_joined_each_once(organisation: Organisation) -> None:
    organisation.write("10.py", "@hookimpl\ndef gapps_groups(account): return ['all', 'staff']\n")
    organisation.write("20.py", "@hookimpl\ndef gapps_groups(account): return ('staff', 'x')\n")
    assert organisation.open().groups(BOB) == ("all", "staff", "x")


def test_hook_gapps_veto_answers_with_the_first_reason(organisation: Organisation) -> None:
    organisation.write(
        "10.py",
        """
        @hookimpl
        def gapps_veto(change, account):
            if account is None:
                return "who?"
            return "the board decides that" if "suspend" in change.verbs else None
        """,
    )
    policy = organisation.open()
    assert policy.veto(SUSPENSION, BOB) == "the board decides that"
    assert policy.veto(SUSPENSION, None) == "who?"
    assert policy.veto(Change(verbs=(Verb.UPDATE,), google_id="1", address="x"), BOB) is None


def test_hook_gapps_outcome_is_told_what_became_of_an_entry(organisation: Organisation) -> None:
    heard = organisation.directory / "heard"
    organisation.write(
        "10.py",
        f"""
        from pathlib import Path

        @hookimpl
        def gapps_outcome(outcome):
            Path({str(heard)!r}).write_text(f"{{outcome.name}}: {{outcome.verdict}}")
        """,
    )
    organisation.open().tell(outcome())
    assert heard.read_text() == "bob: done"


# --- without a policy ----------------------------------------------------------------------------


def test_without_a_policy_directory_our_own_answers_hold(tmp_path: Path) -> None:
    policy = open_policy(tmp_path / "missing", domain="example.org")
    assert policy.names == ("gapps-hooks",)
    assert policy.choose_address(BOB) == "bob@example.org"
    assert policy.choose_address(Account(username="b", email="B@X.example")) == "b@x.example"
    assert policy.org_unit(BOB) is UNSET
    assert policy.org_unit(Account(username="b", org_unit=None)) is None
    assert policy.attributes(BOB) == {}
    assert policy.groups(BOB) == ()
    assert policy.veto(SUSPENSION, BOB) is None


# --- order ---------------------------------------------------------------------------------------


def test_files_load_in_the_byte_order_of_their_names_and_the_last_is_asked_first(
    organisation: Organisation,
) -> None:
    for name in ("b.py", "B.py", "a.py", "é.py"):
        organisation.write(name, f"@hookimpl\ndef gapps_org_unit(account): return '/{name}'\n")
    policy = organisation.open()
    assert [Path(name).name for name in policy.names[1:]] == ["B.py", "a.py", "b.py", "é.py"]
    assert policy.org_unit(BOB) == "/é.py"


def test_an_editors_leavings_and_hidden_files_are_passed_over(organisation: Organisation) -> None:
    for name in ("10.py~", ".10.py", "README", "10.pyc"):
        organisation.write(name, "raise RuntimeError")
    assert organisation.open().names == ("gapps-hooks",)


def test_an_installed_package_is_a_policy_and_files_stand_above_it(
    organisation: Organisation, install: Callable[..., None]
) -> None:
    install(
        "some_policy",
        """
        @hookimpl
        def gapps_org_unit(account): return "/Package"

        @hookimpl
        def gapps_groups(account): return ["of-package"]
        """,
    )
    organisation.write("10.py", "@hookimpl\ndef gapps_org_unit(account): return '/File'\n")
    policy = organisation.open()
    assert policy.org_unit(BOB) == "/File"
    assert policy.groups(BOB) == ("of-package",)


def test_no_compiled_copy_is_left_beside_the_settings(organisation: Organisation) -> None:
    path = organisation.write("10.py", "from dataclasses import dataclass\n")
    organisation.open()
    assert list(organisation.directory.iterdir()) == [path]


def test_a_policy_may_hold_dataclasses_with_postponed_annotations(
    organisation: Organisation,
) -> None:
    (organisation.directory / "10.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Rule:\n    unit: str = '/x'\n"
    )
    assert len(organisation.open().names) == 2


# --- what is refused, by name --------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_that_others_may_write_is_refused(organisation: Organisation, mode: int) -> None:
    path = organisation.write("10.py", "")
    path.chmod(mode)
    assert organisation.complaints() == (
        f"policy_directory = {path}: may be written by others; take that away (chmod go-w)"
    )


def test_a_directory_above_that_others_may_write_is_refused(organisation: Organisation) -> None:
    organisation.write("10.py", "raise RuntimeError")
    organisation.directory.parent.chmod(0o777)
    text = organisation.complaints()
    assert f"{organisation.directory.parent}: may be written by others" in text
    assert "RuntimeError" not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_belongs_to_another_is_refused(organisation: Organisation) -> None:
    path = organisation.write("10.py", "")
    os.chown(path, 12345, 0)
    assert f"{path}: belongs to user 12345" in organisation.complaints()


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(organisation: Organisation) -> None:
    os.mkfifo(organisation.directory / "10.py")
    assert "10.py: cannot be read (it is not a regular file)" in organisation.complaints()


def test_a_dangling_link_is_refused(organisation: Organisation) -> None:
    (organisation.directory / "10.py").symlink_to("nowhere")
    assert "10.py: cannot be read (No such file or directory)" in organisation.complaints()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "policy.d"
    place.write_text("")
    with pytest.raises(BadSettings, match="cannot be read \\(Not a directory\\)"):
        open_policy(place, domain="example.org")


def test_a_syntax_error_names_file_and_line(organisation: Organisation) -> None:
    path = organisation.write("10.py", "def broken(:\n")
    assert f"{path}: line 2: invalid syntax" in organisation.complaints()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1 / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('bye')\n", "line 3: SystemExit: bye"),
        ("import json\njson.loads('{')\n", "line 3: JSONDecodeError"),
    ],
)
def test_an_exception_while_loading_names_file_and_line(
    organisation: Organisation, body: str, said: str
) -> None:
    path = organisation.write("10.py", body)
    assert f"{path}: {said}" in organisation.complaints()


def test_an_entry_point_that_does_not_load_is_named(
    organisation: Organisation, install: Callable[..., None]
) -> None:
    install("broken_policy", "raise KeyError('x')")
    assert "policy = broken_policy = broken_policy: KeyError: 'x' at" in organisation.complaints()


def test_a_misspelt_hook_name_is_an_error_that_names_the_right_one(
    organisation: Organisation,
) -> None:
    path = organisation.write("10.py", "@hookimpl\ndef gapps_orgunit(account): return None\n")
    assert organisation.complaints() == (
        f"policy = {path}: there is no hook gapps_orgunit; did you mean gapps_org_unit?"
    )


def test_an_account_managers_hook_in_a_policy_is_an_error(organisation: Organisation) -> None:
    organisation.write("10.py", "@hookimpl\ndef user_add(username): return None\n")
    assert "there is no hook user_add" in organisation.complaints()


def test_a_hook_without_its_marker_is_an_error(organisation: Organisation) -> None:
    organisation.write("10.py", "def gapps_veto(change): return 'no'\n")
    assert "gapps_veto is not marked; write @hookimpl above it" in organisation.complaints()


def test_an_argument_that_the_hook_does_not_have_is_an_error(organisation: Organisation) -> None:
    path = organisation.write("10.py", "@hookimpl\ndef gapps_veto(user): return None\n")
    text = organisation.complaints()
    assert str(path) in text
    assert "{'user'}" in text


def test_every_complaint_is_made_at_once(organisation: Organisation) -> None:
    organisation.write("10.py", "1 / 0\n")
    organisation.write("20.py", "def\n")
    text = organisation.complaints()
    assert "10.py" in text
    assert "20.py" in text


# --- a policy that fails -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "ask"),
    [
        ("gapps_choose_address(account)", lambda policy: policy.choose_address(BOB)),
        ("gapps_attributes(account)", lambda policy: policy.attributes(BOB)),
        ("gapps_org_unit(account)", lambda policy: policy.org_unit(BOB)),
        ("gapps_groups(account)", lambda policy: policy.groups(BOB)),
        ("gapps_veto(change)", lambda policy: policy.veto(SUSPENSION, BOB)),
    ],
)
@pytest.mark.parametrize("statement", ["1 / 0", "raise SystemExit('bye')", "int('x')"])
def test_a_hook_that_raises_is_a_sentence_with_file_and_line(
    organisation: Organisation, hook: str, ask: Callable[[Policy], object], statement: str
) -> None:
    path = organisation.write("10.py", f"@hookimpl\ndef {hook}:\n    {statement}\n")
    with pytest.raises(PolicyFailed) as raised:
        ask(organisation.open())
    name = hook.partition("(")[0]
    assert str(raised.value).startswith(f"The policy's {name} failed at {path} line 4: ")


def test_a_hook_that_raises_after_delivery_is_logged_and_changes_nothing(
    organisation: Organisation,
) -> None:
    organisation.write("10.py", "@hookimpl\ndef gapps_outcome(outcome):\n    1 / 0\n")
    organisation.open().tell(outcome())
    assert len(organisation.log) == 1
    assert "line 4: ZeroDivisionError" in organisation.log[0]


@pytest.mark.parametrize(
    ("hook", "answer", "ask", "said"),
    [
        ("gapps_choose_address", "'bob'", lambda policy: policy.choose_address(BOB), "'bob'"),
        ("gapps_choose_address", "'a@b@c'", lambda policy: policy.choose_address(BOB), "'a@b@c'"),
        ("gapps_choose_address", "7", lambda policy: policy.choose_address(BOB), "7"),
        ("gapps_attributes", "['x']", lambda policy: policy.attributes(BOB), "['x']"),
        ("gapps_attributes", "{1: 2}", lambda policy: policy.attributes(BOB), "{1: 2}"),
        ("gapps_org_unit", "'Staff'", lambda policy: policy.org_unit(BOB), "'Staff'"),
        ("gapps_groups", "'staff'", lambda policy: policy.groups(BOB), "'staff'"),
        ("gapps_groups", "[None]", lambda policy: policy.groups(BOB), "None"),
        ("gapps_veto", "True", lambda policy: policy.veto(SUSPENSION, BOB), "True"),
        ("gapps_veto", "''", lambda policy: policy.veto(SUSPENSION, BOB), "''"),
    ],
)
def test_an_unusable_answer_is_a_sentence_that_names_who_was_asked(
    organisation: Organisation,
    hook: str,
    answer: str,
    ask: Callable[[Policy], object],
    said: str,
) -> None:
    path = organisation.write("10.py", f"@hookimpl\ndef {hook}(): return {answer}\n")
    with pytest.raises(PolicyFailed) as raised:
        ask(organisation.open())
    assert str(raised.value).startswith(f"The policy's {hook} answered {said}: return ")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("name", DECIDED_ELSEWHERE)
def test_a_field_that_another_rule_decides_cannot_be_added(
    organisation: Organisation, name: str
) -> None:
    organisation.write("10.py", f"@hookimpl\ndef gapps_attributes(): return {{'{name}': True}}\n")
    with pytest.raises(PolicyFailed, match=name):
        organisation.open().attributes(BOB)


def test_no_policy_sees_a_password_or_a_stored_hash(organisation: Organisation) -> None:
    organisation.write(
        "10.py",
        """
        @hookimpl
        def gapps_veto(change, account):
            return repr((change.password, dict(account.traces)))

        @hookimpl
        def gapps_outcome(outcome):
            raise ValueError([change.password for change in outcome.done])
        """,
    )
    secret = PasswordHash("crypt", "$6$salt$secret")
    change = Change(verbs=(Verb.PASSWORD,), google_id="1", address="x", password=secret)
    policy = organisation.open()
    policy.tell(outcome(change))
    assert policy.veto(change, BOB) == "(None, {})"
    assert "[None]" in organisation.log[0]
