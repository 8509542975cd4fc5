"""ETags of entities: V2 has them in `__metadata`, V4 as `@odata.etag`, V4.01 as `@etag` too; a list has one for each
row, which stays where the service writes it."""

from looply.jsontext import Json


def with_etag(output: dict[str, Json]) -> dict[str, Json]:
    """Returns an output whose `headers.etag` is that of the entity in its body, when no header has it."""
    headers = output["headers"]
    if "etag" in headers or (etag := entity_etag(output["data"])) is None:
        return output
    return {**output, "headers": {**headers, "etag": etag}}


def entity_etag(data: Json) -> str | None:
    """Returns the ETag in an entity's own metadata; None for a list, and for a body that has none."""
    if not isinstance(data, dict):
        return None
    entity = data.get("d", data)
    if not isinstance(entity, dict):
        return None
    metadata = entity.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else entity.get("@odata.etag", entity.get("@etag"))
    return etag if isinstance(etag, str) else None
