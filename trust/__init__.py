"""How far the suite can be trusted. `python -m trust COMMAND` measures it; docs/trust.md shows the figures.

    folder         question                                                          command
    mutants/       Of wrong gradients, how many does the suite catch?                python -m trust mutants
    peers/         How many do the rules of other libraries catch?                   python -m trust peers
    trained/       Does a training show a wrong gradient?                            python -m trust trained
    soak/          Does the suite ever call a right gradient wrong?                  python -m trust soak
    sensitivity/   How small an error does it see?                                   python -m trust sensitivity

    corpus/        the wrong gradients (mutants) that mutants/ and peers/ examine; conformance/rewriting/ makes them

    journal.py     what long runs found, on disk, so that they can be stopped and continued
    page.py        the tables of docs/trust.md
    options.py     the options that several commands have
    places.py      where results, pages and journals are

Each folder's __init__.py says what its files do. Long runs share their work among processes by conformance/distributed.py.
"""
