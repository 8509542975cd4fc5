"""The building blocks of compiled expressions and functions: names, paths, conditions, comparisons."""
