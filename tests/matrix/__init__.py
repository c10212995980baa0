"""The conformance matrix: every op, model, optimizer, training run, schedule and clipping rule in every framework."""
