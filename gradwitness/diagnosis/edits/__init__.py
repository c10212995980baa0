"""A mistake found in the user's source: backward is edited in one place, and an edit that makes the gradient agree is told.

running.py      which of the user's functions run in backward, which of their lines, and what their variables hold
source.py       a function as a tree, and its code swapped for a while
sites.py        the places of a tree
expressions.py  edits of an operation, a constant, an index (calls.py: of a call; building.py: pieces of source)
variables.py    edits that put another array in a place (names.py: what a function has at hand)
axes.py         edits of how axes are merged, split and ordered
likely.py       edits that few places allow: a length, a mask, a kernel turned round, what is never used
masked.py       edits that mask a gradient as forward masks an array
parts.py        edits of a part: one summand, a window, two indices of einsum
statements.py   edits of a whole statement
sequences.py    edits of when and in which direction: an order of statements, a copy, a running sum
statistics.py   edits that let a gradient flow through a mean and a variance
search.py       the edits in their order, each proven by what was measured (telling.py: in words)

Nothing on disk is changed. A function without source, or whose source is not what runs, is not edited.
"""
