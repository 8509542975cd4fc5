"""Measurements: `make bench` prints the table, `python -m bench --help` says which parts there are."""
