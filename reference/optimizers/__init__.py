"""Update rules as pure functions, one per file."""
