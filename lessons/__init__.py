"""What a teacher opens: `python -m lessons.xor`."""
