"""The page on plan files, and the schema that editors use, are what plans are read with."""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from holdfast.errors import PlanError
from holdfast.plans.loading import parse_plan
from holdfast.plans.schema import plan_schema
from tests.support.small_plan import YAML

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
AGAIN = "Run: python docs/reference/make_plan_file.py"
STEP = {"id": "a", "command": ["true"]}
GOOD: list[dict[str, Any]] = [
    yaml.safe_load(YAML),
    yaml.safe_load((ROOT / "examples" / "habits" / "habits.yaml").read_text()),
    {"name": 1, "steps": [STEP | {"timeout": "1.5h", "on_failure": "continue"}]},
    {"name": "p", "roles": {"r": {"prompt": "p", "timeout": 5}}, "steps": [STEP]},
    {"name": "p", "checklist": [{"id": "c", "plan": "p", "step": "s"}], "steps": [STEP]},
]
BAD: list[dict[str, Any]] = [
    {"name": "p"},
    {"name": "p", "steps": [STEP | {"comand": []}]},
    {"name": "p", "steps": [STEP | {"timeout": "soon"}]},
    {"name": "p", "steps": [STEP | {"timeout": 0}]},
    {"name": "p", "steps": [STEP | {"on_failure": "again"}]},
    {"name": "p", "steps": [STEP | {"on_failure": {"at_most": 1}}]},
    {"name": "p", "mode": "never", "steps": [STEP]},
    {"name": "p", "checklist": [{"id": "c"}], "steps": [STEP]},
    {"name": "p", "checklist": [{"id": "c", "tick": True, "command": ["x"]}], "steps": [STEP]},
    {"name": "p", "roles": {"r": {}}, "steps": [STEP]},
    {"name": "p", "steps": [STEP | {"parallel": "yes"}]},
]


def test_the_page_and_the_schema_are_made_from_the_code() -> None:
    made = run_path(str(REFERENCE / "make_plan_file.py"))
    assert (REFERENCE / "plan-file.md").read_text() == made["text"](), AGAIN
    assert (REFERENCE / "plan.schema.json").read_text() == made["schema_text"](), AGAIN


def test_the_schema_takes_what_is_a_plan_and_refuses_what_is_none() -> None:
    validator = jsonschema.Draft202012Validator(plan_schema())
    validator.check_schema(plan_schema())
    for plan in GOOD:
        assert not list(validator.iter_errors(plan)), json.dumps(plan)
        parse_plan(plan)
    for plan in BAD:
        assert list(validator.iter_errors(plan)), json.dumps(plan)
        with pytest.raises(PlanError):
            parse_plan(plan)
