"""Does the suite ever call a right gradient wrong? Every case runs at many seeds, and nothing may disagree.

command.py       python -m trust soak
run.py           shares blocks of seeds among workers
record.py        the journal, and which blocks are still to run
examination.py   runs an adapter at a seed and judges the result
results.py       data classes for soak results
report.py        the tables

functions.py             check_function on the catalogue in each framework's spelling: one check
functions_run.py         python -m trust soak --functions
functions_record.py      what was run, here and elsewhere
functions_report.py      the tables

programs/                random programs, right and with a planted mistake

user_code.py, user_code_report.py   the same question about check and check_loss: correct functions in other people's styles
"""
