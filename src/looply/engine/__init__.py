"""What executions need: the ports, the shell, the stores, the dispatchers, the background loops."""
