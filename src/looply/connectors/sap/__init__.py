"""The SAP connector: OData services of an SAP Gateway, version 2 and 4.

Imports `outbound`, `credentials`, `oauth` and `http`.
Never here: a rule for other systems that speak HTTP; those are in `http` and `outbound`.
"""
