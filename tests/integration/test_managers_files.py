"""Setting account managers up and back again in a prepared file system tree."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from gapps_hooks import managers
from gapps_hooks.errors import BadInput
from gapps_hooks.managers import Callee, owned, pam_unix
from gapps_hooks.managers.owned import Standing

USERADD = "etc/shadow-maint/useradd-post.d/50-gapps-hooks"
USERDEL = "etc/shadow-maint/userdel-post.d/50-gapps-hooks"
ADDUSER = "usr/local/sbin/adduser.local"
PAM = "usr/local/lib/gapps-hooks/pam-password"
PROFILE = "usr/share/pam-configs/gapps-hooks"
STACK = "etc/pam.d/common-password"
CRON = "etc/cron.d/gapps-hooks"
TIMER = "etc/systemd/system/gapps-hooks-deliver.timer"
SERVICE = "etc/systemd/system/gapps-hooks-deliver.service"

STACK_TEXT = """\
# here are the per-package modules (the "Primary" block)
#password [success=1 default=ignore] pam_unix.so obscure yescrypt
password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt  remember=3
password\trequired\t\t\tpam_permit.so
# end of pam-auth-update config
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for directory in ("etc/pam.d", "etc/cron.d", "usr/local/sbin", "usr/share/pam-configs"):
        (tree / directory).mkdir(parents=True)
    (tree / STACK).write_text(STACK_TEXT)
    return tree


@pytest.fixture
def callee(tmp_path: Path) -> Callee:
    hooks = tmp_path / "hooks.d"
    hooks.mkdir()
    for event in ("user-add", "user-delete", "password-set"):
        (hooks / event).touch()
    return Callee(hooks=hooks, program=Path("/opt/a b/bin/gapps-hooks"))


def content(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("name", managers.names())
def test_disable_leaves_the_tree_as_enable_found_it(root: Path, callee: Callee, name: str) -> None:
    before = content(root)
    managers.enable(name, callee, root)
    assert content(root) != before
    managers.disable(name, root)
    assert content(root) == before


@pytest.mark.parametrize("name", managers.names())
def test_enabling_again_changes_nothing(root: Path, callee: Callee, name: str) -> None:
    managers.enable(name, callee, root)
    once = content(root)
    said = managers.enable(name, callee, root)
    assert content(root) == once
    assert "is in place" in said[0]


@pytest.mark.parametrize("name", managers.names())
def test_disabling_what_is_not_enabled_changes_nothing(root: Path, name: str) -> None:
    before = content(root)
    managers.disable(name, root)
    assert content(root) == before


def test_scripts_are_for_everybody_to_read_and_for_nobody_but_root_to_change(
    root: Path, callee: Callee
) -> None:
    for name in managers.names():
        managers.enable(name, callee, root)
    modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in (USERADD, ADDUSER, PAM)}
    assert set(modes.values()) == {0o755}
    assert stat.S_IMODE((root / CRON).stat().st_mode) == 0o644


def test_a_directory_that_was_there_before_stays(root: Path, callee: Callee) -> None:
    (root / USERADD).parent.mkdir(parents=True)
    before = content(root)
    managers.enable("shadow", callee, root)
    managers.disable("shadow", root)
    assert content(root) == before


def test_a_directory_that_others_use_meanwhile_stays(root: Path, callee: Callee) -> None:
    managers.enable("shadow", callee, root)
    other = root / "etc/shadow-maint/useradd-post.d/60-theirs"
    other.touch()
    managers.disable("shadow", root)
    assert other.exists()
    assert not (root / USERDEL).parent.exists()


def test_a_moved_installation_is_followed(root: Path, callee: Callee, tmp_path: Path) -> None:
    managers.enable("shadow", callee, root)
    moved = tmp_path / "moved"
    callee.hooks.rename(moved)
    state = managers.check("shadow", root)
    assert not state.enabled
    assert "which is gone" in state.missing[0]
    managers.enable("shadow", Callee(hooks=moved, program=callee.program), root)
    assert managers.check("shadow", root).enabled


