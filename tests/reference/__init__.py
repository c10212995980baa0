"""The mathematics, written by hand, against numerical differentiation: NumPy and pytest are all that these tests need."""
