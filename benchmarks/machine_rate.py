"""How many passwords the machine itself hashes a second.

It must not know who hashes some.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

#: sha512-crypt with 5,000 rounds by the system's own library, in as many processes as there are
#: processors.
_HASHING: Final = """
import ctypes, sys, time
crypt = ctypes.CDLL("libcrypt.so.1").crypt
crypt.restype = ctypes.c_char_p
began = time.perf_counter()
for _ in range(int(sys.argv[1])):
    crypt(b"correct horse battery", b"$6$abcdefghijklmnop$")
print(time.perf_counter() - began)
"""


def measure(each: int = 300) -> float:
    """Count hashes a second, all processors together, each making so many."""
    count = os.cpu_count() or 2
    command = [sys.executable, "-I", "-c", _HASHING, str(each)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]
    return sum(each / float(process.communicate()[0]) for process in running)
