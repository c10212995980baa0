"""Run the lecture's three notebooks, with NumPy alone, and store what they print."""
