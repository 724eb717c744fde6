"""Expressions in a plan's texts: Jinja2, in its sandbox, where what is not there is an error.

A context has `inputs`, `steps` (each with `outputs`, `result` and `status`), `findings`, and in a `foreach` `item` and `index`.
What a step gave is a value, never a template: it is not rendered again.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, is_undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from holdfast.errors import PlanError

RENDERED = ("command", "prompt", "inputs", "gate", "verify", "undo", "todos")
"""The fields of a step whose texts are rendered; `when` and `foreach` are expressions themselves."""
_SIGNS = "{{"
_SPACE_SIGNS = re.compile(r"^\s*\{\{[-+]?|[-+]?\}\}\s*$")
_MOST_SHOWN_CHARACTERS = 200
HINT = "Braces that are no expression are written {{ '{{' }}."


def render(value: Any, context: Mapping[str, Any]) -> Any:
    """A value with every text in it rendered; a text that is one expression keeps its value's type.

    >>> render({"n": "{{ inputs.n + 1 }}", "told": "n is {{ inputs.n }}"}, {"inputs": {"n": 1}})
    {'n': 2, 'told': 'n is 1'}

    Raises:
        PlanError: an expression names what is not there, or cannot be evaluated.
    """
    match value:
        case str():
            return _render_text(value, context) if has_expression(value) else value
        case Mapping():
            return {key: render(one, context) for key, one in value.items()}
        case list() | tuple():
            return [render(one, context) for one in value]
    return value


def holds(text: str, context: Mapping[str, Any]) -> bool:
    """Whether a condition holds; its braces may be left out.

    >>> holds("steps.check.outputs.errors == 0", {"steps": {"check": {"outputs": {"errors": 0}}}})
    True
    """
    return bool(_render_text(as_expression(text), context))


def items(value: Any, context: Mapping[str, Any]) -> list[Any]:
    """The items of a `foreach`: a list, or what an expression gives.

    >>> items("inputs.tables", {"inputs": {"tables": ["a", "b"]}})
    ['a', 'b']
    """
    found = render(as_expression(value) if isinstance(value, str) else value, context)
    if not isinstance(found, list):
        raise PlanError(
            f"foreach = {value!r:.200} gives {found!r:.100}, which is no list.",
            hint="Name something that is a list.",
        )
    return found


def has_expression(text: str) -> bool:
    """Whether a text is rendered at all."""
    return _SIGNS in text or "{%" in text


def as_expression(text: str) -> str:
    """A text that is an expression, with its braces."""
    return text if has_expression(text) else f"{{{{ {text} }}}}"


def parsed(text: str) -> nodes.Template:
    """A text's syntax tree.

    Raises:
        PlanError: it is not well formed.
    """
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateError as error:
        raise PlanError(f"{_shown(text)} is not well formed: {error.message}", hint=HINT) from None


def _render_text(text: str, context: Mapping[str, Any]) -> Any:
    try:
        return _plain(_compiled(text)(context))
    except PlanError:
        raise
    except TemplateError as error:
        raise PlanError(
            f"{_shown(text)} cannot be evaluated: {str(error.message).removesuffix('.')}."
        ) from None
    except Exception as error:  # whatever its filters and operators raise
        told = f"{type(error).__name__}: {error}".removesuffix(".")
        raise PlanError(f"{_shown(text)} cannot be evaluated: {told}.") from None


@functools.lru_cache(maxsize=2048)
def _compiled(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """What renders a text."""
    match parsed(text).body:
        case [nodes.Output(nodes=[node])] if not isinstance(node, nodes.TemplateData):
            inner = _SPACE_SIGNS.sub("", text)
            expression = _ENVIRONMENT.compile_expression(inner, undefined_to_none=False)
            return lambda context: _there(expression(**context))
    template = _ENVIRONMENT.from_string(text)
    return lambda context: template.render(**context)


def _there(value: Any) -> Any:
    if is_undefined(value):
        str(value)  # raises, and says what is not there
    return value


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case str():
            return str(value)
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple() | set() | range() | Iterator():
            return [_plain(one) for one in value]
    return value


def _as_text(value: Any) -> Any:
    """A value in the middle of a text: what is no text is JSON there."""
    if isinstance(value, str) or is_undefined(value):
        return value
    value = _plain(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= _MOST_SHOWN_CHARACTERS else told[:_MOST_SHOWN_CHARACTERS] + "…"


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key before a method: outputs may be called `items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_ENVIRONMENT = _Environment(
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    finalize=_as_text,
    # The shell's ${#name} is no comment.
    comment_start_string="{{#",
    comment_end_string="#}}",
)
_ENVIRONMENT.filters["tojson"] = lambda value: json.dumps(_plain(value), ensure_ascii=False)
_ENVIRONMENT.filters["quote"] = lambda value: shlex.quote(str(_as_text(value)))
GLOBALS = tuple(_ENVIRONMENT.globals)
"""Names that are there in every expression."""
