"""The engine alone: NumPy and pytest are all that these tests need."""
