"""Count what automatic differentiation spares: lines of derivation and of backward, against lines of a framework's spelling."""
