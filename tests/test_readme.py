"""What README.md shows is what there is."""

import re
import runpy
from pathlib import Path

import pytest

from gradwitness import Disagreement, frameworks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def test_the_op_shown_is_the_op_in_the_repository() -> None:
    source = (ROOT / "reference/activations/softmax.py").read_text()
    assert source in [text for language, text in BLOCKS if language == "python"]


def test_the_example_raises_what_is_shown_below_it(tmp_path: Path) -> None:
    (example,) = (text for language, text in BLOCKS if language == "python" and "from gradwitness import check" in text)
    shown = BLOCKS[[text for _, text in BLOCKS].index(example) + 1][1]
    script = tmp_path / "example.py"
    script.write_text(example)
    with pytest.raises(Disagreement) as found:
        runpy.run_path(str(script))
    assert _without_last_digits(str(found.value)) == _without_last_digits(shown.split(": ", 1)[1])


def test_ported_weights_have_the_shapes_that_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("torch", "tensorflow"):
        if not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
    (example,) = (text for language, text in BLOCKS if language == "python" and "layouts" in text)
    script = tmp_path / "example.py"
    script.write_text(example)
    runpy.run_path(str(script))
    assert capsys.readouterr().out == BLOCKS[[text for _, text in BLOCKS].index(example) + 1][1]


def _without_last_digits(message: str) -> list[str]:
    """The element and the value. The last digits, and those of an error bar, depend on the machine."""
    return re.sub(r"(\d\.\d{4})\d*", r"\1", message).splitlines()[:2]


def test_its_commands_name_environments_and_files_that_exist() -> None:
    tox = (ROOT / "tox.ini").read_text()
    for environment in re.findall(r"tox run -e (\w+)", README):
        assert f"[testenv:{environment}]" in tox
    for path in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / path).exists(), path
