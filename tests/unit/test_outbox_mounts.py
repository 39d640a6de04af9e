"""Which file system a directory is on."""

from __future__ import annotations

import pytest

from gapps_hooks.outbox.place import NETWORK_FILE_SYSTEMS, file_system_of

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
31 27 0:45 / /home rw,relatime shared:9 - nfs4 server:/home\\040dirs rw,vers=4.2
33 27 0:46 / /with\\040-\\040dash rw - cifs //server/share rw
a line of another form
"""


@pytest.mark.parametrize(
    ("device", "kind"),
    [("254:0", "ext4"), ("0:45", "nfs4"), ("0:46", "cifs"), ("0:4", ""), ("", "")],
)
def test_the_file_system_is_found_by_the_device_number(device: str, kind: str) -> None:
    assert file_system_of(MOUNTS, device) == kind


def test_the_ones_that_other_machines_may_write_are_known() -> None:
    assert {"nfs", "nfs4", "cifs", "smb3"} <= NETWORK_FILE_SYSTEMS
    assert not {"ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"} & NETWORK_FILE_SYSTEMS
