"""What is answered to users over HTTP besides the resources: public functions, and these named queries."""

from __future__ import annotations

import re
from typing import Any

from holdfast.errors import InvalidValue, NotFound

# Each is read under row-level security, so what it shows is the caller's own; those that are not here look into the
# catalogue, or belong to the feed and the duties.
READABLE = frozenset(
    """
    conversation_checkpoints conversation_items conversation_parts conversation_run conversations directive
    directive_among directive_keys directive_tree directives drift_watches execution execution_logs execution_progress
    execution_steps executions find_plan find_question find_supervisor fleet grip list_checkpoints
    list_plans list_supervisor_steps list_supervisors live_among live_executions live_sessions live_supervisors me
    newest_conversation_items notifications one_supervisor outcomes plan plan_awaited plan_outputs plan_progress
    plan_questions plan_rounds plan_steps plan_story plan_story_events plan_story_steps plan_todos plan_under_way
    plans proceeding question questions restorations session session_progress session_questions sessions standing
    stream stream_end supervisor tree_news usual_seconds
    """.split()  # noqa: SIM905 - a list of words
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def require_readable(query: str) -> None:
    """Refuse a query that is not for users."""
    if query not in READABLE:
        raise NotFound(
            f"There is no query {query!r} for users.", hint="Use the resources of the API."
        )


def require_names(function: str, arguments: dict[str, Any]) -> None:
    """Refuse what is no name: it would become a part of the statement."""
    for name in (function, *arguments):
        if _NAME.fullmatch(name) is None:
            raise InvalidValue(
                f"{name!r} is no name of a function or an argument.", hint="Use a–z, 0–9 and _."
            )
