"""One training step number by number: forward, loss, backward, update, and the rule of each line."""
