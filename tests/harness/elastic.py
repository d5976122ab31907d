# SPDX-License-Identifier: Apache-2.0
"""What Elasticsearch reads out of a `_bulk` request, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .capture import parse_records

ERRORS = {
    400: ("document_parsing_exception", "failed to parse field [context.n] of type [long]"),
    409: ("version_conflict_engine_exception", "[1]: version conflict, document already exists"),
    429: ("es_rejected_execution_exception", "rejected execution of coordinating operation"),
    503: ("unavailable_shards_exception", "primary shard is not active"),
}


@dataclass(frozen=True)
class Document:
    """One action with its source."""

    action: str
    index: str
    id: str
    source: dict[str, Any]


def decode_bulk(path: str, body: bytes) -> list[Document]:
    """The documents of a request. It must end with a line end, and every line be an object."""
    parts = path.split("?")[0].strip("/").split("/")
    assert parts[-1] == "_bulk", path
    assert body.endswith(b"\n"), "a bulk body ends with a line end"
    lines = parse_records(body)
    assert len(lines) % 2 == 0, "an action without a source"
    documents = []
    for head, source in zip(lines[::2], lines[1::2], strict=True):
        ((action, meta),) = head.items()
        index = meta.get("_index") or parts[0]
        documents.append(Document(action, index, meta["_id"], source))
    return documents


def bulk_answer(
    documents: Sequence[Document], statuses: Sequence[int], pretty: bool = False
) -> bytes:
    """The reply that gives each document its status."""
    items = [_item(document, status) for document, status in zip(documents, statuses, strict=True)]
    errors = any(status >= 300 for status in statuses)
    reply = {"took": 3, "errors": errors, "items": items}
    return json.dumps(reply, indent=2 if pretty else None).encode()


def _item(document: Document, status: int) -> dict[str, Any]:
    result: dict[str, Any] = {"_index": document.index, "_id": document.id, "status": status}
    if status in ERRORS:
        kind, reason = ERRORS[status]
        result["error"] = {"type": kind, "reason": reason}
    else:
        result["result"] = "created"
    return {document.action: result}
