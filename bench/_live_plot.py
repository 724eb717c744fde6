"""The plot of latencies: an SVG that needs no library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from bench._live_server import percentile

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 340, 60, 50, 30
_COLOURS = ("#5b8def", "#2a9d8f", "#e9a23b", "#d1495b")


def draw(latencies: Mapping[tuple[int, int, int], list[float]]) -> str:
    """Latency by rate: a line for each number of subscribers, full for p99 and dashed for p50, one gateway."""
    rates = sorted({rate for rate, _, _ in latencies})
    crowds = sorted({crowd for _, crowd, _ in latencies})
    longest = max(percentile(took, 0.99) for took in latencies.values())
    top = 10 ** math.ceil(math.log10(max(longest, 10)))
    parts = [_axis(rates, top)]
    for number, crowd in enumerate(crowds):
        colour = _COLOURS[number % len(_COLOURS)]
        for share, dash in ((0.99, ""), (0.5, ' stroke-dasharray="4 4"')):
            points = [
                (rate, percentile(latencies[rate, crowd, 1], share))
                for rate in rates
                if (rate, crowd, 1) in latencies
            ]
            path = " ".join(f"{_x(rate, rates):.0f},{_y(took, top):.0f}" for rate, took in points)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
            )
        place = _TOP + 16 * number
        parts.append(
            f'<text x="{_WIDTH - 130}" y="{place}" fill="{colour}">{crowd:,} subscribers</text>'
        )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
    return f"{head}{''.join(parts)}</svg>\n"


def _axis(rates: list[int], top: float) -> str:
    parts = [
        f'<text x="{_x(rate, rates):.0f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle" fill="#888">{rate:,}</text>'
        for rate in rates
    ]
    step = 1.0
    while step <= top:
        y = _y(step, top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 140}" y1="{y:.0f}" y2="{y:.0f}" stroke="#8884"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end" fill="#888">{step:,.0f}</text>'
        )
        step *= 10
    told = escape("ms from the write to the client (full: p99, dashed: p50), by events a second")
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}" fill="#888">{told}</text>')
    return "".join(parts)


def _x(rate: int, rates: list[int]) -> float:
    lowest, highest = math.log(rates[0]), math.log(rates[-1])
    share = 0.5 if lowest == highest else (math.log(rate) - lowest) / (highest - lowest)
    return _LEFT + 20 + share * (_WIDTH - 140 - _LEFT - 40)


def _y(took: float, top: float) -> float:
    share = math.log10(max(took, 1)) / math.log10(top)
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)
