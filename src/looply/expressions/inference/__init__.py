"""Static analysis of expressions: the shape of the value, and findings.

Imports `parsing`, `closures`, `functions`, `compiling`, `templating` and `shapes`.
Never here: an evaluation: no data is there.
"""
