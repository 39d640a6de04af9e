"""The house keeps its own plan: rooms, floors, walls, sizes, words.

It must not run what it reads.
"""

from __future__ import annotations

import ast
import inspect
import re
import statistics
import sys
import tomllib
from collections.abc import Iterator
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

import pytest

from gapps_hooks import hookspecs

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = "gapps_hooks"

#: Imports point down, or to a room of the same floor. CONTRIBUTING.md tells the same in words.
FLOORS: Final = (
    # 0 words
    {"errors", "model", "_version"},
    # 1 pure thought
    {"settings", "validation", "trust", "hookspecs", "passwords", "payload", "plan", "report"}
    | {"first_passwords"},
    # 2 edges
    {
        "google",
        "outbox",
        "sources",
        "managers",
        "policy",
        "policy_files",
        "plugins",
        "installation",
        "trouble",
    },
    # 3 stories
    {
        "wiring",
        "record",
        "superseded",
        "deliver",
        "reconcile",
        "preview",
        "pausing",
        "claimants",
        "linking",
        "undeletion",
        "standing",
        "examination",
        "watching",
        "journal",
        "metrics",
        "examination_attributes",
        "examination_groups",
        "examination_ldap",
        "examination_passwords",
        "finding",
    },
    # 4 doors
    {"handling"},
    {"demo"},
    {"hook", "fire", "inward", "agent", "cli", "console", "__main__"},
)
FLOOR_OF: Final = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: They import nothing of the package.
STRANGERS: Final = {"emulator", "fire", "firing"}
#: They start the emulator, for people; nobody else may know it.
STARTERS: Final = {"cli", "demo"}
#: They read and speak as the hooks' entry does; nobody else may know it.
ALIKE: Final = {"cli/fire.py", "hook.py"}
#: Which rooms may know a library from outside.
WALLS: Final = {
    "googleapiclient": {"google"},
    "google": {"google"},
    "google_auth_httplib2": {"google"},
    "httplib2": {"google", "emulator"},
    "tenacity": {"google"},
    "passlib": {"passwords"},
    "sqlite3": {"outbox"},
    "pluggy": {"hookspecs", "plugins"},
    "pydantic": {"settings", "payload", "validation"},
    "click": {"cli"},
    "rich": {"cli", "demo"},
    "flask": {"emulator", "console"},
    "werkzeug": {"emulator", "console"},
    "cheroot": {"emulator"},
    "waitress": {"console"},
    "cryptography": {"emulator"},
    "faker": {"emulator"},
    "ldap": {"sources"},
    "prometheus_client": {"metrics"},
    "watchdog": {"watching"},
}
FORBIDDEN_NAMES: Final = {"utils", "helpers", "common", "base", "core", "manager"}
LONGEST_FUNCTION: Final = 40
LONGEST_FILE: Final = 300
#: Files that may be longer, each with its reason.
LONG_FILES: Final = {
    "model.py": "a dictionary: every word that the rooms share, and nothing that happens",
    "google/rules.py": "one table: each of Google's answers and its sentence for people",
}
MUTATORS: Final = {
    "append",
    "add",
    "update",
    "pop",
    "popitem",
    "clear",
    "setdefault",
    "extend",
    "insert",
    "remove",
    "discard",
}


