"""Networks composed of ops: each forward collects the caches of its ops, and each backward uses them in the reverse order."""
