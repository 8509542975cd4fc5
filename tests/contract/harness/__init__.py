"""Processes, proxies and installations of the contract tests."""
