"""Which mistake explains a wrong gradient: hypotheses repair what came, and one that makes it agree is told.

case.py         a wrong gradient and what is known about it; when a repair is proven
measuring.py    numerical derivatives along a few directions in one array: the evidence
evidence.py     the case of one gradient of a function that is examined
explained.py    findings with their explanations
diagnose.py     the hypotheses in their order
whole.py        a constant factor, the sign, the shape, the order of axes, sums
places.py       single elements, one side of a mask (masks.py)
non_finite.py   nan or inf
cotangent.py    the upstream gradient unused or used twice, the derivative of a last activation
normalising.py  functions that normalise: the term through a mean, a variance, a length, the sum of a softmax
                (groupings.py: along which axes)
projections.py  the same where forward does more besides
factors.py      a factor that is missing, one too many, or another one (looking.py, search.py, and
                what is searched: quantities.py, contractions.py, forms.py, formula.py)
terms.py        a term that is missing, or has another factor or sign
rest.py         one term is right, and the rest has a wrong factor
slices.py       the gradient of each row of a batch alone
series.py       contributions that overwrite each other
edits/          an edit of the user's source that repairs it
another_loss.py the gradients are those of another loss
patterns.py     what is seen where nothing is proven
"""
