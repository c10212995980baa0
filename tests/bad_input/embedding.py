"""Embeddings, positions and the bilinear map: what is refused at the door, and in which words."""

from tests.bad_input import Row

BAD: list[Row] = []
