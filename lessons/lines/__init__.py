"""Count the lines that automatic differentiation spares, op by op and family by family."""
