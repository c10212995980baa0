"""Is this gradient right? The user's gradient against the numerical derivative, along directions.

precision.py    in which precision a function is examined
point.py        a function at one point: its value, the cotangent, the size of steps
claims.py       the gradient that is claimed there, and what rounding may do to it; claims_beside.py: seen beside the point
directions.py   which directions: groups of elements whose gradients are of like size, and ties moved together
outputs.py      the noise of each output
black_box.py    the numerical derivative of a function that can only be called; measured.py: what is found along a direction
inner_product.py  what the claimed gradient makes of the way that was gone, as exact as in longdouble
second_look.py  what disagrees is measured a second time
judge.py        measures along directions; conclusion.py says what follows; judgement.py: the verdict about one gradient
locate.py       which elements are wrong, where a direction disagrees
nearby.py       members of the gradient at kinks that slopes at the point do not show; ties.py: values that tie, moved
inside.py       kinks of several parts inside a function
gradients.py    a finding about each gradient
native.py       what the user's own dtype returns: float32, float16, bfloat16, and overflow in float64
"""
