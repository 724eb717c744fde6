"""What holds on the database holds through a server: the same tests, with the fixtures of this folder."""

from __future__ import annotations

from tests.hooks.test_companion import (  # noqa: F401
    test_a_gated_call_waits_for_a_person_and_an_approval_is_for_one_exact_call,
    test_a_session_whose_directive_was_taken_is_stopped_and_told_by_whom,
    test_the_first_hook_registers_the_session_and_tells_it_its_place,
)
from tests.surfaces.test_auto_proceed_cli import (  # noqa: F401
    test_advance_finishes_verifies_and_takes_what_is_next,
    walking,
)
from tests.surfaces.test_claims_cli import test_a_claim_that_is_refused_says_why  # noqa: F401
from tests.surfaces.test_directives_cli import test_a_tree_is_imported_once  # noqa: F401
from tests.surfaces.test_sessions_cli import (  # noqa: F401
    test_a_session_is_started_found_and_ended,
    test_names_with_marks_of_the_terminals_own_are_shown_as_they_are,
)
from tests.sync.test_away_cli import (  # noqa: F401
    holding,
    test_several_writes_come_in_order_when_the_database_is_back,
)
from tests.top.test_top import (  # noqa: F401
    test_a_question_is_answered_with_two_keys,
    test_what_happens_is_shown_as_it_happens,
)
