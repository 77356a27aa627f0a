# SPDX-License-Identifier: GPL-2.0-only
"""Makes ELF cores, of either class and byte order, with notes and memory; and the compressed dumps
of makedumpfile."""

import struct
import zlib

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


PAGE = 4096


def compressed_dump(shape, vmcoreinfo, memory, physical):
    """As makedumpfile -c writes it for an arm64 machine (its IMPLEMENTATION and diskdump_mod.h
    describe the format): headers, two bitmaps of pages, a descriptor for each page, the pages."""
    first = physical // PAGE
    memory = memory + bytes(-len(memory) % PAGE)
    pages = [zlib.compress(memory[at:at + PAGE]) for at in range(0, len(memory), PAGE)]
    max_page = first + len(pages)

    bitmap = bytearray(max_page // 8 + 1)
    for page in range(first, max_page):
        bitmap[page // 8] |= 1 << page % 8
    bitmap += bytes(-len(bitmap) % PAGE)
    bitmap_blocks = 2 * len(bitmap) // PAGE
    text = note(shape, "VMCOREINFO", vmcoreinfo)        # behind the second header
    text_at = PAGE + 256
    blocks = (256 + len(text)) // PAGE + 1

    names = [b"Linux", b"crashed", b"6.12.0", b"#1", b"aarch64", b"(none)"]
    header = b"KDUMP   " + shape.pack("i", 6) + b"".join(name.ljust(65, b"\0") for name in names)
    header = header.ljust(424, b"\0") + shape.pack(
        "IiiIIIIIii", 1, PAGE, blocks, bitmap_blocks, max_page, 0, 0, 0, 0, 1)
    second = shape.pack("QiiQQQQQQQQQQQ", physical, 1, 0, 0, 0,
                        text_at + text.index(vmcoreinfo), len(vmcoreinfo), text_at,
                        len(text), 0, 0, 0, 0, max_page)
    start = header.ljust(PAGE, b"\0") \
        + (second.ljust(256, b"\0") + text).ljust(blocks * PAGE, b"\0") + 2 * bytes(bitmap)

    at = len(start) + 24 * len(pages)
    descriptors = b""
    for page in pages:
        descriptors += shape.pack("QIIQ", at, len(page), 1, 0)
        at += len(page)
    return start + descriptors + b"".join(pages)
