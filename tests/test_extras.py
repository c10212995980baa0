"""A missing extra is named in one sentence, with the command that installs it."""

import subprocess
import sys

import pytest

from conformance.extras import require


def test_what_is_installed_is_not_asked_for() -> None:
    require("test", "numpy", "pytest")


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        (("pytest", "no_such_module"), "A needs no_such_module, which is not installed: python -m pip install '.[lessons]'"),
        (("no_x", "no_y"), "A needs no_x and no_y, which are not installed: python -m pip install '.[lessons]'"),
        (("no_x", "no_y", "no_z"), "A needs no_x, no_y and no_z, which are not installed: python -m pip install '.[lessons]'"),
    ],
)
def test_what_is_missing_is_named_with_the_command(modules: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SystemExit) as left:
        require("lessons", *modules, by="A")
    assert str(left.value) == sentence


def test_a_module_is_named_by_what_is_installed_and_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("matplotlib", "sklearn"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match=r"^A needs matplotlib for figures and scikit-learn for its digits, which are not"):
        require("lessons", "matplotlib", "sklearn", by="A")


def test_the_command_is_the_one_that_runs() -> None:
    code = "import sys; sys.modules['wave'] = None\nfrom conformance.extras import require; require('test', 'wave')"
    script = f"import sys, types; sys.modules['__main__'].__spec__ = types.SimpleNamespace(name='trust.__main__')\n{code}"
    for text, command in ((code, "This command"), (script, "python -m trust")):
        run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr == f"{command} needs wave, which is not installed: python -m pip install '.[test]'\n"
