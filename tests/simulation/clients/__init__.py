"""Clients and operators of a simulated run."""