# --- what belongs to others --------------------------------------------------------------------


def edit(path: Path) -> None:
    path.write_text(path.read_text().replace("exit 0", "exit 0 # edited"))


@pytest.mark.parametrize("file", [USERADD, USERDEL])
def test_a_script_that_was_changed_by_hand_is_left_alone_and_said_so(
    root: Path, callee: Callee, file: str
) -> None:
    managers.enable("shadow", callee, root)
    edit(root / file)
    edited = (root / file).read_bytes()
    assert any("left as it is" in line for line in managers.enable("shadow", callee, root))
    assert not managers.check("shadow", root).enabled
    assert any("left as it is" in line for line in managers.disable("shadow", root))
    assert (root / file).read_bytes() == edited


def test_the_administrators_own_adduser_local_is_never_touched(root: Path, callee: Callee) -> None:
    own = root / ADDUSER
    own.write_text("#!/bin/sh\necho mine\n")
    said = managers.enable("adduser", callee, root)
    assert own.read_text() == "#!/bin/sh\necho mine\n"
    assert any("add this line" in line and str(callee.hooks / "user-add") in line for line in said)
    assert not managers.check("adduser", root).enabled
    managers.disable("adduser", root)
    assert own.read_text() == "#!/bin/sh\necho mine\n"


def test_an_own_adduser_local_that_calls_us_counts_and_keeps_the_retry(
    root: Path, callee: Callee
) -> None:
    own = root / ADDUSER
    own.write_text('#!/bin/sh\n/opt/share/gapps-hooks/hooks.d/user-add -- "$1" || true\n')
    managers.enable("adduser", callee, root)
    state = managers.check("adduser", root)
    assert state.enabled
    assert "administrator's own" in state.notes[0]
    said = managers.disable("adduser", root)
    assert any("still calls us" in line for line in said)
    assert (root / CRON).exists()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/etc/passwd")])
def test_a_link_or_a_directory_in_the_place_is_somebody_elses(tmp_path: Path, make: object) -> None:
    path = tmp_path / "place"
    assert callable(make)
    make(path)
    assert owned.standing(path) is Standing.FOREIGN
    owned.install(path, "text\n")
    owned.remove(path)
    assert path.is_symlink() or path.is_dir()


# --- pam ---------------------------------------------------------------------------------------


def test_the_password_scheme_is_changed_only_for_whoever_asks(root: Path, callee: Callee) -> None:
    managers.enable("pam", callee, root)
    assert (root / STACK).read_text() == STACK_TEXT


def test_the_password_scheme_is_changed_back_exactly(root: Path, callee: Callee) -> None:
    asking = Callee(hooks=callee.hooks, program=callee.program, set_sha512=True)
    (root / STACK).chmod(0o640)
    managers.enable("pam", asking, root)
    active = "pam_unix.so obscure sha512  remember=3\n"
    assert (root / STACK).read_text() == STACK_TEXT.replace(
        "pam_unix.so obscure yescrypt  remember=3\n", active
    )
    managers.enable("pam", callee, root)
    managers.enable("pam", asking, root)
    managers.disable("pam", root)
    assert (root / STACK).read_text() == STACK_TEXT
    assert stat.S_IMODE((root / STACK).stat().st_mode) == 0o640


def test_a_scheme_that_the_administrator_chose_is_not_changed_back(
    root: Path, callee: Callee
) -> None:
    (root / STACK).write_text(STACK_TEXT.replace("yescrypt", "sha512"))
    before = content(root)
    asking = Callee(hooks=callee.hooks, program=callee.program, set_sha512=True)
    managers.enable("pam", asking, root)
    managers.disable("pam", root)
    assert content(root) == before


def test_the_check_names_file_line_and_change_for_a_scheme_that_google_does_not_take(
    root: Path,
) -> None:
    (note,) = managers.check("pam", root).notes
    assert f"{root / STACK}, line 3" in note
    assert "change yescrypt to sha512" in note
    (root / STACK).write_text(STACK_TEXT.replace("yescrypt", "sha512"))
    assert managers.check("pam", root).notes == ()


