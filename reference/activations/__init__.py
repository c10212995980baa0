"""Elementwise and row-wise nonlinearities, one per file."""
