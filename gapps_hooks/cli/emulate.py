"""``gapps-hooks emulate``: an emulated Google to try things against.

It must not know what is emulated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gapps_hooks.cli.program import FAILED, Failure, without_extra
from gapps_hooks.cli.showing import example

_FILE = click.Path(path_type=Path, dir_okay=False)
_READABLE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    epilog=example(
        "gapps-hooks emulate --domain example.org --key-file /tmp/key.json",
        "gapps-hooks emulate --delegated --state-file /tmp/google.json",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8085, show_default=True, help="The APIs' port; 0 takes a free one.")
@click.option(
    "--control-port",
    default=8086,
    show_default=True,
    help="The controls' port: seeds, faults, log.",
)
@click.option(
    "--tunnel-port",
    default=8087,
    show_default=True,
    help="With --tls: the port of a proxy for programs that insist on Google's host names.",
)
@click.option(
    "--domain", default="example.org", show_default=True, help="The organisation's domain."
)
@click.option(
    "--admin", show_default="admin@ the domain", help="An administrator's account, in the domain."
)
@click.option("--delegated", is_flag=True, help="Make it a delegated administrator.")
@click.option(
    "--key",
    "--key-file",
    "key_file",
    type=_FILE,
    default="emulator-key.json",
    show_default=True,
    help="Where to write the service account's key for the settings.",
)
@click.option(
    "--seed",
    "--seed-file",
    "seed_file",
    type=_READABLE,
    help="JSON: users and groups to begin with.",
)
@click.option("--people", default=0, help="How many made-up people to begin with.")
@click.option("--groups", default=0, help="How many made-up groups of them.")
@click.option(
    "--locales",
    default="en_US",
    show_default=True,
    help="Where the people are from, as Faker's names with commas: de_DE,ja_JP.",
)
@click.option(
    "--consent-file",
    type=_FILE,
    help="Where to write the administrator's consent: client and refresh token.",
)
@click.option(
    "--state",
    "--state-file",
    "state_file",
    type=_FILE,
    help="JSON: read at the start, written at the end.",
)
@click.option(
    "--faults",
    "--faults-file",
    "faults_file",
    type=_READABLE,
    help="TOML: what goes wrong, and when.",
)
@click.option(
    "--tls",
    type=_FILE,
    is_flag=False,
    flag_value="emulator-certificate.pem",
    help="Serve HTTPS with the certificate of this file, which is made if it is not there; "
    "without a name it is emulator-certificate.pem.",
)
def emulate(**options: Any) -> None:  # noqa: ANN401 - handed on as they are
    """Serve an emulated Google for tests of your own, until Ctrl-C.

    It answers as Google's Directory, Groups Settings and token APIs do, and knows nothing but what
    it is told. Its controls, on another port, seed it, script faults and tell what was asked.
    """
    try:
        # the emulator's own packages are an extra, which those who only deliver need not have
        from gapps_hooks.emulator import UnknownLocale, run  # noqa: PLC0415 - so that its help shows without them
        from gapps_hooks.emulator.running import CannotStart  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as missing:
        raise without_extra("emulator", missing) from missing
    try:
        run(**options, say=click.echo)
    except UnknownLocale as error:
        raise Failure(f"--locales: {error}", FAILED) from error
    except CannotStart as error:
        raise Failure(str(error), FAILED) from error
