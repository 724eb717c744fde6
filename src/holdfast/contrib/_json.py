"""JSON items as bytes, whatever text they have."""

from __future__ import annotations

import json
from typing import Any

from holdfast.errors import InvalidValue


def encoded(item: Any) -> bytes:
    """An item's bytes; the same item always has the same.

    >>> encoded({"text": "é"}).decode()
    '{"text":"é"}'
    """
    try:
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(
            f"The item is not JSON: {error}.", hint="Give it as the framework hands it over."
        ) from error
    return text.encode("utf-8", "surrogatepass")


def decoded(content: bytes) -> Any:
    """The item that has these bytes."""
    return json.loads(content.decode("utf-8", "surrogatepass"))
