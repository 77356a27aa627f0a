# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's pseries, whose hypervisor QEMU itself is; see emulator.py.

There is no firmware but the stub of the harness, which stands at the beginning of memory, as the
old kernel does: with vectors of its own, and with a copy of the blob's first bytes in front.
"""

import functools
import hashlib
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import abi
from layout import RAM, RECORD, ROOT, START, UNMAPPED

sys.path.insert(0, str(ROOT / "tests/vm"))
import newer_qemu  # noqa: E402  pylint: disable=wrong-import-position

BLOCK = 0x100  # of the new kernel, in front of the blob and at 0
RUN_AT_LOAD = 0x5C
BEGINNING = 0x10000  # of memory, which is saved
VECTORS_END = 0x1040
BACKUP = RAM + 0x340000  # where to
BOOT_CPU = START["handed"] + 28  # in a device tree's header
TERMINAL = 0x71000000
RTAS = 0x3000  # see harness_ppc64le.S
START_CPU, SYSTEM_REBOOT = 0x2006, 0x2004
CONFIG = 0x2000
OLD_HASH_TABLE = 20  # as the tree has its size; what the hypervisor has is a 128th of memory
HASH_TABLE = (UNMAPPED - 1).bit_length() - 7
STUB_LITTLE, STUB_SLAVE, STUB_OPEN = 1, 2, 4

VSHASIGMAW = struct.pack("<I", 0x10000682)  # v0,v0,0,0
# or 31,31,31, at the lowest priority, and what goes back to it.
WAIT = struct.pack("<II", 0x7FFFFB78, 0x4BFFFFFC)
MSR_LE = 1
SYSTEM_RESET = 0x64  # as QEMU writes it


@functools.cache
def qemu(newer):
    """The system's, or one that has machine checks: None where that cannot be fetched."""
    if not newer:
        return ["qemu-system-ppc64"]
    try:
        return newer_qemu.find("ppc64le")[0]
    except (OSError, subprocess.SubprocessError):
        return None


def without_sha256(blob):
    """The same for a CPU without the instructions: the first one is where it tries."""
    assert VSHASIGMAW in blob
    return blob.replace(VSHASIGMAW, bytes(4), 1)


class Tree:
    """A device tree with these CPUs, {first thread: threads}, and room for the record."""

    def __init__(self, cpus):
        self.strings = b""
        self.places = {}  # of values, by node and name
        self.structure = struct.pack(">I4x", 1)
        self.begin("chosen")
        # So that the record is where the other boards have it, behind a property's header.
        fill = RECORD - START["handed"] - 12 - (0x38 + len(self.structure)) - 12
        self.add("fill", bytes(fill))
        self.add("kexec,purgatory", abi.RECORD_UNUSED)
        self.end()
        self.front = 0x38 + len(self.structure)
        for first, threads in cpus.items():
            self.begin(f"cpu@{first:x}")
            self.add("reg", struct.pack(">I", first))
            self.add("ibm,ppc-interrupt-server#s",
                     struct.pack(f">{threads}I", *range(first, first + threads)))
            self.add("ibm,pft-size", struct.pack(">2I", 0, OLD_HASH_TABLE))
            self.end()
        self.back = 8
        self.structure += struct.pack(">2I", 2, 9)

    def begin(self, name):
        self.node = name
        self.structure += struct.pack(">I", 1) + name.encode() + bytes(4 - len(name) % 4)

    def add(self, name, value):
        self.structure += struct.pack(">3I", 3, len(value), len(self.strings))
        self.places[self.node, name] = range(0x38 + len(self.structure),
                                             0x38 + len(self.structure) + len(value))
        self.structure += value + bytes(-len(value) % 4)
        self.strings += name.encode() + b"\0"

    def end(self):
        self.structure += struct.pack(">I", 2)

    def pack(self, total):
        strings = 0x38 + len(self.structure)
        return struct.pack(">10I16x", 0xD00DFEED, total, 0x38, strings, 0x28, 17, 16, 0xFFFFFFFF,
                           len(self.strings), len(self.structure)) + self.structure + self.strings


TREE = Tree({0: 4, 8: 4})


