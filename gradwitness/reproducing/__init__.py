"""Scripts that show a disagreement with a framework and NumPy alone, as the maintainers of a framework want to see it.

cases.py           what is shown, and the search for the smallest inputs that show it
calls.py           how a finding of check_function or compare is examined again: a gradient, a dtype, a law, two functions
faults.py, laws.py what a script does about memory; about linearity, a second backward, order 2, forward mode, vmap
given.py           inputs as arrays by path, and inputs again
shrink.py          smaller shapes and rounder values that still show it
source.py          the source of a function, with all that it names: writer.py, texts.py
modules.py, keras_layers.py, linen.py   modules of PyTorch, Keras and Flax as code
script.py          what a script is written from; document.py writes it, results.py its last part
multiprecision.py  the exact value of a function that mpmath has
"""
