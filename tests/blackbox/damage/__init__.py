"""Faults of one server at a numbered system call, and damage to its files."""
