"""What is examined.

pair.py    `Subject`: a forward and a backward in NumPy, with the point and the cotangent at which they are examined
"""
