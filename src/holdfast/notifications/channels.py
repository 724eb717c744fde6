"""Where people are told. An address has secrets in it, so everything but sending knows a channel by its name."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Channel:
    """A place where people are told."""

    name: str
    """The service and a digest of the address: the same for all workers that are configured alike."""
    url: str = dataclasses.field(repr=False)
    """The address, as Apprise reads it."""


def channels_of(urls: Sequence[str]) -> tuple[Channel, ...]:
    """The channels of some addresses, each once.

    >>> channels_of(["json://localhost:8080"])
    (Channel(name='json-f40243cc'),)
    """
    named = {_name(url): url for url in _whole(urls)}
    return tuple(Channel(name=name, url=url) for name, url in named.items())


def _name(url: str) -> str:
    scheme = url.partition("://")[0].lower()[:40] if "://" in url else "unknown"
    return f"{scheme}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _whole(urls: Sequence[str]) -> list[str]:
    """What stands in the environment is cut at its commas, of which an address may have some itself."""
    whole: list[str] = []
    for url in urls:
        if whole and "://" not in url:
            whole[-1] += f",{url}"
        else:
            whole.append(url)
    return whole
