# SPDX-License-Identifier: GPL-2.0-only
"""Physical memory as sets of addresses, and /proc/iomem as a list of named ranges.

Independent of the tool under test on purpose: this is what its results are held against.
"""

import dataclasses
import re


class Ranges:
    """A set of addresses, kept as sorted, disjoint, half-open ranges that do not touch.

    Two maps that cut the same memory into different pieces are equal: a kernel and user
    space may disagree about where one DIMM ends and the next begins.
    """

    def __init__(self, ranges=()):
        merged = []
        for start, end in sorted((start, end) for start, end in ranges if start < end):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._ranges = tuple(map(tuple, merged))

    def __iter__(self):
        return iter(self._ranges)

    def __len__(self):
        return len(self._ranges)

    def __eq__(self, other):
        return self._ranges == other._ranges

    def __or__(self, other):
        return Ranges([*self, *other])

    def __and__(self, other):
        return Ranges((max(a, c), min(b, d)) for a, b in self for c, d in other)

    def __sub__(self, other):
        left = list(self)
        for start, end in other:
            left = [piece for a, b in left
                    for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
        return Ranges(left)

    def __str__(self):
        return " ".join(f"[{start:#x}, {end:#x})" for start, end in self) or "nothing"

    __repr__ = __str__


@dataclasses.dataclass(frozen=True)
class Resource:
    """One line of /proc/iomem; end is exclusive here."""
    start: int
    end: int
    name: str


class MemoryMap:
    """What /proc/iomem of one kernel said at one time, and the memory that CMA lends to its capture
    kernel, which has lines of start and end too."""

    def __init__(self, text, lent=""):
        self.lent = Ranges((int(start, 16), int(end, 16) + 1)
                           for start, end in re.findall(r"(\w+)-(\w+)", lent))
        self.resources = []
        for line in text.splitlines():
            start, end, name = re.fullmatch(r" *([0-9a-f]+)-([0-9a-f]+) : (.*)", line).groups()
            self.resources.append(Resource(int(start, 16), int(end, 16) + 1, name))

    def named(self, pattern):
        """The ranges whose names match a regular expression as a whole."""
        return Ranges((entry.start, entry.end) for entry in self.resources
                      if re.fullmatch(pattern, entry.name))

    @property
    def ram(self):
        """Everything the kernel uses as memory, with what drivers brought."""
        return self.named(r"System RAM( \(.*\))?")

    @property
    def crash(self):
        """The reserved region, or both."""
        return self.named("Crash kernel")

    @property
    def dumped(self):
        """What a dump of this machine holds. On a PC no kernel dumps the first MiB, and there is
        none on the other machines."""
        return self.ram - self.crash - self.lent - Ranges([(0, 1 << 20)])


def memory_map(machine):
    """The memory map of the kernel that runs on the machine now."""
    lines, _, lent = machine.check("cat /proc/iomem; echo lent; "
                                   "cat /sys/kernel/kexec_crash_cma_ranges 2>/dev/null || true"
                                   ).partition("lent\n")
    return MemoryMap(lines, lent)
