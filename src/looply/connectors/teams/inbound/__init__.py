"""What Microsoft sends: verified, read into events, noted in the directory, and answered.

Imports `calls` and `cards`.
Never here: a decision on an answer; the core makes it.
"""
