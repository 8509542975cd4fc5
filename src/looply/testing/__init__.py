"""The public test kit: what helps to test workflows, connectors and engines. Nothing of the product imports it."""
