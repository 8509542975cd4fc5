"""Static analysis of expressions: the shape of the value, and findings."""
