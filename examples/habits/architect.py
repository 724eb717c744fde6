"""Draw the migration from the live catalogue and rules.toml (role db-architect).

The first draft leaves one thing out, as drafts do: `--forget` chooses which. Sent back with
findings, it mends what they name and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _catalogue import read_tables
from _common import DIFFERS, LIVE, SHADOW, ProgramError, connect, log, parser, progress, result, run
from _draft import Omission, draft
from _rules import load_rules
from _work import MIGRATION, write_file

if TYPE_CHECKING:
    import argparse

FORGETTABLE = {
    "not-valid": frozenset({Omission("not-valid", "habits_first_week_id_fkey")}),
    "index": frozenset({Omission("index", "records_week_id_fkey")}),
    "row-security": frozenset({Omission("row-security", f"{SHADOW}.weeks")}),
    "condition": frozenset({Omission("condition", f"{SHADOW}.weeks.weeks_readable")}),
    "nothing": frozenset[Omission](),
}

MENDED_BY = {
    "constraint-missing-not-valid": "not-valid",
    "adding-foreign-key-constraint": "not-valid",
    "migration-fails": "not-valid",
    "foreign-key-without-index": "index",
    "table-without-row-security": "row-security",
    "policy-for-everyone": "condition",
}


async def main(options: argparse.Namespace) -> int:
    findings = open_findings(options)
    progress(0, 3, f"reading the catalogue of {LIVE}")
    async with connect(options) as connection:
        tables = await read_tables(connection, LIVE)
    progress(1, 3, "reading the rules")
    rules = load_rules()
    forgotten = FORGETTABLE[options.forget]
    mended = to_mend(findings, forgotten)
    progress(2, 3, "drawing the migration")
    sql = draft(tables, rules, forgotten - mended)
    path = write_file(options.work, MIGRATION, sql)
    for omission in sorted(mended):
        log("info", f"mended: {omission.object} has its {omission.kind} now")
    progress(3, 3, f"wrote {path}")
    result(
        {
            "file": MIGRATION,
            "sha256": hashlib.sha256(sql.encode()).hexdigest(),
            "tables": len(rules),
            "constraints": sum(len(rule.constraints) for rule in rules.values()),
            "mended": [omission._asdict() for omission in sorted(mended)],
        }
    )
    return 0


def open_findings(options: argparse.Namespace) -> list[dict[str, Any]]:
    """What a review found and nobody waived, from --findings or $HOLDFAST_FINDINGS."""
    source, text = "HOLDFAST_FINDINGS", os.environ.get("HOLDFAST_FINDINGS", "")
    if options.findings:
        source, text = str(options.findings), options.findings.read_text(encoding="utf-8")
    try:
        value = json.loads(text or "[]")
    except json.JSONDecodeError as error:
        raise ProgramError(
            f"{source} is not JSON: {error}", hint="give what review.py wrote"
        ) from None
    findings = value.get("findings") if isinstance(value, dict) else value
    if not isinstance(findings, list) or not all(_is_finding(each) for each in findings):
        raise ProgramError(
            f"{source} is not a list of findings, each with its rule and object",
            hint="give what review.py wrote",
        )
    return [finding for finding in findings if finding.get("waived") is None]


def _is_finding(value: object) -> bool:
    return isinstance(value, dict) and {"rule", "object"} <= value.keys()


def to_mend(findings: list[dict[str, Any]], forgotten: frozenset[Omission]) -> frozenset[Omission]:
    """What of the forgotten the findings name; a finding about anything else is refused."""
    mended = set()
    for finding in findings:
        omission = Omission(MENDED_BY.get(finding["rule"], ""), finding["object"])
        if omission not in forgotten:
            raise ProgramError(
                f"cannot mend {finding['rule']} on {finding['object']}: nothing was left out there",
                hint="mend rules.toml or the live schema, or waive the rule in squawk.toml",
                exit_code=DIFFERS,
            )
        mended.add(omission)
    return frozenset(mended)


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument(
        "--forget", choices=FORGETTABLE, default="not-valid", help="what the first draft leaves out"
    )
    arguments.add_argument(
        "--findings",
        metavar="FILE",
        type=Path,
        help="a review's result (default: $HOLDFAST_FINDINGS)",
    )
    run(main, arguments)
