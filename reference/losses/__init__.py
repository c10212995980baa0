"""Losses, one per file; each ends in a reduction (see `reduction.py`)."""
