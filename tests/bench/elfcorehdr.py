# SPDX-License-Identifier: GPL-2.0-only
"""What it takes to show the program headers of a core that has as many as one may have."""

import struct

from guest import said
from plan import here
from load import rows_of

COUNT = 1 << 20
CANNOT = "has no such command"
TABLE, PAGE = 128, 4096


def note(name, kind, content):
    padded = name + bytes(-len(name) % 4)
    return struct.pack("<III", len(name), len(content), kind) + padded + \
        content + bytes(-len(content) % 4)


def write(path, kind):
    """A core file of x86_64 whose program headers but for the first are all of memory, or all of
    notes; they have the same bytes."""
    data = -(-(TABLE + 56 * COUNT) // PAGE) * PAGE
    notes = note(b"CORE\0", 1, bytes(336))
    text = note(b"VMCOREINFO\0", 0, b"OSRELEASE=6.18.0-bench\n")
    with open(path, "wb") as file:
        # There are more than the ELF header can say: a section header has the number.
        file.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, TABLE, 64, 0,
                               64, 56, 0xffff, 64, 1, 0) + struct.pack("<44xI16x", COUNT))
        size = len(notes + text)
        file.write(struct.pack("<IIQQQQQQ", 4, 0, data, 0, 0, size, size, 4))
        for index in range(1, COUNT):
            start = (4 << 30) + index * (32 << 20)
            file.write(struct.pack("<IIQQQQQQ", 1, 7, data + PAGE, 0xffff888000000000 + start,
                                   start, PAGE, PAGE, PAGE) if kind == "memory" else
                       struct.pack("<IIQQQQQQ", 4, 0, data, 0, 0, len(notes), len(notes), 4))
        file.seek(data)
        file.write((notes + text).ljust(2 * PAGE, b"\0"))


def elfcorehdr(bench):
    """kexec --elfcorehdr=json; the first run is thrown away."""
    helper, rows = bench.helper(), []
    for kind in ("memory", "notes"):
        path = bench.scratch / f"{kind}.core"
        write(path, kind)
        what = f"--elfcorehdr=json, {COUNT:,} program headers, {kind}"
        said(what)
        # The answer is that it cannot be told, or that there are gaps: not 0.
        command = ["sh", "-c", '"$0" --elfcorehdr=json "$1"; test $? -lt 3', str(bench.host_kexec),
                   str(path)]
        took = [here(helper, command) for _ in range(bench.runs + 1)]
        rows += rows_of(what, {"ours": took[1:], "peer": CANNOT},
                        ((1, "CPU time", "s", 2), (2, "peak memory", "MiB", 1)))
        path.unlink()
    return rows, ""
