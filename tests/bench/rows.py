# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement comes to: rows of a table, in Markdown."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    """One line of the table. ours and peer are lists of values, or a sentence why not."""
    what: str
    unit: str
    ours: object
    peer: object
    digits: int = 2

    def cells(self):
        return (self.what, self.unit, self._cell(self.ours), self._cell(self.peer),
                ratio(self.ours, self.peer))

    def _cell(self, values):
        if isinstance(values, str):
            return values
        low, middle, high = (f"{value:,.{self.digits}f}" for value in
                             (min(values), statistics.median(values), max(values)))
        return f"{middle} ({low}..{high})" if low != high else middle


def ratio(ours, peer):
    """That of the medians, with the least and largest of two runs that belong together."""
    if isinstance(ours, str) or isinstance(peer, str) or not all(peer):
        return "-"
    # Run by run: what disturbed both does not count as spread.
    pairs = [one / other for one, other in zip(ours, peer)]
    middle, low, high = (f"{value:.2f}" if value >= 0.1 or not value else f"{value:.2g}"
                         for value in (statistics.median(ours) / statistics.median(peer),
                                       min(pairs), max(pairs)))
    return f"{middle} ({low}..{high})" if low != high else middle


def table(rows):
    """Markdown that can be read as it is."""
    lines = [("what", "unit", "ours", "peer", "ours / peer"), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths))
                   + " |\n" for line in lines)
