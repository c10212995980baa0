"""Small trainings, one for each op: does the loss go down, and does it still where a mistake is planted?

task.py       a training: parameters, steps, and what its losses did
network.py    an op inside a small network on the digits
criterion.py  a loss as the loss of a small network on the digits
alone.py      an op without a network: its inputs move until its outputs come near others
choice.py     which of these an op gets, and its learning rate
"""
