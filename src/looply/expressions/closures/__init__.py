"""What compiled expressions and functions are made of: names and paths that find values, conditions, comparisons."""
