# SPDX-License-Identifier: GPL-2.0-only
"""purgatory/abi.h for the tests: written down a second time, so that a change of one shows."""

import hashlib
import struct
from dataclasses import dataclass, field

MAGIC = b"KEXPURG1"
VERSION = 7
PARAMS_SIZE = 1392
REGIONS_MAX = 16
TABLES_SETS = 2

SKIP_CHECK, VERBOSE, SME_USED, SME_UNUSED, SCREEN, HANDED_EDITED, HASHED = 1, 2, 4, 8, 16, 32, 64
HALT, RESET, BOOT = (int.from_bytes(word, "big") for word in (b"halt", b"rset", b"boot"))
CONSOLE_NONE, CONSOLE_PL011, CONSOLE_8250, CONSOLE_HVTERM = 0, 1, 2, 3
NO_RESET, PSCI_SMC, PSCI_HVC = 0, 1, 2
RESET_PC = 1
MODE_BACK = 1

RESULT_NONE, VERIFIED, SKIPPED, CORRUPT, FAULT = 0, 1, 2, 3, 4
CACHES_NONE, CACHES_ON, NO_TABLES, NO_GRANULE, MMU_ON = 0, 1, 2, 3, 4
CORE_NONE, CORE_PLAIN, CORE_CPU, CORE_VECTOR = 0, 1, 2, 3

HEADER = struct.Struct("<8sIIQ")
FIELDS = struct.Struct("<QQQIIIIQIIII")
REGION = struct.Struct("<QQQ32s16s")
TABLES = struct.Struct("<QQQ")
EDITED = struct.Struct("<3Q32s")
RECORD = struct.Struct(">8s6I3QI16s")
RECORD_UNUSED = struct.pack(">8sII60x", b"KEXECREC", 1, 76)


@dataclass
class Region:
    name: str
    start: int
    data: bytes
    mem_size: int
    digest: bytes | None = None
    data_size: int | None = None

    def pack(self):
        digest = self.digest or hashlib.sha256(self.data).digest()
        size = len(self.data) if self.data_size is None else self.data_size
        return REGION.pack(self.start, size, self.mem_size, digest, self.name.encode())


@dataclass
class Params:
    kernel_entry: int
    handed: int
    handed_size: int
    regions: list = field(default_factory=list)
    flags: int = 0
    on_corruption: int = HALT
    reset: int = NO_RESET
    console_type: int = CONSOLE_NONE
    console_base: int = 0
    console_reg_shift: int = 0
    console_reg_width: int = 0
    console_divisor: int = 0
    tables: list = field(default_factory=list)  # (root, bytes) of each set
    record: int = 0
    own: tuple = (0, 0, 0, 0)
    edited: bytes = bytes(56)  # of a tree that the old kernel keeps true

    def fill(self, blob, at):
        """A copy of the blob, whose parameters are there, with all but its own header filled in."""
        values = FIELDS.pack(
            self.kernel_entry, self.handed, self.handed_size, self.flags, self.on_corruption,
            self.reset, self.console_type, self.console_base, self.console_reg_shift,
            self.console_reg_width, len(self.regions), self.console_divisor)
        regions = b"".join(region.pack() for region in self.regions)
        regions = regions.ljust(REGIONS_MAX * REGION.size, b"\0")
        tables = b"".join(TABLES.pack(root, len(data), words_sum(data))
                          for root, data in self.tables)
        tables = tables.ljust(TABLES_SETS * TABLES.size, b"\0")
        head = blob[at:at + HEADER.size]
        block = head + values + regions + tables + struct.pack("<5Q", self.record, *self.own)
        block += self.edited
        block += struct.pack("<Q", words_sum(block))
        assert len(block) == PARAMS_SIZE
        return blob[:at] + block + blob[at + PARAMS_SIZE:]


@dataclass
class Record:
    """struct purgatory_record."""
    magic: bytes
    version: int
    size: int
    result: int
    caches: int
    core: int
    tick_rate: int
    entered: int
    left: int
    bytes: int
    bad_count: int
    bad_name: bytes

    @classmethod
    def parse(cls, data):
        return cls(*RECORD.unpack(data))


def reset_by(port, value):
    """PURGATORY_RESET_BY of x86_64."""
    return RESET_PC | value << 8 | port << 16


def header(blob, at):
    """(magic, version, size, mem_size) of a blob whose parameters are there."""
    return HEADER.unpack_from(blob, at)


def words_sum(data):
    total = 0
    for word, in struct.iter_unpack("<Q", data):
        total = (total ^ word) * 0x9E3779B97F4A7C15 % (1 << 64)
        total ^= total >> 32
    return total
