"""The matrix: every case of the reference in every framework, dtype, device and mode.

Read in this order:

    matrix.py    a cell is one case in one adapter, dtype, device and mode; which cells there are
    run.py       how a cell is run: the reference's evidence on one side, what the adapter returns on the other
    training.py  training runs as cells; path.py judges every step of a path
    loops.py     a recipe's training loop, by the reference or in a framework, for cells and lessons
    known.py     differences on record (known_differences.toml); records.py says what an entry holds
    recipes/     the training runs: model, data, batches, optimizer
    plugin.py    pytest's hooks. Each part has a file: options.py, concerns.py (which tests --op and --adapter select), verify.py
                 (the verdict of a cell), message.py (what a failure says), progress.py, closing.py and report.py (the table)
    commands/    python -m conformance: list, known, naive, new

Whoever imports this package gives it the process: each framework is made reproducible for good when it is loaded.
"""

from gradwitness import frameworks

frameworks.own_process()
