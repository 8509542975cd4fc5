"""What can be said of an expression before it runs: the shape of its value, and what is wrong with it."""
