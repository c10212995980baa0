"""Random programs of everyday steps, as functions of strangers: no right gradient may be called wrong, and no wrong one right.

operations.py   the steps, in four dialects
program.py      a random program, as text
planted.py      the identity with a wrong gradient
trial.py        one check of one program
report.py       the table
run.py          python -m trust soak --programs
"""
