"""Servers of PostgreSQL and Temporal on the loopback interface, and certificates for their connections."""
