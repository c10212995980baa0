"""One training step, number by number: forward, loss, backward, update, and the rule behind each line."""
