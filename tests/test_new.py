"""python -m conformance new: every file of an op, a model or a framework, and red tests that name each place to fill."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.commands.editing import with_entry, with_function, with_import
from gradwitness import frameworks
from tests.checkout import copy_to

Run = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("git"):
        pytest.skip("needs git, which lists the files of the checkout")
    return copy_to(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def checkout(whole: Path, tmp_path: Path) -> Iterator[Path]:
    yield shutil.copytree(whole, tmp_path / "checkout")
    shutil.rmtree(tmp_path / "checkout")


def python(checkout: Path, *arguments: str) -> Run:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=checkout, capture_output=True, text=True, check=False)


def new(checkout: Path, *arguments: str) -> Run:
    return python(checkout, "conformance", "new", *arguments)


def pytest_in(checkout: Path, *options: str) -> Run:
    return python(checkout, "pytest", "-q", "-p", "no:cacheprovider", *options)


def texts(checkout: Path) -> dict[str, str]:
    return {str(path.relative_to(checkout)): path.read_text() for path in checkout.rglob("*.py")}


ACTIVATION = (
    "reference/activations/swish_test.py",
    "adapters/jax/ops/activations.py",
    "adapters/tensorflow/ops/activations.py",
    "adapters/torch/ops/activations.py",
)


def test_every_place_of_a_new_op_is_named_with_its_line(checkout: Path) -> None:
    done = new(checkout, "op", "swish_test", "--family", "activations")
    named = re.findall(r"^(\S+):(\d+): ", done.stdout, flags=re.MULTILINE)
    assert {path for path, _ in named} == {*ACTIVATION, "reference/__init__.py", "tests/reference/bad_input/activations.py"}
    for path, line in named:
        assert "swish_test" in (checkout / path).read_text().splitlines()[int(line) - 1]
    assert not re.search(r"\.py:\d+: relu", done.stdout)


def test_a_new_op_is_red_until_it_is_right(checkout: Path) -> None:
    if not frameworks.installed("torch"):
        pytest.skip("torch is not installed")
    new(checkout, "op", "swish_test", "--family", "activations")
    options = (
        "--op",
        "swish_test",
        "tests/matrix/test_adapters.py",
        "--adapter",
        "torch",
        "--mode",
        "eager",
        "--dtype",
        "float64",
    )
    red = pytest_in(checkout, *options)
    assert re.search(r"^\d+ failed", red.stdout.splitlines()[-1]), red.stdout[-2000:]
    assert "write forward in reference/activations/swish_test.py" in red.stdout

    silu = (checkout / "reference/activations/silu.py").read_text()
    (checkout / ACTIVATION[0]).write_text(silu.replace('"silu"', '"swish_test"'))
    adapter = checkout / "adapters/torch/ops/activations.py"
    raises = 'raise NotImplementedError("swish_test: write it in adapters/torch/ops/activations.py")'
    adapter.write_text(adapter.read_text().replace(raises, "return F.silu(x)"))
    green = pytest_in(checkout, *options)
    assert re.search(r"^\d+ passed", green.stdout.splitlines()[-1]), green.stdout[-2000:]


NEW = (
    ("op", "swish_test", "--family", "losses"),
    ("op", "pool_test", "--family", "layers", "--topic", "pooling"),
    ("model", "perceptron_test"),
    ("framework", "framework_test", "--package", "json"),
)


def test_the_rest_of_the_suite_still_collects(checkout: Path) -> None:
    """With all of them at once: to collect the suite takes half a minute."""
    for arguments in NEW:
        done = new(checkout, *arguments)
        assert done.returncode == 0, done.stderr
    collected = pytest_in(checkout, "--collect-only", "tests")
    assert collected.returncode == 0, collected.stdout[-3000:]
    assert [arguments[1] for arguments in NEW if arguments[1] not in collected.stdout] == []
    lint = python(checkout, "ruff", "check", ".") if importlib.util.find_spec("ruff") else None
    assert lint is None or lint.returncode == 0, lint.stdout[-2000:]


def test_a_new_model_is_trained_and_named_in_every_table(checkout: Path) -> None:
    told = new(checkout, "model", "perceptron_test").stdout
    for path in (
        "reference/models/perceptron_test.py",
        "reference/__init__.py",
        "conformance/recipes/perceptron_test.py",
        "conformance/recipes/__init__.py",
        *(
            f"adapters/{name}/models/{file}.py"
            for name in ("jax", "tensorflow", "torch")
            for file in ("__init__", "perceptron_test")
        ),
        "tests/reference/bad_input/models.py",
    ):
        assert re.search(rf"^{re.escape(path)}:\d+: ", told, flags=re.MULTILINE), path
    red = pytest_in(checkout, "--op", "perceptron_test", "tests/reference/test_reference.py")
    assert "write forward in reference/models/perceptron_test.py" in red.stdout


def test_a_new_framework_is_red_in_its_one_op_alone(checkout: Path) -> None:
    told = new(checkout, "framework", "framework_test", "--package", "json").stdout
    assert re.search(
        r"^gradwitness/frameworks/spec\.py:\d+: FrameworkSpec\(\"framework_test\", \"json\"", told, flags=re.MULTILINE
    )
    red = pytest_in(checkout, "--adapter", "framework_test", "--op", "relu", "--op", "tanh", "tests/matrix/test_adapters.py")
    assert "write vjp in gradwitness/frameworks/framework_test.py" in red.stdout
    assert "nobody has written it for framework_test" in red.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("op", "2fold", "--family", "losses"), "'2fold' cannot be a name"),
        (("op", "Swish", "--family", "losses"), "'Swish' cannot be a name"),
        (("op", "lambda", "--family", "losses"), "'lambda' cannot be a name"),
        (("op", "../x", "--family", "losses"), "'../x' cannot be a name"),
        (("op", "softmax", "--family", "losses"), "'softmax' is taken"),
        (("op", "adam", "--family", "losses"), "'adam' is taken"),
        (("op", "reduction", "--family", "losses"), "reference/losses/reduction.py exists; nothing was written"),
        (("op", "swish_test", "--family", "activation"), "unknown family 'activation'; did you mean activations?"),
        (("op", "swish_test", "--family", "layers", "--topic", "poling"), "unknown topic 'poling'; did you mean pooling?"),
        (("model", "gpt"), "'gpt' is taken"),
        (("framework", "torch"), "'torch' is taken"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused_and_nothing_is_written(
    checkout: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = texts(checkout)
    done = new(checkout, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert texts(checkout) == before


def test_an_import_of_one_line_becomes_one_of_several_where_it_is_too_long() -> None:
    text = f"from .models import {', '.join(f'model_number_{i}' for i in range(8))}\n"
    assert with_import(text, ".models", "another").startswith("from .models import (\n    another,\n    model_number_0,\n")
    assert with_import("from . import a, c\n", ".", "b") == "from . import a, b, c\n"


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="no table OPS"):
        with_entry("OTHER = {\n}\n", "OPS", "x")
    with pytest.raises(LookupError, match="no heading 'losses' in OPS"):
        with_entry("OPS = {\n    # layers\n    1: 2,\n}\n", "OPS", "x", heading="losses")


def test_a_function_goes_behind_the_last_public_one() -> None:
    text = "def first(\n    x: int,\n) -> int:\n    return x\n\n\ndef _helper() -> None: ...\n\n\nTABLE = {}\n"
    lines = with_function(text, "def second() -> None: ...\n").splitlines()
    assert lines.index("def second() -> None: ...") < lines.index("def _helper() -> None: ...")