class Module:
    """One file of the package, read but not run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inside = path.relative_to(ROOT / PACKAGE)
        parts = self.inside.with_suffix("").parts
        is_package = parts[-1] == "__init__"
        self.name = ".".join((PACKAGE, *(parts[:-1] if is_package else parts)))
        self.room = parts[0]

    def __repr__(self) -> str:
        return str(self.inside)

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def imports(self, *, for_types: bool) -> Iterator[str]:
        """Name everything that is imported, wherever it stands."""
        skipped = set() if for_types else set(_type_checking(self.tree))
        for node in ast.walk(self.tree):
            if node in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self}:{node.lineno} imports relatively"
                yield from (_imported(node.module or "", alias.name) for alias in node.names)


def _type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                yield from ast.walk(statement)


def _imported(module: str, name: str) -> str:
    """``from a import b`` imports the module a.b if there is one, else a."""
    whole = f"{module}.{name}"
    return whole if whole in NAMES else module


MODULES: Final = tuple(map(Module, sorted((ROOT / PACKAGE).rglob("*.py"))))
NAMES: Final = {module.name: module for module in MODULES}
INHABITED: Final = tuple(module for module in MODULES if module.room != "__init__")
EACH_MODULE: Final = pytest.mark.parametrize("module", MODULES, ids=repr)
EACH_SPECIFICATION: Final = pytest.mark.parametrize(
    "name",
    [
        name
        for name, value in vars(hookspecs).items()
        if inspect.isfunction(value) and hasattr(value, "gapps_hooks_spec")
    ],
)


def _own_imports(module: Module, *, for_types: bool = True) -> set[str]:
    own = (name for name in module.imports(for_types=for_types) if name.split(".")[0] == PACKAGE)
    return set(own) - {module.name}


def _room(name: str) -> str:
    return name.split(".")[1] if "." in name else PACKAGE


# --- rooms, floors and walls ---------------------------------------------------------------------


def test_every_room_stands_on_a_floor_or_beside_the_house() -> None:
    rooms = {module.room for module in INHABITED}
    assert rooms - FLOOR_OF.keys() - STRANGERS == set()


@pytest.mark.parametrize("module", INHABITED, ids=repr)
def test_imports_point_down_only(module: Module) -> None:
    if module.room in STRANGERS:
        return
    floor = FLOOR_OF[module.room]
    rooms = {_room(name) for name in _own_imports(module)}
    above = {
        room
        for room in rooms
        if room not in FLOOR_OF or room in STRANGERS or FLOOR_OF[room] > floor
    }
    above -= {"emulator"} if module.room in STARTERS else set()
    above -= {"firing"} if repr(module) in ALIKE else set()
    assert above == set()


@pytest.mark.parametrize("room", sorted(STRANGERS))
def test_a_stranger_imports_nothing_of_the_house(room: str) -> None:
    for module in INHABITED:
        if module.room == room:
            inner = {"firing"} if room == "fire" else {room}
            assert {_room(name) for name in _own_imports(module)} <= inner


def test_the_hooks_entry_needs_the_standard_library_only() -> None:
    for module in INHABITED:
        if module.room in {"fire", "firing"}:
            roots = {name.split(".")[0] for name in module.imports(for_types=True)}
            assert roots <= sys.stdlib_module_names | {"__future__", PACKAGE}


def test_there_are_no_import_cycles() -> None:
    graph = {
        module.name: _own_imports(module, for_types=False) & NAMES.keys() for module in MODULES
    }
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert set(order) == NAMES.keys()


@EACH_MODULE
def test_a_library_is_known_to_its_rooms_only(module: Module) -> None:
    roots = {name.split(".")[0] for name in module.imports(for_types=True)}
    beyond = {root for root in roots if module.room not in WALLS.get(root, {module.room})}
    assert beyond == set()


def test_no_module_is_named_for_nothing() -> None:
    parts = {part for module in MODULES for part in module.inside.with_suffix("").parts}
    assert parts & FORBIDDEN_NAMES == set()


# --- sizes ---------------------------------------------------------------------------------------


@EACH_MODULE
def test_no_file_is_too_long(module: Module) -> None:
    if str(module.inside) not in LONG_FILES:
        assert len(module.text.splitlines()) <= LONGEST_FILE


@EACH_MODULE
def test_no_function_is_too_long(module: Module) -> None:
    long = {
        function.name: length
        for function in module.functions
        if (length := _length(function)) > LONGEST_FUNCTION
    }
    assert long == {}


def test_most_functions_are_short() -> None:
    lengths = [_length(function) for module in MODULES for function in module.functions]
    assert statistics.median(lengths) < 10


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring, for a contract may be told at length."""
    assert function.end_lineno is not None
    docstring = ast.get_docstring(function, clean=False) or ""
    return function.end_lineno - function.lineno + 1 - len(docstring.splitlines())


