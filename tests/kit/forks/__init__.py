"""Processes of the shipped command that begin as copies of one in which its modules are loaded already."""
