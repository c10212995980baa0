"""Five learning rates, from too small to diverging, and what momentum and Adam change."""
