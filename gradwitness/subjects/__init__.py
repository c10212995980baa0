"""What is examined: the code of users behind one interface, whatever its style. Read in this order:

function.py    `Function` and `Pair`: a forward and a backward; style.py, trial.py: what backward takes; signatures.py: names
loss.py        `Loss`: loss, gradients = f(params, *data), also with parameters that live in an object
arguments.py   which floats among the inputs are differentiated; gradients.py: what backward returned, in their order
validation.py  what cannot be used, with the cure; errors.py: `BadCall`, `UserError`
state.py       the user's objects, put back after each call; memory.py: how one object is remembered,
               generators.py: a random generator
probes.py      what can be wrong besides the gradient; likeness.py: whether results are the same
trace.py       the line that cuts longdouble to float64
pair.py        `Subject`: a forward and a backward of the matrix, with the point and the cotangent at which they are examined
"""
