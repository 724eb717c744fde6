"""What the bodies of OTLP over HTTP say: protobuf or JSON, plain or gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from holdfast.errors import InvalidValue, TooLarge

JSON, PROTOBUF = "application/json", "application/x-protobuf"
_Body = TypeVar("_Body", bound=Message)


def read_body(kind: type[_Body], body: bytes, content_type: str) -> _Body:
    """A request's body.

    Raises:
        InvalidValue: it is neither protobuf nor JSON of that kind.
    """
    found = kind()
    try:
        if content_type == JSON:
            json_format.Parse(body, found, ignore_unknown_fields=True)
        elif content_type == PROTOBUF:
            found.ParseFromString(body)
        else:
            raise InvalidValue(
                f"Content-Type = {content_type!r} is not OTLP's.",
                hint=f"Send {PROTOBUF} or {JSON}.",
            )
    except (json_format.ParseError, DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue(
            f"The body is not an {kind.DESCRIPTOR.name}: {str(error)[:200]}",
            hint="Send what an OTLP exporter sends.",
        ) from None
    return found


def unpacked(body: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """A body as it was before it was packed.

    Raises:
        InvalidValue: it is packed in another way than gzip, or wrongly.
        TooLarge: it is larger than it may be.
    """
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise InvalidValue(
            f"Content-Encoding = {encoding!r} is not gzip.", hint="Send it as it is, or as gzip."
        )
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, max_bytes)
    except zlib.error as error:
        raise InvalidValue(f"The body is not gzip: {error}.", hint="Send it as it is.") from None
    if unpacker.unconsumed_tail:
        raise TooLarge(f"The body has more than {max_bytes} bytes.", hint="Send smaller batches.")
    return plain


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes as Python values; those that are no plain value are left out."""
    return dict(_plain(pairs))


def _plain(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, Any]]:
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        if kind in ("string_value", "int_value", "double_value", "bool_value"):
            yield pair.key, getattr(pair.value, kind)
