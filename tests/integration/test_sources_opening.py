"""Which source the settings open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import JsonSource, NssSource, open_source


def settings_with(source: SourceSettings) -> Settings:
    return Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=source,
        enabled=EnabledSettings(all=True),
        state=StateSettings(directory=Path("/state")),
    )


def test_without_a_source_there_is_none() -> None:
    assert open_source(settings_with(SourceSettings(type="none"))) is None


def test_nss_reads_the_directory_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("alice:x:1001:1001::/home/alice:/bin/sh\n")
    (tmp_path / "group").write_text("alice:x:1001:\n")
    source = open_source(settings_with(SourceSettings(type="nss", directory=tmp_path)))
    assert isinstance(source, NssSource)
    assert source.account_names().names == ("alice",)


@pytest.mark.parametrize("origin", ["file", "command"])
def test_json_reads_the_file_or_runs_the_command(tmp_path: Path, origin: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"users": [{"username": "alice"}]}))
    by_file = SourceSettings(type="json", file=path)
    by_command = SourceSettings(type="json", command=("/bin/cat", str(path)))
    source = open_source(settings_with(by_file if origin == "file" else by_command))
    assert isinstance(source, JsonSource)
    assert source.account_names().names == ("alice",)
