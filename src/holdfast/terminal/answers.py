"""What a person types as an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def typed_answer(text: str, options: Sequence[Any] | None) -> Any:
    """An option as it stands, else JSON, else the text.

    >>> typed_answer("yes", ["yes", "no"]), typed_answer("3", None), typed_answer("later", None)
    ('yes', 3, 'later')
    """
    if options and text in options:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
