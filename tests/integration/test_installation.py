"""Where an installation's hooks are found, whatever else lies about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.installation import hooks_directory, program


def install(prefix: Path, *, record: str, origin: Mapping[str, object] | None = None) -> str:
    """Lay an installed distribution out; return its place on the module search path."""
    home = prefix / "lib" / "python3.11" / "site-packages"
    metadata = home / "gapps_hooks-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gapps-hooks\nVersion: 1.0\n")
    (metadata / "RECORD").write_text(record)
    if origin:
        (metadata / "direct_url.json").write_text(json.dumps(origin))
    return str(home)


RECORD = """\
../../../bin/gapps-hooks,,
../../../share/gapps-hooks/hooks.d/launch,,
../../../share/gapps-hooks/hooks.d/user-add,,
"""


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_distributions_own_list_of_files_says_where(tmp_path: Path) -> None:
    place = install(tmp_path, record=RECORD)
    launch = touch(tmp_path / "share" / "gapps-hooks" / "hooks.d" / "launch")
    command = touch(tmp_path / "bin" / "gapps-hooks")
    assert hooks_directory([place]) == launch.parent
    assert program([place]) == command


def test_a_checkout_that_happens_to_be_on_the_path_is_not_taken(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    touch(checkout / "hooks.d" / "launch")
    touch(checkout / "gapps_hooks.egg-info" / "PKG-INFO").write_text("Name: gapps-hooks\n")
    touch(checkout / "gapps_hooks.egg-info" / "SOURCES.txt").write_text("hooks.d/launch\n")
    place = install(tmp_path / "prefix", record=RECORD)
    launch = touch(tmp_path / "prefix" / "share" / "gapps-hooks" / "hooks.d" / "launch")
    assert hooks_directory([str(checkout), place]) == launch.parent


def test_an_editable_installation_leads_to_its_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "my checkout"
    touch(checkout / "hooks.d" / "launch")
    origin = {"url": checkout.as_uri(), "dir_info": {"editable": True}}
    place = install(tmp_path / "prefix", record="../../../bin/gapps-hooks,,\n", origin=origin)
    assert hooks_directory([place]) == checkout / "hooks.d"


def test_an_installation_from_a_directory_does_not_lead_back_to_it(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    touch(checkout / "hooks.d" / "launch")
    place = install(
        tmp_path / "prefix", record=RECORD, origin={"url": checkout.as_uri(), "dir_info": {}}
    )
    with pytest.raises(GappsHooksError, match="install gapps-hooks again"):
        hooks_directory([place])


def test_hooks_or_a_command_that_are_gone_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(GappsHooksError, match="hook scripts are not installed"):
        hooks_directory([str(tmp_path)])
    with pytest.raises(GappsHooksError, match="command gapps-hooks is not installed"):
        program([install(tmp_path, record=RECORD)])
