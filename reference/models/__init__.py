"""Networks composed of ops' pairs, their caches threaded by hand."""
