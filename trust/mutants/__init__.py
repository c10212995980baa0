"""Of wrong gradients, how many does the suite catch? Each mutant is examined by two witnesses, separately.

command.py         python -m trust mutants
run.py             shares the mutants among workers; continues where the last run stopped
witnesses.py       the two witnesses: numerical differentiation (`oracle`), and the frameworks
outcome.py         the verdict of a witness about a mutant
caching.py         saves time: nothing is computed twice
equivalent.py      mutants that compute the same as the right code (equivalent.toml), and the check of each such claim
records.py         the journals, and when an entry is still valid
report.py          the tables
"""
