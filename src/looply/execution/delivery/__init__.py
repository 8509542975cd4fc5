"""Delivery: whether copies of cards reach their recipients, and other channels in their place.

Imports `facts` and `approvals`.
Never here: a call of a channel; what became of it arrives as a command.
"""
