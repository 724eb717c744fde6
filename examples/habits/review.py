"""Review the migration with squawk and against a catalogue it was tried on (role code-reviewer).

Exits with 3 while a finding is open. Excluding a rule in squawk.toml, with a reason, waives it.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from _checks import try_out
from _common import FINDINGS_OPEN, connect, parser, progress, result, run
from _squawk import lint
from _work import MIGRATION, REVIEW, read_file, write_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from _findings import Finding


async def main(options: argparse.Namespace) -> int:
    sql = read_file(options.work, MIGRATION, made_by="architect.py")
    progress(0, 2, "asking squawk")
    linted = lint(options.work / MIGRATION)
    progress(1, 2, "trying the migration and looking at the catalogue")
    async with connect(options) as connection:
        tried = await try_out(connection, sql)
    progress(2, 2, "reviewed")
    findings = merged(linted, tried)
    still_open = [finding for finding in findings if finding.waived is None]
    tell(findings)
    review = {"findings": [asdict(finding) for finding in findings], "open": len(still_open)}
    write_json(options.work, REVIEW, review)
    result(review)
    return FINDINGS_OPEN if still_open else 0


def merged(linted: Iterable[Finding], tried: Iterable[Finding]) -> list[Finding]:
    """One list; a failure of an object that the linter warned of is told with that finding."""
    findings = list(linted)
    for finding in tried:
        for i, foreseen in enumerate(findings):
            same = foreseen.object == finding.object and foreseen.waived is None
            if same and finding.rule == "migration-fails":
                findings[i] = replace(foreseen, message=f"{foreseen.message} {finding.message}")
                break
        else:
            findings.append(finding)
    return findings


def tell(findings: list[Finding]) -> None:
    """Print the findings for a person, the open ones last, where they are seen."""
    for finding in sorted(findings, key=lambda finding: finding.waived is None):
        state = "OPEN  " if finding.waived is None else "waived"
        print(f"{state} {finding.told()}", file=sys.stderr)
        if finding.waived is not None:
            print(f"       because: {finding.waived}", file=sys.stderr)
    if not findings:
        print("nothing found", file=sys.stderr)


if __name__ == "__main__":
    run(main, parser(__doc__))
