"""How a mistake is put into a function: its source is rewritten in one place, compiled, and swapped in for a while.

    mutation.py        lists the mutations of a function, and plants one
    mistakes.py        the mistakes that people make, by kind of expression or statement
    call_mistakes.py   those in calls: reductions, axes, masks, operands, options
    tree.py            the places in a syntax tree where a mistake may stand
    syntax.py          helpers that read and build pieces of source

Nothing here knows an op or a framework.
"""