@pytest.mark.parametrize(
    ("line", "scheme"),
    [
        ("password sufficient pam_unix.so yescrypt", "yescrypt"),
        ("password sufficient /lib/security/pam_unix.so shadow gost_yescrypt", "gost_yescrypt"),
        ("password [success=1 new_authtok_reqd=ok] pam_unix.so blowfish rounds=8", "blowfish"),
        ("password required pam_unix.so sha512", None),
        ("password required pam_unix.so", None),
        ("auth required pam_unix.so yescrypt", None),
        ("password required pam_other.so yescrypt", None),
        ("# password required pam_unix.so yescrypt", None),
    ],
)
def test_the_scheme_is_read_from_the_line_of_pam_unix(
    tmp_path: Path, line: str, scheme: str | None
) -> None:
    file = tmp_path / "common-password"
    file.write_text(f"{line}\n")
    found = pam_unix.unusable(file)
    assert (found.scheme if found else None) == scheme


# --- the retry ---------------------------------------------------------------------------------


def test_without_systemd_cron_retries_and_leaves_with_the_last_account_manager(
    root: Path, callee: Callee
) -> None:
    managers.enable("shadow", callee, root)
    managers.enable("pam", callee, root)
    text = (root / CRON).read_text()
    assert "* * * * * root [ ! -x '/opt/a b/bin/gapps-hooks' ] || '/opt/a b/bin" in text
    assert "deliver --due --quiet" in text
    assert managers.retried_by(root) == ""  # there is nothing to run it
    (root / "usr/sbin").mkdir()
    (root / "usr/sbin/cron").touch()
    assert managers.retried_by(root) == "cron"
    managers.disable("shadow", root)
    assert (root / CRON).exists()
    managers.disable("pam", root)
    assert not (root / CRON).exists()
    assert managers.retried_by(root) == ""


def test_with_systemd_a_timer_retries(root: Path, callee: Callee) -> None:
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    before = content(root)
    settings = Path("/etc/100% ours/gapps-hooks.toml")
    chosen = Callee(hooks=callee.hooks, program=callee.program, settings=settings)
    managers.enable("shadow", chosen, root)
    service = (root / SERVICE).read_text()
    assert 'ExecStart="/opt/a b/bin/gapps-hooks" deliver --due --quiet\n' in service
    assert 'Environment="GAPPS_HOOKS_CONFIG=/etc/100%% ours/gapps-hooks.toml"\n' in service
    assert "OnUnitInactiveSec=60" in (root / TIMER).read_text()
    assert not (root / CRON).exists()
    assert managers.retried_by(root) == "a timer of systemd"
    managers.disable("shadow", root)
    assert managers.retried_by(root) == ""
    assert content(root) == before


def test_the_units_that_come_with_the_package_are_those_that_are_installed(
    root: Path, callee: Callee
) -> None:
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    program = Path("/opt/gapps-hooks/bin/gapps-hooks")
    managers.enable("shadow", Callee(hooks=callee.hooks, program=program, settings=None), root)
    shown = Path(__file__).resolve().parents[2] / "docs" / "systemd"
    for name in (TIMER, SERVICE):
        assert (shown / Path(name).name).read_text() == (root / name).read_text()


def test_no_command_is_run_for_a_tree_that_is_not_the_running_system(
    root: Path, callee: Callee
) -> None:
    (root / "run/systemd/system").mkdir(parents=True)

    def run(command: Sequence[str]) -> tuple[int, str]:
        pytest.fail(f"ran {command}")

    said = [
        line for name in managers.names() for line in managers.enable(name, callee, root, run=run)
    ]
    assert any("To be run there: /usr/sbin/pam-auth-update" in line for line in said)
    assert any("To be run there: /usr/bin/systemctl enable --now" in line for line in said)


def test_an_unknown_account_manager_is_refused_by_name(root: Path, callee: Callee) -> None:
    with pytest.raises(BadInput, match=r"webmin.*shadow, adduser, pam"):
        managers.enable("webmin", callee, root)
