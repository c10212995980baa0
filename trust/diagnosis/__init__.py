"""Is the mistake in a wrong gradient named?

run.py       checks mutants that are a wrong gradient and nothing else, and keeps what they are told
classes.py   which explanations are right for which kind of mistake
report.py    the table and the summary
command.py   python -m trust diagnosis
"""
