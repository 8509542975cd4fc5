"""The purchase orders that the SAP-like system starts with, in the field names of S/4HANA's OData V2 services.

Amounts and quantities are decimal texts, dates are ISO 8601, as its tables store them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Row: TypeAlias = Mapping[str, object]

LARGE_ORDER = "4500000101"
"""Three items on two cost centers, 17,010.00 EUR: over the limit of the approval."""

SMALL_ORDER = "4500000102"
"""One item, 249.00 EUR: under the limit."""

IN_RELEASE = "03"
RELEASED = "05"
"""Values of `PurchasingProcessingStatus`: waits for its release, release completed."""

_PUMPS, _SAFETY = "1000201", "1000202"
_MAINTENANCE, _ENGINEERING = "17101301", "17101902"


def _supplier(number: str, name: str) -> Row:
    return {
        "BusinessPartner": number,
        "Supplier": number,
        "BusinessPartnerCategory": "2",
        "BusinessPartnerFullName": name,
        "BusinessPartnerName": name,
        "BusinessPartnerGrouping": "BP02",
        "OrganizationBPName1": name,
    }


def _order(number: str, supplier: str, ordered_on: str, items: Sequence[Row]) -> Row:
    return {
        "PurchaseOrder": number,
        "PurchaseOrderType": "NB",
        "CompanyCode": "1710",
        "PurchasingOrganization": "1710",
        "PurchasingGroup": "002",
        "Supplier": supplier,
        "DocumentCurrency": "EUR",
        "Language": "EN",
        "PaymentTerms": "0002",
        "NetPaymentDays": 30,
        "PurchaseOrderDate": ordered_on,
        "CreationDate": ordered_on,
        "CreatedByUser": "PURCHASING",
        "PurchasingProcessingStatus": IN_RELEASE,
        "ReleaseCode": "E1",
        "PurchaseOrderNetAmount": str(sum(Decimal(str(item["NetAmount"])) for item in items)),
        "to_PurchaseOrderItem": [{"PurchaseOrder": number, **item} for item in items],
    }


def _item(number: str, words: Row, quantity: tuple[str, str], price: str, account: tuple[str, str]) -> Row:
    amount, unit = quantity
    cost_center, gl_account = account
    net_amount = str(Decimal(amount) * Decimal(price))
    return {
        "PurchaseOrderItem": number,
        "Plant": "1710",
        "StorageLocation": "171A",
        "OrderQuantity": amount,
        "PurchaseOrderQuantityUnit": unit,
        "NetPriceAmount": price,
        "NetPriceQuantity": "1",
        "NetAmount": net_amount,
        "DocumentCurrency": "EUR",
        "TaxCode": "V1",
        "AccountAssignmentCategory": "K",
        "to_AccountAssignment": [
            {
                "AccountAssignmentNumber": "01",
                "CostCenter": cost_center,
                "GLAccount": gl_account,
                "Quantity": amount,
                "PurchaseOrderQuantityUnit": unit,
                "MultipleAcctAssgmtDistrPercent": "100.0",
                "PurgDocNetAmount": net_amount,
                "DocumentCurrency": "EUR",
            }
        ],
        **words,
    }


def _words(text: str, material: str, group: str) -> Row:
    return {"PurchaseOrderItemText": text, "Material": material, "MaterialGroup": group}


SUPPLIERS: Sequence[Row] = (
    _supplier(_PUMPS, "Northwater Pumps GmbH"),
    _supplier(_SAFETY, "Handfast Work Safety Ltd"),
)

ORDERS: Sequence[Row] = (
    _order(
        LARGE_ORDER,
        _PUMPS,
        "2026-11-02",
        [
            _item(
                "10",
                _words("Centrifugal pump CP-200, 15 kW", "CP-200", "P001"),
                ("2", "PC"),
                "6240.00",
                (_ENGINEERING, "65100000"),
            ),
            _item(
                "20",
                _words("Mechanical seal kit CP-200", "CP-200-SEAL", "P001"),
                ("12", "PC"),
                "185.50",
                (_MAINTENANCE, "65100000"),
            ),
            _item(
                "30",
                _words("Installation and commissioning", "", "S001"),
                ("24", "H"),
                "96.00",
                (_ENGINEERING, "65200000"),
            ),
        ],
    ),
    _order(
        SMALL_ORDER,
        _SAFETY,
        "2026-11-03",
        [
            _item(
                "10",
                _words("Cut-resistant gloves, size 9", "GLOVE-C9", "P004"),
                ("20", "PR"),
                "12.45",
                (_MAINTENANCE, "65300000"),
            ),
        ],
    ),
)
