"""Who may import whom: the rooms of the repository and the arrows between them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BELOW_CONFORMANCE = {"reference", "adapters", "gradwitness", "conformance"}
MAY_IMPORT = {
    "reference": {"reference"},
    "gradwitness": {"gradwitness"},
    "adapters": {"adapters", "gradwitness"},
    "conformance": BELOW_CONFORMANCE,
    "tests": {*BELOW_CONFORMANCE, "tests"},
    "trust": {*BELOW_CONFORMANCE, "trust"},
    "benchmarks": {*BELOW_CONFORMANCE, "benchmarks"},
    "lessons": {*BELOW_CONFORMANCE, "lessons"},
}
"""Room -> the rooms that its files may import."""

FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "optax", "flax"}


def imports(file: Path, *, lazy: bool = True) -> set[str]:
    """The top-level names that a file imports; those of functions too, unless lazy is False."""
    package = file.relative_to(ROOT).parts[:-1]
    names = set()
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree) if lazy else _on_import(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(package[0] if node.level else str(node.module).partition(".")[0])
    return names


def _on_import(tree: ast.AST) -> list[ast.AST]:
    """The nodes that run when a module is imported: all but what stands in functions."""
    nodes: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        nodes.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            nodes += _on_import(node)
    return nodes


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    assert files(room)
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files(room)
        for name in sorted((imports(file) & MAY_IMPORT.keys()) - MAY_IMPORT[room])
    ]
    assert wrong == []


def test_every_room_with_code_has_its_arrows() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}
    assert rooms - {"build", "dist", "mutants"} == MAY_IMPORT.keys()


def test_the_reference_needs_numpy_alone() -> None:
    allowed = {"reference", "numpy", *sys.stdlib_module_names}
    assert [(file.name, names - allowed) for file in files("reference") if (names := imports(file)) - allowed] == []


def test_a_framework_is_imported_in_its_own_file_alone() -> None:
    for file in files("gradwitness"):
        inside = file.relative_to(ROOT).with_suffix("").parts[1:]  # frameworks/torch.py, subjects/tensors/jax/flax.py
        own = set(inside[1:2]) if inside[0] in ("frameworks", "rounding") else set()
        own |= set(inside[2:]) if inside[:2] == ("subjects", "tensors") else set()
        assert imports(file, lazy=False) & FRAMEWORKS <= own, file


@pytest.mark.parametrize("room", ["reference", "gradwitness", "adapters", "conformance", "conformance.plugin"])
def test_importing_a_room_loads_no_framework(room: str) -> None:
    program = f"import sys, {room}; print(sorted({FRAMEWORKS!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_two_modules_of_the_engine_import_each_other() -> None:
    """No circle: what a module needs can be read before it."""
    dotted = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files("gradwitness"))
    names = dict(zip((name.removesuffix(".__init__") for name in dotted), files("gradwitness"), strict=True))
    needs = {name: _imported(file) & set(names) - {name} for name, file in names.items()}
    while free := [name for name, others in needs.items() if not others]:
        for name in free:
            del needs[name]
        needs = {name: others - set(free) for name, others in needs.items()}
    assert needs == {}


def _imported(file: Path) -> set[str]:
    """The modules from which a file imports, and what it imports of them: that may be modules, too."""
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    modules = {str(node.module) for node in nodes}
    return modules | {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
