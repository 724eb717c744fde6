"""The page on the REST interface is what the server's own document says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from runpy import run_path

from holdfast.api.document import openapi

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_is_made_from_the_document() -> None:
    written = run_path(str(REFERENCE / "make_rest.py"))["text"]()
    assert (REFERENCE / "rest.md").read_text() == written, "Run: python docs/reference/make_rest.py"


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    operations = [
        told
        for path, methods in openapi()["paths"].items()
        if path.startswith("/api/v1/")
        for told in methods.values()
    ]
    names = [told["operationId"] for told in operations]
    assert sorted(set(names)) == sorted(names)
    assert [told["operationId"] for told in operations if not told.get("description")] == []


def test_the_command_prints_the_document() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "holdfast", "api", "openapi"], capture_output=True, check=True
    )
    assert json.loads(told.stdout)["paths"].keys() == openapi()["paths"].keys()
