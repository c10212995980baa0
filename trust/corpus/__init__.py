"""The corpus of wrong gradients: mutants of the reference and of the adapters, and what the right code returns.

A mutant, and the mutants of one function, are in conformance/rewriting/.

catalogue.py           the whole corpus
spoiled_gradients.py   mistakes that no line of source shows: one entry of a gradient is changed after a right backward
baseline.py            inputs, and what the reference and the frameworks return before anything is planted
stillborn.py           does a mutant run at all?
another_function.py    does a mutant change the function only, so that its gradient is still right?
time_limit.py          stops a mutant that does not return
"""
