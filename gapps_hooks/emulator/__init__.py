"""A faithful double of Google's Directory, Groups Settings and token APIs, for tests and trials.

It must not know the rest of the package, so that it can judge it.
"""

from gapps_hooks.emulator.emulator import Emulator
from gapps_hooks.emulator.faults import Fault
from gapps_hooks.emulator.keys import ServiceAccountKey, new_key
from gapps_hooks.emulator.people import UnknownLocale
from gapps_hooks.emulator.running import run
from gapps_hooks.emulator.server import Certificate, RunningServer, serve

__all__ = [
    "Certificate",
    "Emulator",
    "Fault",
    "RunningServer",
    "ServiceAccountKey",
    "UnknownLocale",
    "new_key",
    "run",
    "serve",
]
