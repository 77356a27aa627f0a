# SPDX-License-Identifier: GPL-2.0-only
"""Bars on a logarithmic scale, as SVG that looks well on light and dark pages."""

import html
import math

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 250, 90, 22, 64
COLOURS = ("#2a78b5", "#c8642d")
GREY = "#888888"


def text(x, y, words, anchor="start", size=12, weight="normal", fill=GREY):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-weight="{weight}" fill="{fill}">{html.escape(words)}</text>')


def rectangle(x, y, width, height, colour):
    return (f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.1f}" height="{height}" '
            f'fill="{colour}"/>')


def bars(title, unit, groups, names=("ours", "kexec-tools")):
    """groups is a list of (words, values), a value for each name: a number, or None."""
    values = [value for _, pair in groups for value in pair if value]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    scale = (WIDTH - LEFT - RIGHT) / max(high - low, 1)

    def at(value):
        return LEFT + (math.log10(value) - low) * scale

    height = TOP + len(groups) * (len(names) * ROW + 14) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
           'font-family="sans-serif">', f"<title>{html.escape(title)}</title>",
           text(8, 20, title, size=14, weight="bold")]
    for index, name in enumerate(names):
        x = 8 + 110 * index
        out += [rectangle(x, 33, 12, 12, COLOURS[index]), text(x + 18, 44, name)]
    for power in range(low, high + 1):
        x = at(10 ** power)
        out += [f'<line x1="{x:.0f}" y1="{TOP - 6}" x2="{x:.0f}" y2="{height - 22}" '
                f'stroke="{GREY}" stroke-opacity="0.4"/>',
                text(x, height - 8, f"{10.0 ** power:g} {unit}", "middle", 11)]
    y = TOP
    for words, pair in groups:
        out.append(text(LEFT - 10, y + len(names) * ROW / 2 + 4, words, "end"))
        for index, value in enumerate(pair):
            # Nothing has no place on this scale.
            end = at(value) if value else LEFT
            out += [rectangle(LEFT, y, max(end - LEFT, 1), ROW - 4, COLOURS[index]),
                    text(end + 6, y + 14, f"{value:.3g}" if value else "0")]
            y += ROW
        y += 14
    return "\n".join([*out, "</svg>", ""])
