"""What a client says over the WebSocket; `web/protocol/asyncapi.yaml` describes the same, and a test compares them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from holdfast.errors import HoldfastError, InvalidValue
from holdfast.live.asking import MOST_STREAMS, Asking, asking
from holdfast.live.scope import NOUNS

_LONGEST_ID = 64
_LONGEST_NAME = 200
_LONGEST_CURSOR = 4096


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Subscribe(_Message):
    """Give me these events, from there on."""

    type: Literal["subscribe"]
    id: Annotated[str, Field(min_length=1, max_length=_LONGEST_ID)]
    venture: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    kinds: Annotated[list[str], Field(max_length=10)] | None = None
    streams: Annotated[list[str], Field(max_length=MOST_STREAMS)] | None = None
    directive: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    session: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    supervisor: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    execution: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    plan: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None
    since: Annotated[str, Field(max_length=_LONGEST_CURSOR)] | None = None
    positions: Annotated[dict[str, int], Field(max_length=MOST_STREAMS)] | None = None
    epoch: Annotated[str, Field(max_length=_LONGEST_NAME)] | None = None

    def asking(self) -> Asking:
        """The same, checked; raises `InvalidValue`."""
        named: dict[str, str] = {
            noun: getattr(self, noun) for noun in NOUNS if getattr(self, noun) is not None
        }
        return asking(
            named,
            kinds=self.kinds or (),
            streams=self.streams or (),
            since=self.since,
            positions=self.positions,
            epoch=self.epoch,
        )


class Unsubscribe(_Message):
    """No more of this subscription."""

    type: Literal["unsubscribe"]
    id: Annotated[str, Field(min_length=1, max_length=_LONGEST_ID)]


class Ping(_Message):
    """Are you there?"""

    type: Literal["ping"]


class Pong(_Message):
    """I am here."""

    type: Literal["pong"]


Message: TypeAlias = Subscribe | Unsubscribe | Ping | Pong
_ADAPTER: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def message_of(text: str) -> Message:
    """What a text frame says.

    Raises:
        InvalidValue: nothing that we know.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "frame"
        raise InvalidValue(
            f"{place}: {first['msg']}.", hint="docs/reference/live.md lists every frame."
        ) from None


def told_error(error: HoldfastError, id_: str | None = None) -> dict[str, Any]:
    """The frame that tells of an error; the connection goes on."""
    told = {
        "type": "error",
        "id": id_,
        "code": error.sqlstate or error.code,
        "message": error.message,
        "hint": error.hint,
    }
    return {name: value for name, value in told.items() if value is not None}
