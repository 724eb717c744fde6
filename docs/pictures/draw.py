"""Draws the grip line of the newest plan of the demo, from what its database holds: `make demo`, then this.

.venv/bin/python docs/pictures/draw.py > docs/pictures/grip-line.svg
"""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import holdfast

WIDTH, LEFT, RIGHT, ROW, TOP = 860, 320, 24, 30, 58
STYLE = """
    text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #24302b }
    .quiet { fill: #6c776f } .bar { fill: #7a8f3a } .failed { fill: #b3392f } .notch { fill: #e07a2f }
    .waits { fill: #e07a2f; opacity: .45 } .gap { stroke: #e07a2f; stroke-dasharray: 2 3 } .rule { stroke: #6c776f; opacity: .25 }
    .paper { fill: #fbfaf6 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e3e6df } .quiet { fill: #98a39b } .bar { fill: #a3b85c } .failed { fill: #e0685e }
      .paper { fill: #151a18 } }
"""


@dataclasses.dataclass(frozen=True)
class Story:
    """What the picture is drawn from."""

    plan: Any
    steps: list[Any]
    restorations: list[Any]
    died_at: datetime | None
    """The last sign of life before the restoration."""


async def read() -> Story:
    """The newest plan of the demo."""
    async with holdfast.connect(data_dir=Path(".holdfast/demo/postgres")) as hf:
        venture_id = await hf.venture_id()
        [plan] = await hf.engine.read("plans", venture_id, 1)
        steps = await hf.engine.read("plan_rounds", venture_id, plan["id"])
        restorations = await hf.engine.read("restorations", venture_id, plan["supervisor_id"])
        died_at = None
        if restorations:
            events = await hf.engine.read(
                "stream_before", venture_id, plan["supervisor_id"], restorations[0]["restored_at"]
            )
            died_at = events[0]["time"] if events else None
    return Story(plan, steps, restorations, died_at)


def draw(story: Story) -> str:
    """The picture as SVG."""
    begin, end = story.plan["started_at"], story.plan["ended_at"]
    scale = (WIDTH - LEFT - RIGHT) / (end - begin).total_seconds()

    def x(moment: datetime) -> float:
        return LEFT + (moment - begin).total_seconds() * scale

    height = TOP + ROW * len(story.steps) + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>The plan {escape(story.plan['name'])}</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
        f'<text x="20" y="28" font-weight="600">{escape(story.plan["name"])}</text>',
        f'<text class="quiet" x="{WIDTH - RIGHT}" y="28" text-anchor="end">{_summary(story)}</text>',
        f'<line class="rule" x1="20" x2="{WIDTH - RIGHT}" y1="42" y2="42"/>',
    ]
    for number, step in enumerate(story.steps):
        parts += _row(story, step, TOP + ROW * number, x)
    parts += _axis(height, (end - begin).total_seconds(), scale)
    return "\n".join([*parts, "</svg>"])


def _row(story: Story, step: Any, y: float, x: Any) -> list[str]:
    begin, end = x(step["started_at"]), x(step["ended_at"])
    label = f"{step['title']}" + (f", round {step['round']}" if step["round"] > 1 else "")
    kind = "failed" if step["status"] == "failed" else "waits" if step["question_id"] else "bar"
    parts = [f'<text x="20" y="{y + 14}">{escape(label)}</text>']
    gap = _gap(story, step)
    if gap is None:
        return [
            *parts,
            f'<rect class="{kind}" x="{begin:.1f}" y="{y + 3}" width="{max(end - begin, 3):.1f}" height="14" rx="1"/>',
        ]
    died, again = x(gap[0]), x(gap[1])
    return [
        *parts,
        f'<rect class="{kind}" x="{begin:.1f}" y="{y + 3}" width="{max(died - begin, 3):.1f}" height="14" rx="1"/>',
        f'<line class="gap" x1="{max(died, begin + 3):.1f}" x2="{again:.1f}" y1="{y + 10}" y2="{y + 10}"/>',
        f'<path class="notch" d="M{again - 4:.1f} {y - 1} h8 v4 l-4 5 l-4 -5 z"/>',
        f'<text class="quiet" x="{again:.1f}" y="{y - 4}" text-anchor="middle" font-size="11">1</text>',
        f'<text class="quiet" x="{(died + again) / 2:.1f}" y="{y + 26}" text-anchor="middle" font-size="11">SIGKILL</text>',
        f'<rect class="{kind}" x="{again:.1f}" y="{y + 3}" width="{max(end - again, 3):.1f}" height="14" rx="1"/>',
    ]


def _gap(story: Story, step: Any) -> tuple[datetime, datetime] | None:
    """From when to when nobody held the step."""
    for restoration in story.restorations:
        if story.died_at and step["started_at"] <= restoration["restored_at"] <= step["ended_at"]:
            return max(story.died_at, step["started_at"]), restoration["restored_at"]
    return None


def _summary(story: Story) -> str:
    seconds = (story.plan["ended_at"] - story.plan["started_at"]).total_seconds()
    return f"{story.plan['status']} in {seconds:.1f} s, restored {len(story.restorations)} time(s)"


def _axis(height: float, seconds: float, scale: float) -> list[str]:
    every = max(1, round(seconds / 6))
    return [
        f'<text class="quiet" x="{LEFT + second * scale:.1f}" y="{height - 14}" text-anchor="middle" font-size="11">{second} s</text>'
        for second in range(0, int(seconds) + 1, every)
    ]


if __name__ == "__main__":
    print(draw(asyncio.run(read())))
