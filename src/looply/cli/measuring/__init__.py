"""`looply bench`: small measurements of this machine, in bounded time.

Imports `display` and `terminal`.
Never here: figures for the documentation; `make bench` measures these.
"""
