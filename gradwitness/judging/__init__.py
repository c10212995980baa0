"""Is this gradient right? The user's gradient against the numerical derivative, along directions.

point.py       a function at one point: its value, the cotangent, the gradient that is claimed, the size of steps
directions.py  which directions: groups of elements whose gradients are of like size, and ties moved together
black_box.py   the numerical derivative of a function that can only be called
locate.py      which elements are wrong, where a direction disagrees
native.py      what the user's own dtype returns: float32, float16, bfloat16, and overflow in float64
"""
