"""`looply bench`: small measurements of this machine, in bounded time.

Imports `terminal`.
Never here: figures for the documentation; `make bench` measures these.
"""
