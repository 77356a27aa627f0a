# SPDX-License-Identifier: GPL-2.0-only
"""A dump with its header made otherwise than the tool and the kernel make it.

What readers make of such a dump is why the header is as it is: see doc/dump-readers.md, and the
test of those choices in tests/unit/test_elfcorehdr.c. Memory is the same in all of them.
"""

import dataclasses
import os
import struct

EHDR, PHDR = "<16sHHIQQQIHHHHHH", "<IIQQQQQQ"
E_FLAGS, E_PHNUM = 7, 10
PT_LOAD, PT_NOTE = 1, 4
PAGE = 4096
# How much further memory is in the file, so that there is room before it.
ROOM = 64 << 10
# Of a note of registers and of one without a description, both of x86_64.
NOTE_HEAD = struct.Struct("<III8s")
EMPTY_NOTE = bytes(NOTE_HEAD.size + 336)


@dataclasses.dataclass
class Phdr:
    """A program header, in the order of the file."""
    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class Header:
    """What is changed: the fields of the ELF header, program headers, notes."""

    def __init__(self, file):
        self.ehdr = list(struct.unpack(EHDR, file.read(struct.calcsize(EHDR))))
        phdrs = [Phdr(*struct.unpack(PHDR, file.read(struct.calcsize(PHDR))))
                 for _ in range(self.ehdr[E_PHNUM])]
        (note,) = (phdr for phdr in phdrs if phdr.type == PT_NOTE)
        file.seek(note.offset)
        self.notes = file.read(note.filesz)
        # The kernel's own text comes first.
        self.text, *self.memory = (phdr for phdr in phdrs if phdr.type == PT_LOAD)
        self.loads = [self.text, *self.memory]
        self.note = note
        for load in self.loads:
            load.offset += ROOM

    def write(self, file):
        """All of it."""
        file.seek(self.note.offset)
        file.write(self.notes)
        self.note.filesz = self.note.memsz = len(self.notes)
        phdrs = [self.note, *self.loads]
        self.ehdr[E_PHNUM] = len(phdrs)
        file.seek(0)
        file.write(struct.pack(EHDR, *self.ehdr) + b"".join(
            struct.pack(PHDR, *dataclasses.astuple(phdr)) for phdr in phdrs))
        assert file.tell() <= PAGE


# --- each by the words that its function begins with ---------------------------------------

def same(_):
    """none of these (more room before the memory)"""


def notes_last(header):
    """the notes behind the memory"""
    end = max(load.offset + load.filesz for load in header.loads)
    header.note.offset = end + -end % PAGE


def aligned(header):
    """`p_align` of memory is 4096, not 0"""
    for load in header.loads:
        load.align = PAGE


def text_last(header):
    """the kernel's text comes last"""
    header.loads = [*header.memory, header.text]


def descending(header):
    """memory by falling address"""
    header.loads = [header.text, *reversed(header.memory)]


def no_text(header):
    """no header of the kernel's text"""
    header.loads = header.memory


def no_addresses(header):
    """`p_vaddr` of memory is 0"""
    for load in header.memory:
        load.vaddr = 0


def all_ones(header):
    """`p_vaddr` of memory is -1"""
    for load in header.memory:
        load.vaddr = (1 << 64) - 1


def _split(header, at):
    """The largest piece of memory becomes two that touch."""
    whole = max(header.memory, key=lambda load: load.filesz)
    rest = dataclasses.replace(whole, filesz=whole.filesz - at, memsz=whole.filesz - at,
                               **{name: getattr(whole, name) + at
                                  for name in ("offset", "vaddr", "paddr")})
    whole.filesz = whole.memsz = at
    header.loads.insert(header.loads.index(whole) + 1, rest)


def touching(header):
    """two headers touch at a page"""
    _split(header, 128 << 20)


def touching_in_a_page(header):
    """two headers touch within a page"""
    _split(header, (128 << 20) + PAGE // 2)


def no_flags(header):
    """`p_flags` of memory is 0"""
    for load in header.loads:
        load.flags = 0


def processor_flags(header):
    """`e_flags` is 2"""
    header.ehdr[E_FLAGS] = 2


def empty_note_first(header):
    """zeros for the notes of a CPU, first"""
    header.notes = EMPTY_NOTE + header.notes


def empty_note_between(header):
    """zeros for the notes of a CPU, between two"""
    size, described, *_ = NOTE_HEAD.unpack_from(header.notes)
    first = 12 + -(-size // 4) * 4 + -(-described // 4) * 4
    header.notes = header.notes[:first] + EMPTY_NOTE + header.notes[first:]


def padded_notes(header):
    """a page of zeros behind the notes"""
    header.notes += bytes(PAGE)


VARIANTS = (same, aligned, text_last, descending, no_text, no_addresses, all_ones, touching,
            touching_in_a_page, no_flags, processor_flags, notes_last, empty_note_first,
            empty_note_between, padded_notes)


def words(variant):
    """What is otherwise."""
    return variant.__doc__


def _copy_memory(old, new):
    """What of a file is not a hole, and not before the memory, by ROOM further."""
    size = os.fstat(old).st_size
    os.truncate(new, size + ROOM)
    start = 0
    while start < size:
        try:
            start = os.lseek(old, start, os.SEEK_DATA)
        except OSError:     # the rest is a hole
            return
        end = os.lseek(old, start, os.SEEK_HOLE)
        while start < end:
            start += os.copy_file_range(old, new, end - start, start, start + ROOM)


def make(dump, variant, place):
    """A copy of one of dumps.Dump, so changed, at a path."""
    with open(dump.path, "rb") as old, open(place, "w+b") as new:
        header = Header(old)
        _copy_memory(old.fileno(), new.fileno())
        variant(header)
        header.write(new)
    return dataclasses.replace(dump, path=place, loads=len(header.loads))
