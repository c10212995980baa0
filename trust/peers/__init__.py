"""How many wrong gradients do the rules of other libraries catch, and how often do they reject a right one?

command.py           python -m trust peers
run.py               shares mutants and right pairs among workers; continues where the last run stopped
rules.py             the rule of each library, with its own constants
kernels.py           those of fused kernels and compilers
ours.py              Gradwitness as a rule among them: the witnesses of the matrix
functions.py         and check_function
examined.py          what a rule is asked about, and what PyTorch returns there
wrapped.py           a forward/backward pair as a custom function of each framework
wrong_gradients.py   the mutants that are asked about, if they are a wrong gradient and nothing else
report.py            the tables
"""
