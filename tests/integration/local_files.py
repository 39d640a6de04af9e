"""A directory of local accounts, whose files are replaced as shadow-utils does it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path


def hashed(word: str) -> str:
    """A whole sha512-crypt hash, of nothing."""
    return f"$6$salt${word:x<86}"


@dataclass(frozen=True)
class Line:
    """A person, as passwd and shadow have them."""

    uid: int
    gecos: str
    password: str = "!"
    home: str = ""
    expires: str = ""
    changed: int = 19000


@dataclass
class LocalFiles:
    """passwd, group, shadow and gshadow of one directory."""

    directory: Path
    people: dict[str, Line] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def person(self, name: str, uid: int, gecos: str = "", password: str = "!") -> None:
        """Add a person, or change one."""
        line = Line(uid=uid, gecos=gecos or name.title(), password=password, home=f"/home/{name}")
        self.people[name] = line
        self.write()

    def change(self, name: str, **fields: str | int) -> None:
        """Change something of a person."""
        self.people[name] = replace(self.people[name], **fields)  # type: ignore[arg-type] # as it comes
        self.write()

    def rename(self, old: str, new: str) -> None:
        """Give a person another name, as ``usermod -l`` does: the home stays."""
        self.people[new] = self.people.pop(old)
        self.write()

    def leave(self, *names: str) -> None:
        """Delete people."""
        for name in names:
            del self.people[name]
        self.write()

    def lose(self, *names: str) -> None:
        """Take people out of passwd alone, as an editor does."""
        lines = self.passwd().splitlines(keepends=True)
        self.replace("passwd", "".join(x for x in lines if x.partition(":")[0] not in names))

    def group(self, name: str, gid: int, *members: str) -> None:
        """Make a group, or change one."""
        self.groups[name] = (gid, members)
        self.write()

    def dissolve(self, name: str) -> None:
        """Delete a group."""
        del self.groups[name]
        self.write()

    def write(self) -> None:
        """Replace all files."""
        self.replace("passwd", self.passwd())
        self.replace("shadow", self.shadow())
        self.replace("group", self.group_lines())
        self.replace("gshadow", "".join(f"{name}:!::\n" for name in self.groups))

    def replace(self, name: str, content: str) -> None:
        """Write a new file beside the old one, and rename it over that."""
        beside = self.directory / f"{name}+"
        beside.write_text(content)
        beside.rename(self.directory / name)

    def passwd(self) -> str:
        """What passwd holds."""
        lines = [
            f"{name}:x:{line.uid}:100:{line.gecos}:{line.home}:/bin/sh\n"
            for name, line in self.people.items()
        ]
        return "root:x:0:0:root:/root:/bin/bash\n" + "".join(lines)

    def shadow(self) -> str:
        """What shadow holds."""
        lines = [
            f"{name}:{line.password}:{line.changed}:0:99999:7::{line.expires}:\n"
            for name, line in self.people.items()
        ]
        return "root:*:19000:0:99999:7:::\n" + "".join(lines)

    def group_lines(self) -> str:
        """What group holds."""
        lines = [f"{name}:x:{gid}:{','.join(all_)}\n" for name, (gid, all_) in self.groups.items()]
        return "root:x:0:\nusers:x:100:\n" + "".join(lines)
