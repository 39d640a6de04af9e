"""The timer that delivers what waits, each minute, so that nothing waits for a person.

It must not know account managers, nor what is delivered.
"""

from __future__ import annotations

import shlex

from gapps_hooks.managers import owned
from gapps_hooks.managers.owned import Standing
from gapps_hooks.managers.site import Callee, Site

_CRON = "/etc/cron.d/gapps-hooks"
_SERVICE = "/etc/systemd/system/gapps-hooks-deliver.service"
_TIMER = "/etc/systemd/system/gapps-hooks-deliver.timer"
_SYSTEMCTL = "/usr/bin/systemctl"
_UNIT = "gapps-hooks-deliver.timer"

_SERVICE_TEXT = """\
[Unit]
Description=Deliver account changes that wait for Google Workspace

[Service]
Type=oneshot
{environment}ExecStart={program} deliver --due --quiet
SuccessExitStatus=75
"""

_TIMER_TEXT = """\
[Unit]
Description=Deliver account changes that wait for Google Workspace, each minute

[Timer]
OnBootSec=30
OnUnitInactiveSec=60
AccuracySec=5

[Install]
WantedBy=timers.target
"""

_CRON_TEXT = """\
# Delivers account changes that wait for Google Workspace.
SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
MAILTO=""
{environment}* * * * * root [ ! -x {program} ] || {program} deliver --due --quiet >/dev/null 2>&1
"""


def install(site: Site, callee: Callee) -> tuple[str, ...]:
    """Have what is due delivered each minute; return what was done. Raises OSError."""
    if not _has_systemd(site):
        return (owned.install(site.path(_CRON), _cron(callee)), *_without_cron(site))
    return (
        owned.install(site.path(_SERVICE), _service(callee)),
        owned.install(site.path(_TIMER), _TIMER_TEXT),
        *_systemctl(site, "daemon-reload"),
        *_systemctl(site, "enable", "--now", _UNIT),
    )


def remove(site: Site) -> tuple[str, ...]:
    """Undo install; return what was done. Raises OSError."""
    lines = []
    if owned.standing(site.path(_TIMER)) is Standing.OURS:
        lines += [
            *_systemctl(site, "disable", "--now", _UNIT),
            owned.remove(site.path(_TIMER)),
            owned.remove(site.path(_SERVICE)),
            *_systemctl(site, "daemon-reload"),
        ]
    if site.path(_CRON).exists():
        lines.append(owned.remove(site.path(_CRON)))
    return tuple(lines)


def runner(site: Site) -> str:
    """Name what tries again by itself what waits; empty if nothing here does, installed or not."""
    if site.path(_TIMER).exists() and _has_systemd(site):
        return "a timer of systemd"
    return "cron" if site.path(_CRON).exists() and _has_cron(site) else ""


def _has_systemd(site: Site) -> bool:
    return site.path("/run/systemd/system").is_dir()  # sd_booted(3)


def _has_cron(site: Site) -> bool:
    return any(site.path(f"/usr/sbin/{name}").exists() for name in ("cron", "crond"))


def _service(callee: Callee) -> str:
    environment = ""
    if callee.settings:
        environment = f'Environment="{_unit_quoted(f"GAPPS_HOOKS_CONFIG={callee.settings}")}"\n'
    program = f'"{_unit_quoted(str(callee.program))}"'
    return _SERVICE_TEXT.format(environment=environment, program=program)


def _unit_quoted(text: str) -> str:
    # systemd.syntax(7) and, for the percent sign, systemd.unit(5)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _cron(callee: Callee) -> str:
    environment = f'GAPPS_HOOKS_CONFIG="{callee.settings}"\n' if callee.settings else ""
    # a percent sign ends a command in crontab(5)
    program = shlex.quote(str(callee.program)).replace("%", "\\%")
    return _CRON_TEXT.format(environment=environment, program=program)


def _without_cron(site: Site) -> tuple[str, ...]:
    if _has_cron(site):
        return ()
    command = "gapps-hooks deliver --due --quiet"
    return (f"Neither systemd nor cron runs here: see that `{command}` is run each minute.",)


def _systemctl(site: Site, *words: str) -> tuple[str, ...]:
    command = (_SYSTEMCTL, *words)
    if not site.live:
        return (f"To be run there: {' '.join(command)}",)
    status, output = site.run(command)
    return (f"{' '.join(command)}: {'done.' if status == 0 else ' '.join(output.split())}",)
