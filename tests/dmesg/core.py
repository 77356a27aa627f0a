# SPDX-License-Identifier: GPL-2.0-only
"""Makes ELF cores: of either class and byte order, with notes and memory."""

import struct

PT_LOAD, PT_NOTE = 1, 4


class Shape:
    """Word size and byte order of a crashed machine."""

    def __init__(self, bits, order):
        self.bits = bits
        self.order = order          # "<" or ">"
        self.word_size = bits // 8

    def __str__(self):
        return f"{'le' if self.order == '<' else 'be'}{self.bits}"

    def pack(self, form, *values):
        """As struct.pack(); "P" is a word of the machine."""
        return struct.pack(self.order + form.replace("P", "Q" if self.bits == 64 else "I"),
                           *values)

    def word(self, value):
        return self.pack("P", value & (1 << self.bits) - 1)


SHAPES = [Shape(bits, order) for bits in (64, 32) for order in "<>"]


def note(shape, name, content, kind=0):
    raw = name.encode() + b"\0"
    return (shape.pack("III", len(raw), len(content), kind) + raw + b"\0" * (-len(raw) % 4)
            + content + b"\0" * (-len(content) % 4))


def elf_core(shape, notes, loads, machine=183, extended=False):
    """The file. A load is (vaddr, paddr, bytes[, size in memory]); extended gives the number
    of program headers as if it did not fit the ELF header."""
    bits64 = shape.bits == 64
    ehdr_size, phdr_size, shdr_size = (64, 56, 64) if bits64 else (52, 32, 40)
    count = 1 + len(loads)
    table = ehdr_size
    shdr = table + count * phdr_size
    at = shdr + (shdr_size if extended else 0)

    def phdr(kind, offset, vaddr, paddr, filesz, memsz):
        mask = (1 << shape.bits) - 1
        values = [value & mask for value in (offset, vaddr, paddr, filesz, memsz)]
        if bits64:
            return shape.pack("IIQQQQQQ", kind, 7, *values, 0)
        return shape.pack("IIIIIIII", kind, *values, 7, 0)

    headers = [phdr(PT_NOTE, at, 0, 0, len(notes), len(notes))]
    body = notes
    for vaddr, paddr, data, *size in loads:
        headers.append(phdr(PT_LOAD, at + len(body), vaddr, paddr, len(data),
                            size[0] if size else len(data)))
        body += data
    ident = b"\x7fELF" + bytes([2 if bits64 else 1, 1 if shape.order == "<" else 2, 1])
    ehdr = ident.ljust(16, b"\0") + shape.pack(
        "HHIPPPIHHHHHH", 4, machine, 1, 0, table, shdr if extended else 0, 0, ehdr_size,
        phdr_size, 0xffff if extended else count, shdr_size, 1 if extended else 0, 0)
    section = b""
    if extended:
        info = 44 if bits64 else 28
        section = (b"\0" * info + shape.pack("I", count)).ljust(shdr_size, b"\0")
    return ehdr + b"".join(headers) + section + body
