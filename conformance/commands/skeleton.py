"""What `python -m conformance new` writes: the files of an op, a model or a framework, NotImplementedError at each place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template

from conformance.commands.editing import annotation, with_entry, with_function, with_import

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = Path(__file__).with_name("templates")
BAD_INPUT = """("{name}", lambda: {table}["{name}"].forward(), "what {name} refuses"),"""

Files = dict[str, str]
"""Path from the root of the repository -> the text to write."""


def frameworks_here() -> list[str]:
    """The frameworks that have a folder in adapters/."""
    return sorted(path.parent.name for path in (ROOT / "adapters").glob("*/ops"))


def topics() -> list[str]:
    """The topics that every adapter has a module of ops for."""
    modules = [{path.stem for path in (ROOT / "adapters" / name / "ops").glob("*.py")} for name in frameworks_here()]
    return sorted(set.intersection(*modules) - {"__init__"})


def op(name: str, family: str, topic: str) -> Files:
    """The files of an op: the reference, its line in the tables, a function in each adapter, a row of bad input."""
    path = f"reference/{family}/{name}.py"
    files = {path: _filled(f"{family}.txt", name, path)}
    tables = with_import(_read("reference/__init__.py"), f".{family}", name)
    files["reference/__init__.py"] = with_entry(tables, "OPS", f'"{name}": Op.of({name}),', heading=family)
    for framework in frameworks_here():
        place = f"adapters/{framework}/ops/{topic}.py"
        text = _read(place)
        files[place] = with_function(text, _function(name, path, place, annotation(text), files))
    rows = (
        f"tests/reference/bad_input/{family}.py"
        if (ROOT / f"tests/reference/bad_input/{family}.py").exists()
        else "tests/reference/bad_input/shape.py"
    )
    files[rows] = with_entry(_read(rows), "BAD", BAD_INPUT.format(name=name, table="OPS"))
    return files


def model(name: str) -> Files:
    """The files of a model: the reference, a module in each adapter, a recipe, their lines in the tables, a row of bad input."""
    path, recipe = f"reference/models/{name}.py", f"conformance/recipes/{name}.py"
    files = {path: _filled("models.txt", name, path), recipe: _filled("recipe.txt", name, recipe)}
    tables = with_import(_read("reference/__init__.py"), ".models", name)
    files["reference/__init__.py"] = with_entry(tables, "MODELS", f'"{name}": Op.of({name}),')
    recipes = with_import(_read("conformance/recipes/__init__.py"), "conformance.recipes", name)
    files["conformance/recipes/__init__.py"] = with_entry(recipes, "RECIPES", f'"{name}": {name}.RECIPE,')
    for framework in frameworks_here():
        package = f"adapters/{framework}/models"
        if not (ROOT / package / "__init__.py").exists():
            continue
        has_loss = "    loss: " in _read(f"adapters/{framework}/native.py")
        loss = (
            f'\ndef _loss(model: Any, **batch: Any) -> Any:\n    raise NotImplementedError("{name}: write the loss in $path")\n\n'
        )
        arguments = "_build, _layers, _loss" if has_loss else "_build, _layers"
        place = f"{package}/{name}.py"
        loss = Template(loss).substitute(path=place) if has_loss else ""
        files[place] = _filled("adapter_model.txt", name, place, loss=loss, arguments=arguments)
        table = with_import(_read(f"{package}/__init__.py"), ".", name)
        files[f"{package}/__init__.py"] = with_entry(table, "MODELS", f'"{name}": {name}.MODEL,')
    rows = "tests/reference/bad_input/models.py"
    files[rows] = with_entry(_read(rows), "BAD", BAD_INPUT.format(name=name, table="MODELS"))
    return files


def framework(name: str, package: str) -> Files:
    """The files of a framework: its module and its spec in gradwitness/frameworks, and an adapter that has one op."""
    module, adapter, ops = (
        f"gradwitness/frameworks/{name}.py",
        f"adapters/{name}/__init__.py",
        f"adapters/{name}/ops/activations.py",
    )
    spec = f'FrameworkSpec("{name}", "{package}", f"{{_OWN}}.{name}"),'
    return {
        module: _filled("framework.txt", name, module),
        "gradwitness/frameworks/spec.py": with_entry(_read("gradwitness/frameworks/spec.py"), "BUILT_IN", spec),
        adapter: _filled("adapter.txt", name, adapter),
        f"adapters/{name}/ops/__init__.py": f'"""The reference\'s ops in {name}."""\n',
        ops: _filled("adapter_ops.txt", name, ops),
    }


def places(before: Files, after: Files) -> Iterator[str]:
    """Each place to fill, as path:line: what is there. Nothing that was there before is named."""
    for path, text in after.items():
        known = set(before.get(path, "").splitlines())
        fresh = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line not in known]
        to_fill = [(number, line) for number, line in fresh if "NotImplementedError" in line]
        if not to_fill:
            to_fill = fresh if path in before else fresh[:1]
        for number, line in to_fill:
            said = re.search(r'NotImplementedError\("(.*)"\)', line)
            yield f"{path}:{number}: {said[1] if said else line}"


def _read(path: str) -> str:
    return (ROOT / path).read_text()


def _filled(template: str, name: str, path: str, **more: str) -> str:
    """A template with the name of the thing and the path of the file in it."""
    title = name.replace("_", " ").capitalize()
    return Template((TEMPLATES / template).read_text()).substitute(name=name, path=path, title=title, **more)


def _function(name: str, reference: str, place: str, tensor: str, files: Files) -> str:
    """An adapter's function with the arguments of the reference's forward, its arrays as the adapter's tensors."""
    signature = re.search(r"^def forward\((.*)\) -> ", files[reference], flags=re.MULTILINE)
    arguments = str(signature and signature[1]).replace(", /", "").replace("Array", tensor).replace(": Reduction", ": str")
    return f'def {name}({arguments}) -> {tensor}:\n    raise NotImplementedError("{name}: write it in {place}")\n'
