"""A mistake planted in a backward: the loss still goes down, you guess, and then who catches it."""
