"""The limit of a role on shell commands: a hook that refuses each that no pattern of the role allows.

Claude Code starts it with the patterns before each shell command; the event is on standard input. Exit code 2 refuses, and hands standard
error to the model. A command is taken apart at `|`, `&&`, `||` and `;`, and each part must be allowed. What cannot be judged by its text
(substitutions, redirections but to nowhere, several lines) is refused.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence

REFUSED = 2
_JOINTS = {"|", "&&", "||", ";"}
_OPERATOR = re.compile(r"[();<>|&]+")
_TO_NOWHERE = re.compile(r"(?:(?<=\s)\d|&)?>\s*/dev/null(?=$|[\s;|&])|(?<=\s)2>&1(?=$|[\s;|&])")
_UNJUDGED = re.compile(r"[`\n\r]|\$[({]|[<>]\(")
_MOST_TOLD_CHARACTERS = 500


def main(patterns: Sequence[str] | None = None) -> int:
    """Run the hook; gives its exit code."""
    allowed = sys.argv[1:] if patterns is None else patterns
    command = _command()
    if command is not None and is_allowed(command, allowed):
        return 0
    told = (command or "")[:_MOST_TOLD_CHARACTERS]
    sys.stderr.write(
        f"Your role may only run {', '.join(allowed)}; joined by |, && or ; if need be, "
        f"without substitutions and redirections. Refused: {told}"
    )
    return REFUSED


def is_allowed(command: str, patterns: Sequence[str]) -> bool:
    """Whether every part of a command is allowed by a pattern; they are written as in Claude Code's `Bash(…)`.

    >>> is_allowed("git log -3 | head", ["git log *", "head"])
    True
    >>> is_allowed("git log; rm a", ["git log *"]), is_allowed("git log $(rm a)", ["git log *"])
    (False, False)
    """
    parts = _parts(command)
    known = [_regex(pattern) for pattern in patterns]
    return bool(parts) and all(any(one.fullmatch(part) for one in known) for part in parts)


def _parts(command: str) -> list[str]:
    """The simple commands of one; none where its text does not say what would run."""
    bare = _TO_NOWHERE.sub(" ", command)
    if _UNJUDGED.search(bare):
        return []
    words = shlex.shlex(bare, posix=True, punctuation_chars=True)
    words.whitespace_split, words.commenters = True, ""
    parts: list[list[str]] = [[]]
    try:
        for word in words:
            if word in _JOINTS:
                parts.append([])
            elif _OPERATOR.fullmatch(word):
                return []
            else:
                parts[-1].append(word)
    except ValueError:
        return []
    return [" ".join(part) for part in parts]


def _regex(pattern: str) -> re.Pattern[str]:
    """`git diff *` is also `git diff` alone, and `git diff:*` is the same."""
    pattern = re.sub(r":\*$", " *", pattern.strip())
    if pattern.endswith(" *") and pattern.count("*") == 1:
        return re.compile(re.escape(pattern[:-2]) + r"(?: .*)?", re.DOTALL)
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _command() -> str | None:
    try:
        command = json.load(sys.stdin.buffer)["tool_input"]["command"]
    except (ValueError, LookupError, TypeError):
        return None
    return command if isinstance(command, str) else None


if __name__ == "__main__":
    sys.exit(main())
