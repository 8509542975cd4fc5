"""Delivery: whether copies of cards reach their recipients, and other channels in their place.

Imports `approvals`.
"""
