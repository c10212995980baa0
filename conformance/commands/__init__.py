"""The commands of `python -m conformance`: one module each, with `add(commands)` to declare it and `run(asked)` to do it."""
