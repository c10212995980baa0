"""What a teacher opens: `python -m lessons.xor`, `python -m lessons.train mlp`."""
