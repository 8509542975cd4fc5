"""The purchase-order approval, played from end to end: an SAP-like system, a workflow and its sample data."""
