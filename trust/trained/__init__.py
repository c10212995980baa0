"""Does training show a wrong gradient? Networks are trained with planted mistakes, and rules are asked about the same gradients.

command.py   python -m trust trained
run.py       trains with each mutant, and asks the rules; continues where the last run stopped
report.py    the tables
"""
