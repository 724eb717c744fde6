"""What a review finds, and what was waived with a reason."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from holdfast.errors import ConfigError

Source: TypeAlias = Literal["squawk", "catalogue", "shadow"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that one object breaks; open until it is waived with a reason."""

    rule: str
    object: str
    message: str
    source: Source
    line: int | None = None
    waived: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has said why it may stay."""
        return self.waived is None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waivers:
    """Why findings may stay: by rule, or by rule and object."""

    reasons: dict[str, str] = dataclasses.field(default_factory=dict)

    def applied(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, each with the reason for which it may stay.

        >>> found = Finding(rule="a", object="public.t", message="", source="catalogue")
        >>> Waivers(reasons={"a public.t": "why not"}).applied([found])[0].waived
        'why not'
        """
        return [
            dataclasses.replace(one, waived=one.waived or self._reason(one)) for one in findings
        ]

    def _reason(self, finding: Finding) -> str | None:
        by_object = self.reasons.get(f"{finding.rule} {finding.object}")
        return by_object or self.reasons.get(finding.rule)


def read_waivers(file: Path | None) -> Waivers:
    """The table `[waivers]` of a TOML file: `rule = "reason"` or `"rule object" = "reason"`.

    Raises:
        ConfigError: it cannot be read, or waives something without a reason.
    """
    if file is None:
        return Waivers()
    try:
        read: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Correct the file.") from error
    reasons = read.get("waivers", {})
    for rule, reason in reasons.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ConfigError(f"{file}: {rule} is waived without a reason.", hint="Say why.")
    return Waivers(reasons=reasons)
