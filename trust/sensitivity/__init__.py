"""How small an error does the suite see?

command.py   python -m trust sensitivity
search.py    finds the smallest relative error in one element of one gradient that the verdict detects
report.py    the table, the histogram and the summary
"""