# --- words ---------------------------------------------------------------------------------------


@EACH_MODULE
def test_every_module_says_what_it_is_for_and_what_it_must_not_know(module: Module) -> None:
    docstring = ast.get_docstring(module.tree) or ""
    assert len(re.findall(r"[.;](?=\s|$)", docstring)) >= 2, "a docstring of two sentences"


@pytest.mark.parametrize(
    "path",
    [*(module.path for module in MODULES), *sorted((ROOT / "tests").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_exception_to_a_rule_says_why(path: Path) -> None:
    bare = [
        line.strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"# (noqa|type: ignore|pragma: no)", line) and not _has_reason(line)
    ]
    assert bare == []


def _has_reason(line: str) -> bool:
    marks = (
        r"# (noqa: [A-Z0-9, ]+ - |pragma: no \w+ - |type: ignore\[[a-z, -]+\] +# (noqa.* - )?)\w"
    )
    return bool(re.search(marks, line))


def test_every_rule_that_is_switched_off_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    off = {
        *lint["ignore"],
        *(code for codes in lint["per-file-ignores"].values() for code in codes),
    }
    section = text[text.index("[tool.ruff.lint]") :]
    lines = [line for line in section.splitlines() if re.search(r'"[A-Z]+[0-9]*"', line)]
    silent = [line for line in lines if "#" not in line and "select" not in line]
    assert off
    assert silent == []


# --- nothing happens at import, nothing is kept in modules ---------------------------------------


@EACH_MODULE
def test_nothing_happens_at_import(module: Module) -> None:
    calls = [
        ast.unparse(node)
        for node in module.tree.body
        if (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        or isinstance(node, ast.For | ast.While | ast.With)
    ]
    assert calls == []


@EACH_MODULE
def test_no_module_keeps_anything_that_changes(module: Module) -> None:
    names = {
        target.id
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    changed = {name for node in ast.walk(module.tree) for name in _changes(node)}
    assert changed & names == set()


def _changes(node: ast.AST) -> Iterator[str]:
    """Name what a statement changes in place, or declares global."""
    if isinstance(node, ast.Global):
        yield from node.names
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        for target in targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                yield target.value.id
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner: Any = node.func.value
        if isinstance(owner, ast.Name) and node.func.attr in MUTATORS:
            yield owner.id


# --- hooks are documented and tested -------------------------------------------------------------


@EACH_SPECIFICATION
def test_every_hook_is_documented_with_its_exact_signature(name: str) -> None:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
    headings = re.findall(
        r"^### `(.+)`$", (ROOT / "docs/policy.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"{name}({arguments})" in headings


@EACH_SPECIFICATION
def test_every_hook_has_a_test_of_its_name(name: str) -> None:
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert any(f"def test_hook_{name}" in text for text in tests)


@EACH_SPECIFICATION
def test_every_hook_says_when_what_and_whether_it_may_block_or_raise(name: str) -> None:
    contract = " ".join((inspect.getdoc(getattr(hookspecs, name)) or "").split())
    for word in ("Called", "lock", "rais"):
        assert word in contract


def test_the_public_face_exports_what_it_says() -> None:
    module = NAMES[PACKAGE]
    assert "__all__" in module.text
    package = __import__(PACKAGE)
    for name in package.__all__:
        assert getattr(package, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(package, "nothing")  # noqa: B009 - a name that mypy knows not to be there


# --- the tests keep their rules ------------------------------------------------------------------


def test_test_modules_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_test_replaces_our_own_insides(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not {name for name in imported if name.startswith("unittest.mock")}
