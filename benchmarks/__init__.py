"""How fast is each framework on the reference's networks, and what does the project itself cost?

`python -m pytest benchmarks` verifies, then times; `python -m benchmarks.calibrate` measures what stands behind K.
"""
