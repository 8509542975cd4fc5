"""Recorded stores: how a killed process leaves them, and the checks of each later release."""