@dataclass(frozen=True)
class Machine:
    """One CPU model. What emulator.py asks of each family's machines."""
    cpu: str
    newer: bool = False

    arch: ClassVar = "ppc64le"
    params_offset: ClassVar = BLOCK
    reset: ClassVar = 1
    console: ClassVar = {"console_type": abi.CONSOLE_HVTERM, "console_base": TERMINAL}
    own: ClassVar = (BACKUP, RTAS << 32 | RTAS, SYSTEM_REBOOT, 512000000)
    state_size: ClassVar = 128  # of what stands above the stack
    tick_rate: ClassVar = 512000000
    ticks_per_instruction: ClassVar = 0.512  # one takes 1 ns
    paths: ClassVar = {
        "cached-cpu": ({}, abi.CACHES_ON, abi.CORE_CPU),
        "cached-plain": ({"hidden": ("sha2",)}, abi.CACHES_ON, abi.CORE_PLAIN),
    }
    # Of a line of QEMU's -d int.
    interrupt: ClassVar = re.compile(
        r"^Raise exception at (?P<at>\w+) => \w+ \((?P<vector>\w+)\)", re.M)
    # Where each of them may write besides.
    writes: ClassVar = (range(BLOCK, VECTORS_END), range(BACKUP, BACKUP + BEGINNING),
                        range(START["kernel"] + RUN_AT_LOAD, START["kernel"] + RUN_AT_LOAD + 4),
                        range(BOOT_CPU, BOOT_CPU + 4))

    @staticmethod
    def build(_directory):
        return {}

    def missing(self):
        """Why there is no such machine here; None if there is."""
        return None if qemu(self.newer) else "sid's QEMU cannot be fetched"

    @property
    def has_machine_checks(self):
        """An access to no memory at all is one; in older QEMU it reads as zero."""
        return self.newer

    def command(self, case):
        return [*qemu(self.newer), "-M",
                "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off",
                "-cpu", case.cpu or self.cpu, "-m", f"{UNMAPPED >> 20}",
                *(["-smp", "2,maxcpus=2,threads=1"] if case.slave else [])]

    @staticmethod
    def beginning(case, filled, stub):
        """What is at 0: firmware to QEMU, the old kernel to the purgatory."""
        flags = (STUB_LITTLE * case.little_vectors | STUB_SLAVE * case.slave
                 | STUB_OPEN * case.streaming)
        config = struct.pack(">3Q", case.load, flags, case.boot_cpu)
        config += struct.pack(">7I", START_CPU, 3, 1, 1, 0x2100, 1, 0)
        content = bytes(filled[:BLOCK]) + stub[BLOCK:CONFIG] + config + stub[CONFIG + len(config):]
        return content.ljust(BEGINNING, b"\x5a")

    @staticmethod
    def stub(_case, _code, _directory):
        return [], {}

    def flags(self, _case):
        return 0

    def change(self, case, code, built):
        """The planner puts the new kernel's beginning into the blob."""
        code[4:BLOCK] = built["kernel"][4:BLOCK]
        for name in case.hidden:
            assert name == "sha2"
            code[:] = without_sha256(bytes(code))
        for name, words in case.code.items():
            at = built["symbols"][name]
            # Calls pass over the two instructions that find out about addresses.
            at += 8 if code[at + 2:at + 4] == b"\x4c\x3c" else 0
            code[at:at + 4 * len(words)] = struct.pack(f"<{len(words)}I", *words)

    def tables(self, *_):
        return []

    @staticmethod
    def handed_content(content):
        tree = TREE.pack(len(content))
        return tree + content[len(tree):]

    @staticmethod
    def edited(content):
        """Of such a tree, in which the nodes of CPUs change: purgatory_params.edited."""
        strings, = struct.unpack_from(">I", content, 12)
        constant = (content[:12] + content[16:28] + content[40:TREE.front]
                    + content[strings - TREE.back:strings + len(TREE.strings)])
        return abi.EDITED.pack(TREE.front, TREE.back, len(TREE.strings),
                               hashlib.sha256(constant).digest())

    @staticmethod
    def halted_at(registers, code, load):
        """Where the CPU waits, if it is in the loop that does nothing."""
        pc = int(re.search(r"NIP ([0-9a-f]+)", registers)[1], 16)
        offset = pc - load
        if 4 <= offset < len(code) and WAIT in code[offset - 4:offset + 8]:
            return load
        return None

    # -- what the tests compare

    @staticmethod
    def assert_kernel_contract(result, faulted):
        """What the kernel's first instructions want, and what the CPU has for itself as it was
        left. At a fault the CPU itself writes why."""
        before, after = result.registers("before"), result.registers("after")
        assert after.pop("r3") == result.handed
        assert after.pop("r4") == result.entry
        assert [after.pop(f"r{i}") for i in range(5, 10)] == [0] * 5
        assert after.pop("MSR") == before.pop("MSR") & ~MSR_LE
        assert len(before) == 23
        if faulted:
            for name in ("DAR", "DSISR"):
                del before[name], after[name]
        assert after == before

    @staticmethod
    def is_unreadable(syndrome):
        """A machine check."""
        return syndrome >> 32 == 0x200


MACHINES = {
    "power8": Machine("power8"),
    "power9": Machine("power9"),
    "power10": Machine("power10", newer=True),
}
