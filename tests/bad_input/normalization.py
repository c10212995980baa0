"""Normalisation, dropout and residual connections: what is refused at the door, and in which words."""

from tests.bad_input import Row

BAD: list[Row] = []
