"""The attachments of a mail: blobs of the execution, and texts."""

import mimetypes
from collections.abc import Iterator
from typing import Final

from looply.connectors.blobs import Blobs, is_reference
from looply.connectors.email.message import Attachment, EmailInput
from looply.errors import BadInput
from looply.jsontext import Json

MOST: Final = 50
_MEMBERS: Final = frozenset({"content", "name", "type"})


async def open_attachments(email: EmailInput, blobs: Blobs, most_bytes: int) -> tuple[Attachment, ...]:
    """Returns the attachments of a mail in their order, with at most this number of bytes together.

    Raises: BadInput for what is no attachment, for a blob that the execution does not have, for more than `MOST`, and
    for more bytes (limit `mail_bytes`).
    """
    found: list[Attachment] = []
    size = 0
    for index, item in enumerate(_items(email)):
        if index == MOST:
            raise BadInput(f"the mail has more than {MOST} attachments")
        attachment = await _open(item, index, blobs)
        size += len(attachment.content)
        if size > most_bytes:
            raise BadInput(f"the attachments have more than {most_bytes} bytes together (limit mail_bytes)")
        found.append(attachment)
    return tuple(found)


def _items(email: EmailInput) -> Iterator[dict[str, Json]]:
    if isinstance(email.attachments, dict):
        yield email.attachments
    else:
        yield from email.attachments or ()


async def _open(item: dict[str, Json], index: int, blobs: Blobs) -> Attachment:
    where = f"attachment {index + 1}"
    if is_reference(item):
        item = {"content": item}
    content, name, media_type = item.get("content"), item.get("name", ""), item.get("type", "")
    if not isinstance(name, str) or not isinstance(media_type, str):
        raise BadInput(f"the `name` or the `type` of {where} is no text")
    if unknown := item.keys() - _MEMBERS:
        raise BadInput(f"{where} has {min(unknown)!r}; it has `content`, `name` and `type` only")
    if isinstance(content, str):
        if not name:
            raise BadInput(f"{where} is a text without a `name`, such as orders.csv")
        guessed = media_type or mimetypes.guess_type(name)[0] or "text/plain"
        return Attachment(content=content.encode("utf-8", "replace"), media_type=guessed, name=name)
    if not is_reference(content):
        raise BadInput(f"{where} is neither a blob nor an object whose `content` is a blob or a text")
    blob = await blobs.open(content)
    return Attachment(content=blob.content, media_type=media_type or blob.media_type, name=name or blob.name)
