"""The purchase-order approval from end to end: an SAP-like system, a workflow and its sample data."""
