# SPDX-License-Identifier: GPL-2.0-only
"""Kernel logs in memory, in the three layouts that kernels have had, as ELF cores.

Each class takes the records of a log and lays them out as the kernel of its time would
(Documentation/admin-guide/kdump/vmcoreinfo.rst names the fields). Its memory and VMCOREINFO
can be spoilt before core() makes the file.
"""

import dataclasses
import unicodedata

import core

TURNING = {0x61c, 0x200e, 0x200f, *range(0x2028, 0x202f), *range(0x2066, 0x206a)}


def shown(text):
    """Text as it may reach a terminal: UTF-8, without control characters and what turns it."""
    return b"".join(
        char.encode() if char in "\n\t" or
        not (unicodedata.category(char) == "Cc" or ord(char) in TURNING)
        else b"".join(b"\\x%02x" % byte for byte in char.encode())
        for char in text.decode(errors="backslashreplace"))


@dataclasses.dataclass
class Record:
    """One message; the text is bytes."""
    text: bytes
    ns: int = 0
    level: int = 6
    facility: int = 0
    caller: int = 1
    state: int = 2              # of the ring: 0 reserved, 1 committed, 2 finalized, 3 reusable


    def line(self):
        """As vmcore-dmesg prints it: control characters and what is no ASCII are escaped."""
        text = b"".join(bytes([byte]) if 32 <= byte < 127 or byte in b"\t\n"
                        else b"\\x%02x" % byte for byte in self.text)
        seconds, ns = divmod(self.ns, 10**9)
        return b"[%5d.%06d] %s\n" % (seconds, ns // 1000, text)


def base(shape):
    """Where the kernel's memory is virtually."""
    return 0xffff800080000000 if shape.bits == 64 else 0xc0000000


PHYSICAL = 0x40000000


class Log:
    """Memory from base(shape) on, with what VMCOREINFO says about it."""

    def __init__(self, shape, size, release):
        self.shape = shape
        self.memory = bytearray(size)
        self.info = {"OSRELEASE": release, "PAGESIZE": "4096"}
        self.machine = 183 if shape.bits == 64 else 40

    def address(self, offset):
        return base(self.shape) + offset

    def put(self, offset, data):
        assert offset + len(data) <= len(self.memory)
        self.memory[offset:offset + len(data)] = data

    def put_word(self, offset, value):
        self.put(offset, self.shape.word(value))

    def symbol(self, name, offset):
        self.info[f"SYMBOL({name})"] = f"{self.address(offset):x}"

    def describe(self, struct, size=None, **fields):
        if size is not None:
            self.info[f"SIZE({struct})"] = str(size)
        for name, offset in fields.items():
            self.info[f"OFFSET({struct}.{name})"] = str(offset)

    def vmcoreinfo(self):
        return "".join(f"{key}={value}\n" for key, value in self.info.items()).encode()

    def expected(self):
        """What is to be printed."""
        return b"".join(record.line() for record in self.kept)

    def core(self, loads=None, **options):
        notes = core.note(self.shape, "CORE", b"registers", 1) \
            + core.note(self.shape, "VMCOREINFO", self.vmcoreinfo())
        loads = loads or [(base(self.shape), PHYSICAL, bytes(self.memory))]
        return core.elf_core(self.shape, notes, loads, machine=self.machine, **options)


class Ring(Log):
    """The lockless ring buffer, since 5.10."""

    def __init__(self, shape, records, count_bits=5, size_bits=10, first_id=None,
                 exact_end=False):
        word = shape.word_size
        self.word = word
        self.count, self.size = 1 << count_bits, 1 << size_bits
        self.desc_size, self.info_size = 3 * word, 88
        self.mask = (1 << shape.bits - 2) - 1
        self.flags_shift = shape.bits - 2
        # The pointer, the structure, the descriptors, the infos, the text.
        self.prb, self.rb = 0, 64
        self.descs = 512
        self.infos = self.descs + self.count * self.desc_size + 8
        self.text = self.infos + self.count * self.info_size
        self.exact_end = exact_end
        super().__init__(shape, self.text + self.size, "6.12.0")
        self.put_word(self.prb, self.address(self.rb))
        desc_ring, text_ring = 0, 6 * word
        self.symbol("prb", self.prb)
        self.describe("printk_ringbuffer", 12 * word, desc_ring=desc_ring,
                      text_data_ring=text_ring)
        self.describe("prb_desc_ring", None, count_bits=0, descs=word, infos=2 * word,
                      head_id=3 * word, tail_id=4 * word)
        self.describe("prb_data_ring", None, size_bits=0, data=word)
        self.describe("prb_desc", self.desc_size, state_var=0, text_blk_lpos=word)
        self.describe("prb_data_blk_lpos", None, begin=0, next=word)
        self.describe("printk_info", self.info_size, seq=0, ts_nsec=8, text_len=16, caller_id=20,
                      dev_info=24)
        self.describe("atomic_long_t", None, counter=0)
        self.put(self.rb, shape.pack("I", count_bits))
        self.put_word(self.rb + word, self.address(self.descs))
        self.put_word(self.rb + 2 * word, self.address(self.infos))
        self.put(self.rb + text_ring, shape.pack("I", size_bits))
        self.put_word(self.rb + text_ring + word, self.address(self.text))
        # The kernel begins so near the end of the numbers that all wrap soon.
        self.next_id = -(self.count + 1) & self.mask if first_id is None else first_id
        self.next_lpos = -self.size & (1 << shape.bits) - 1
        self.seq = 0
        self.tail = None
        self.live = []              # (id, begin, next) of what is not overwritten
        self.by_id = {}
        for record in records:
            self.add(record)

    def allocate(self, size):
        """The logical positions of a block, as the kernel chooses them. Kernels differ in
        whether a block may end exactly where the ring does."""
        limit = 1 << self.shape.bits
        begin = self.next_lpos
        following = begin + size
        if begin // self.size != (following - self.exact_end) // self.size:
            following = following // self.size * self.size + size
        self.next_lpos = following % limit
        return begin, self.next_lpos

    def desc_at(self, identity):
        return self.descs + identity % self.count * self.desc_size

    def info_at(self, identity):
        return self.infos + identity % self.count * self.info_size

    def add(self, record):
        shape, identity = self.shape, self.next_id
        begin = following = 3       # without data
        if record.text:
            block = -(-(self.word + len(record.text)) // self.word) * self.word
            begin, following = self.allocate(block)
            offset = begin % self.size
            if offset + block > self.size - (not self.exact_end):
                self.drop_under(offset, self.size - offset)
                offset = 0
            self.drop_under(offset, block)
            self.put_word(self.text + offset, identity)
            self.put(self.text + offset + self.word, record.text)
            self.live.append((identity, offset, offset + block))
        self.put_word(self.desc_at(identity), record.state << self.flags_shift | identity)
        self.put_word(self.desc_at(identity) + self.word, begin)
        self.put_word(self.desc_at(identity) + 2 * self.word, following)
        bits = record.level << 5 | 1 if shape.order == "<" else 1 << 3 | record.level
        self.put(self.info_at(identity), shape.pack(
            "QQHBBI", self.seq, record.ns, len(record.text), record.facility, bits,
            record.caller))
        self.by_id[identity] = record
        if self.tail is None:
            self.tail = identity
        if (identity - self.tail & self.mask) >= self.count:
            self.tail = self.tail + 1 & self.mask
            if self.live and self.live[0][0] == self.tail - 1 & self.mask:
                self.live.pop(0)
        self.put_word(self.rb + 3 * self.word, identity)
        self.put_word(self.rb + 4 * self.word, self.tail)
        self.seq += 1
        self.next_id = identity + 1 & self.mask

    def place(self, identity, offset, size):
        """Let a record have its text elsewhere, whatever is there."""
        self.put_word(self.text + offset, identity)
        self.put_word(self.desc_at(identity) + self.word, offset)
        self.put_word(self.desc_at(identity) + 2 * self.word, offset + size)
        self.put(self.info_at(identity) + 16, self.shape.pack("H", min(size - self.word, 0xffff)))

    @property
    def kept(self):
        ids = [self.tail + n & self.mask for n in range(self.count)]
        ids = ids[:ids.index(self.next_id - 1 & self.mask) + 1] if self.by_id else []
        return [self.by_id[one] for one in ids if self.by_id[one].state in (1, 2)]

    def drop_under(self, offset, size):
        """Records whose text is overwritten are no longer the oldest."""
        while self.live and self.live[0][1] < offset + size and offset < self.live[0][2]:
            identity = self.live.pop(0)[0]
            self.put_word(self.desc_at(identity), 3 << self.flags_shift | identity)
            self.tail = identity + 1 & self.mask


def overlapping(shape):
    """A ring whose records all have the rest of it as their text."""
    log = Ring(shape, [Record(b"text")] * 30)
    for number, identity in enumerate(log.by_id):
        offset = 2 * log.word * (number + 1)
        log.place(identity, offset, log.size - log.word - offset)
    return log


class Records(Log):
    """Records of variable length, 3.5 to 5.9."""

    def __init__(self, shape, records, size=1024, struct="printk_log", caller=False):
        self.header = 24 if caller else 16
        self.pointer, self.length, self.first, self.next, self.buffer = 0, 16, 20, 24, 64
        self.size = size
        super().__init__(shape, self.buffer + size, "4.19.0")
        self.caller = caller
        for name, offset in (("log_buf", self.pointer), ("log_buf_len", self.length),
                             ("log_first_idx", self.first), ("log_next_idx", self.next)):
            self.symbol(name, offset)
        self.describe(struct, self.header, ts_nsec=0, len=8, text_len=10, dict_len=12)
        self.put_word(self.pointer, self.address(self.buffer))
        self.put(self.length, shape.pack("I", size))
        self.index = 0
        self.live = []              # (offset, size) of what is not overwritten
        self.kept = []
        for record in records:
            self.add(record)

    def add(self, record, dictionary=b""):
        length = -(-(self.header + len(record.text) + len(dictionary)) // 8) * 8
        if self.index + length + self.header > self.size:
            self.drop_under(self.index, self.size - self.index)
            self.put(self.buffer + self.index, bytes(self.header))
            self.index = 0
        self.drop_under(self.index, length + self.header)
        bits = record.level << 5 | 1 if self.shape.order == "<" else 1 << 3 | record.level
        header = self.shape.pack("QHHHBB", record.ns, length, len(record.text), len(dictionary),
                                 record.facility, bits)
        if self.caller:
            header += self.shape.pack("I", record.caller)
        self.put(self.buffer + self.index,
                 (header.ljust(self.header, b"\0") + record.text + dictionary).ljust(length, b"\0"))
        self.live.append((self.index, length))
        self.kept.append(record)
        self.index += length
        self.put(self.first, self.shape.pack("I", self.live[0][0]))
        self.put(self.next, self.shape.pack("I", self.index))

    def drop_under(self, offset, size):
        while self.live and self.live[0][0] < offset + size \
                and offset < self.live[0][0] + self.live[0][1]:
            self.live.pop(0)
            self.kept.pop(0)


class Text(Log):
    """Plain text with the level in angle brackets, before 3.5; no printk() gets a NUL into it."""

    def __init__(self, shape, text, size=256):
        text = text.replace(b"\0", b"")
        self.pointer, self.length, self.end, self.chars, self.buffer = 0, 16, 20, 24, 64
        super().__init__(shape, self.buffer + size, "2.6.32")
        for name, offset in (("log_buf", self.pointer), ("log_buf_len", self.length),
                             ("log_end", self.end), ("logged_chars", self.chars)):
            self.symbol(name, offset)
        self.put_word(self.pointer, self.address(self.buffer))
        for index, byte in enumerate(text):
            self.memory[self.buffer + index % size] = byte
        self.put(self.length, shape.pack("I", size))
        self.put(self.end, shape.pack("I", len(text)))
        self.put(self.chars, shape.pack("I", min(len(text), size)))
        self.expected = lambda: shown(text[-size:])
