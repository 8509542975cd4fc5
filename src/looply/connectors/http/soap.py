"""SOAP calls: the envelope around a body, and the headers that each version requires.

Sources: SOAP 1.1 §4 and §6 (`SOAPAction`), SOAP 1.2 part 1 §5 and part 2 §6.5 (`action` of the content type).
"""

from typing import Final, Literal

import msgspec

from looply.errors import BadInput
from looply.jsontext import Json

_NAMESPACES: Final = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


class Soap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call by SOAP; the body of the call is the XML within the body of the envelope."""

    action: str = ""
    """The action that the service's description names."""
    version: Literal["1.1", "1.2"] = "1.1"
    """The version of SOAP."""
    header: str = ""
    """The XML within the header of the envelope, if the service needs one."""


def envelope(soap: Soap, body: Json) -> tuple[bytes, dict[str, str]]:
    """Returns the bytes of an envelope in UTF-8, and the headers of the call.

    Raises: BadInput for a body that is no text, one that has an XML declaration or a document type, and an action
    that no header can hold.
    """
    if not isinstance(body, str):
        raise BadInput("the body of a SOAP call is a text: the XML within the body of the envelope")
    for part in (body, soap.header):
        if part.lstrip().startswith(("<?xml", "<!DOCTYPE")):
            raise BadInput(
                "a SOAP body or header begins with its element, without an XML declaration or a document type"
            )
    action = soap.action
    if not action.isascii() or not action.isprintable() or '"' in action or "\\" in action:
        raise BadInput("`soap.action` has a character that no header can hold")
    header = f"<soap:Header>{soap.header}</soap:Header>" if soap.header else ""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{_NAMESPACES[soap.version]}">{header}<soap:Body>{body}</soap:Body></soap:Envelope>'
    )
    return text.encode("utf-8", "replace"), _headers(soap)


def _headers(soap: Soap) -> dict[str, str]:
    if soap.version == "1.1":
        return {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{soap.action}"'}
    action = f'; action="{soap.action}"' if soap.action else ""
    return {"content-type": f"application/soap+xml; charset=utf-8{action}"}
