"""Draws how wrong the time remaining is while runs go on, from the replays of `bench/eta.py`.

.venv/bin/python docs/pictures/draw_eta.py > docs/pictures/eta.svg
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench._histories import KINDS, Moment
from bench.eta import moments

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 300, 56, 190, 40, 44
STEPS, MOST = 12, 0.6
STYLE = """
    text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #24302b } .quiet { fill: #6c776f; font-size: 11px }
    .rule { stroke: #6c776f; opacity: .25 } .paper { fill: #fbfaf6 } path { fill: none; stroke-width: 2 }
    .both { stroke: #7a8f3a } .own { stroke: #7a8f3a; stroke-dasharray: 4 4 } .average { stroke: #e07a2f }
    @media (prefers-color-scheme: dark) { text { fill: #e3e6df } .quiet { fill: #98a39b } .paper { fill: #151a18 }
      .both, .own { stroke: #a3b85c } }
"""


def main() -> str:
    """The picture as SVG."""
    kind = KINDS["log-normal steps"]
    known = [one for seed in range(6) for one in moments(kind, 20, seed)]
    fresh = [one for seed in range(6) for one in moments(kind, 0, seed)]
    lines = {
        "both": ("twenty runs before", ours(known)),
        "own": ("no run before", ours(fresh)),
        "average": ("average × steps left", average(known)),
    }
    body = [axes(), *(line(name, points) for name, (_, points) in lines.items())]
    body += [
        f'<text x="{x(STEPS - 1) + 8:.0f}" y="{TOP + 20 + 22 * row}">{title}</text>'
        f'<path class="{name}" d="M{WIDTH - 22} {TOP + 16 + 22 * row} h14"/>'
        for row, (name, (title, _)) in enumerate(lines.items())
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = "How wrong the time remaining is, as a share of the whole run"
    paper = f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    told = f'<text x="{LEFT}" y="24" font-weight="600">{title}</text>'
    return "\n".join(
        [head, f"<title>{title}</title><style>{STYLE}</style>", paper, told, *body, "</svg>"]
    )


def ours(seen: list[Moment]) -> dict[int, float]:
    """The error by how many steps are done."""
    errors = defaultdict(list)
    for one in seen:
        if one.told is not None:
            left = one.told.remaining.median_seconds
            errors[one.done].append(abs(left - one.left_seconds) / one.total_seconds)
    return {done: statistics.fmean(found) for done, found in errors.items()}


def average(seen: list[Moment]) -> dict[int, float]:
    """The same of the plain formula."""
    errors = defaultdict(list)
    for one in seen:
        if one.average_seconds is not None:
            errors[one.done].append(abs(one.average_seconds - one.left_seconds) / one.total_seconds)
    return {done: statistics.fmean(found) for done, found in errors.items()}


def x(done: float) -> float:
    """Where so many steps stand."""
    return LEFT + (WIDTH - LEFT - RIGHT) * done / (STEPS - 1)


def y(error: float) -> float:
    """Where such an error stands."""
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(error, MOST) / MOST


def line(name: str, points: dict[int, float]) -> str:
    """One line of errors."""
    told = " L".join(f"{x(done):.1f} {y(error):.1f}" for done, error in sorted(points.items()))
    return f'<path class="{name}" d="M{told}"/>'


def axes() -> str:
    """What the lines are measured by."""
    rules = [
        f'<line class="rule" x1="{LEFT}" x2="{x(STEPS - 1):.0f}" y1="{y(e / 10):.1f}" y2="{y(e / 10):.1f}"/>'
        f'<text class="quiet" x="{LEFT - 8}" y="{y(e / 10) + 4:.1f}" text-anchor="end">{10 * e} %</text>'
        for e in range(0, 7, 2)
    ]
    marks = [
        f'<text class="quiet" x="{x(done):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{done}</text>'
        for done in range(0, STEPS, 2)
    ]
    below = f'<text class="quiet" x="{LEFT}" y="{HEIGHT - 8}">steps done of {STEPS}, log-normal, replayed</text>'
    return "\n".join([*rules, *marks, below])


if __name__ == "__main__":
    print(main())
