"""Lessons: scripts that show what right gradients do, and what they do not do. `python -m lessons` lists them."""
