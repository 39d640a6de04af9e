"""A Python account manager's own pluggy manager reaches us; it must not know what we do then."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pluggy
import pytest

from gapps_hooks import hookspecs

#: Settings that are not there, so that every event ends at the first step: nothing is recorded.
NOWHERE = "/nonexistent/gapps-hooks.toml"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> pluggy.PluginManager:
    monkeypatch.setenv("GAPPS_HOOKS_CONFIG", NOWHERE)
    manager = pluggy.PluginManager("gapps_hooks")
    manager.add_hookspecs(hookspecs)
    manager.load_setuptools_entrypoints("gapps_hooks.account_manager")
    manager.check_pending()
    return manager


def test_an_account_manager_finds_us_by_the_entry_point(manager: pluggy.PluginManager) -> None:
    assert manager.has_plugin("gapps-hooks")


def refuse(call: Callable[..., Any], **arguments: object) -> None:
    """Every hook answers with a status and a line instead of raising."""
    (answer,) = call(**arguments)
    assert answer.exit != 0
    assert NOWHERE in answer.line


def test_hook_user_add_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    refuse(manager.hook.user_add, username="bob", payload={"given_name": "Bob"})


def test_hook_user_modify_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    refuse(manager.hook.user_modify, username="bob", payload=None)


def test_hook_user_delete_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    refuse(manager.hook.user_delete, username="bob", payload=None)


def test_hook_group_change_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    refuse(manager.hook.group_change, group="staff", payload={"members": ["bob"]})


def test_hook_password_set_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    refuse(manager.hook.password_set, username="bob", payload={"password": "correct horse"})


def test_hook_reconcile_ends_where_the_scripts_end(manager: pluggy.PluginManager) -> None:
    (answer,) = manager.hook.reconcile()
    assert answer.exit == 1
    assert "gapps-hooks.toml: cannot be read" in answer.line


def test_loading_us_costs_an_account_manager_no_google_client() -> None:
    text = Path(hookspecs.__file__).with_name("inward.py").read_text(encoding="utf-8")
    assert "\n    from gapps_hooks.handling import handle" in text
