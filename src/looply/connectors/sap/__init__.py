"""The SAP connector: OData services of an SAP Gateway, version 2 and 4."""
