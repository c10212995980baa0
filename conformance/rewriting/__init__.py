"""How a mistake is put into a function: its source is rewritten in one place, compiled, and swapped in for a while.

    mutation.py          lists the mutations of a function, and plants one
    mistakes.py          the mistakes that people make, by kind of expression or statement
    call_mistakes.py     those in calls: reductions, axes, masks, operands, options
    tree.py              the places in a syntax tree where a mistake may stand
    syntax.py            helpers that read and build pieces of source

Nothing in these knows an op or a framework. Of the reference and the adapters:

    reachable.py         which functions an op runs, and so where a mistake can be planted
    mutant.py            a mutant, and all mutants of one function
    wrong_gradients.py   is a mutant a wrong gradient and nothing else?
"""
