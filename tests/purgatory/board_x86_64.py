# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's PCs, with four and five levels of tables; see emulator.py.

There is no BIOS but the stub of the harness. The tables that it enters the purgatory by map RAM and
the stub, as the kernel's map RAM and nothing else.
"""

import functools
import re
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import abi
from layout import CROSS, HERE, OLD_STACK, PAGE, RAM, RAM_SIZE, ROOT, STUB

sys.path.insert(0, str(ROOT / "tests/vm"))
import newer_qemu  # noqa: E402  pylint: disable=wrong-import-position

COM1 = 0x3F8
STUB_LA57, STUB_TEXT = 1, 2
LARGE = 2 << 20
BIOS = (4 << 30) - (64 << 10)

# QEMU's PCs have no 16550 in memory. Its edu has a register that holds what the stub wrote there,
# 0x60, an idle line; one 20 bytes before that takes what is written to it, and a trace tells.
EDU = 0xFEA00000
EDU_LINE_STATUS = 0x80
EDU_WRITE = re.compile(rf"addr {EDU + EDU_LINE_STATUS - 20:#x} value 0x(\w+) size 4")

NO_DEVICE = 0xFEB00000

# Bits of an entry. A and D are set, or the CPU would write.
PRESENT, WRITABLE, USED, IS_LARGE = 1, 2, 0x60, 0x80
HLT = 0xF4


@functools.cache
def machine_code(instructions):
    with tempfile.NamedTemporaryFile(suffix=".o") as target:
        for command in (["as", "-o", target.name, "-"],
                        ["objcopy", "-O", "binary", "-j", ".text", target.name]):
            subprocess.run([CROSS["x86_64"] + command[0], *command[1:]], input=instructions + "\n",
                           text=True, check=True)
        return Path(target.name).read_bytes()


class Tables:
    """Identity mapped page tables, at base: what the purgatory is entered by."""

    def __init__(self, base, levels):
        self.base = base
        self.levels = levels
        self.pages = [[0] * 512]

    def _next(self, page, index):
        if not self.pages[page][index]:
            self.pages.append([0] * 512)
            self.pages[page][index] = (self.base + (len(self.pages) - 1) * PAGE
                                       | PRESENT | WRITABLE | USED)
        return (self.pages[page][index] - self.base) // PAGE

    def add(self, start, end):
        """By large pages where they fit."""
        while start < end:
            large = start % LARGE == 0 and end - start >= LARGE
            last = 1 if large else 0
            page = 0
            for level in range(self.levels - 1, last, -1):
                page = self._next(page, start >> (12 + 9 * level) & 511)
            self.pages[page][start >> (12 + 9 * last) & 511] = (
                start | PRESENT | WRITABLE | USED | (IS_LARGE if large else 0))
            start += LARGE if large else PAGE

    def pack(self):
        words = [word for page in self.pages for word in page]
        return struct.pack(f"<{len(words)}Q", *words)


def is_high(case):
    return case.load >= 4 << 30


@functools.cache
def qemu(newer):
    """The system's, or one whose PCs have SHA instructions: None where that cannot be fetched."""
    if not newer:
        return ["qemu-system-x86_64"]
    try:
        return newer_qemu.find("x86_64")[0]
    except (OSError, subprocess.SubprocessError):
        return None


PLAIN = {"cached-plain": ({}, abi.CACHES_ON, abi.CORE_PLAIN)}


def vector_and_plain(cpu):
    """Of a CPU model that has BMI2, and SSSE3."""
    return {"cached-vector": ({}, abi.CACHES_ON, abi.CORE_VECTOR),
            "cached-plain": ({"cpu": f"{cpu},-bmi2"}, abi.CACHES_ON, abi.CORE_PLAIN)}


@dataclass(frozen=True)
class Machine:
    """One CPU model. What emulator.py asks of each family's machines."""
    board: str
    cpu: str
    la57: bool = False
    newer: bool = False
    paths: dict = field(default_factory=lambda: PLAIN)

    arch: ClassVar = "x86_64"
    params_offset: ClassVar = 64
    own: ClassVar = (0, 0, 0, 0)
    writes: ClassVar = ()  # ranges where the purgatory may write besides
    reset: ClassVar = abi.RESET_PC
    console: ClassVar = {"console_type": abi.CONSOLE_8250, "console_base": COM1,
                         "console_reg_width": 1}
    second_uart: ClassVar = {
        "console_type": abi.CONSOLE_8250, "console_base": EDU + EDU_LINE_STATUS - 20,
        "console_reg_shift": 2, "console_reg_width": 4}
    state_size: ClassVar = 624  # of the IDT and what else stands above the stack
    # Of a line of QEMU's -d int.
    interrupt: ClassVar = re.compile(
        r"^ *\d+: v=(?P<vector>\w\w) e=\w+ i=\d cpl=0 IP=\w+:(?P<at>\w+)", re.M)
    tick_rate: ClassVar = 0  # nobody tells
    ticks_per_instruction: ClassVar = 1

    @staticmethod
    def build(directory):
        """What a run takes besides the blob."""
        program = directory / "make_tables_x86_64"
        sources = ["kexec/arch/x86_64/tables.c", "kexec/plan/page_tables.c", "lib/rangeset.c",
                   "lib/vmcoreinfo.c", "lib/cursor.c", "lib/bytes.c", "lib/err.c"]
        subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", "-o",
                        program, HERE / "make_tables_x86_64.c",
                        *(ROOT / source for source in sources)], check=True)
        return {"make_tables": program}

    def missing(self):
        """Why there is no such machine here; None if there is."""
        return None if qemu(self.newer) else "sid's QEMU cannot be fetched"

    def command(self, case):
        screen = ["-device", "VGA"] if case.screen else []
        return [*qemu(self.newer), *screen, "-M", case.board or self.board,
                "-cpu", case.cpu or self.cpu,
                "-m", "4096" if is_high(case) else f"{RAM + RAM_SIZE >> 20}"]

    @staticmethod
    def uart_command(path):
        return ["-device", "edu,addr=3", "-trace", f"memory_region_ops_write,file={path}"]

    @staticmethod
    def uart_text(path):
        return bytes(int(match[1], 16) for match in EDU_WRITE.finditer(path.read_text()))

    def stub(self, case, code, directory):
        """(what QEMU is told, {address: bytes} to load)"""
        tables = Tables(STUB, 5 if self.la57 else 4)
        tables.add(0, RAM + RAM_SIZE)
        tables.add((4 << 30) - LARGE, 4 << 30)
        if is_high(case):
            tables.add(4 << 30, 5 << 30)
        config = struct.pack("<QQQQQ", case.load, STUB, OLD_STACK, EDU if case.uart else 0,
                             STUB_LA57 * self.la57 | STUB_TEXT * case.screen)
        bios = directory / "bios"
        bios.write_bytes(code[:16] + config + code[16 + len(config):])
        return ["-bios", bios], {STUB: tables.pack()}

    @staticmethod
    def beginning(*_):
        """What is at address 0, if that matters."""
        return b""

    def flags(self, _case):
        return 0

    def change(self, case, code, built):
        for name, instructions in case.code.items():
            offset = built["symbols"][name]
            replacement = machine_code(instructions)
            code[offset:offset + len(replacement)] = replacement

    def tables(self, case, params, built, _blob_size, behind):
        """The planner's sets, for a console in memory and the way back: (root, bytes) of each."""
        back = params.kernel_entry if params.own[0] == abi.MODE_BACK else 0
        in_memory = params.console_base >= 0x10000 and params.console_type != abi.CONSOLE_NONE
        if not (in_memory and case.cached or back):
            return []
        at = case.load + behind
        console = NO_DEVICE if case.unmapped == "console" else params.console_base * in_memory
        segments = [(case.load, behind), *((region.start, region.mem_size)
                                           for region in params.regions)]
        made = subprocess.run(
            [built["make_tables"], *map(str, (at, console, params.console_reg_shift,
                                              int(case.screen), back)),
             *(str(number) for segment in segments for number in segment)],
            check=True, capture_output=True)
        size = int(made.stderr)
        return [(at, made.stdout[:size]), (at + size, made.stdout[size:])]

    @staticmethod
    def handed_content(content):
        return content

    def halted_at(self, registers, code, load):
        """Where the CPU waits, if it is right behind a hlt of the blob."""
        pc = int(re.search(r"RIP=([0-9a-f]+)", registers)[1], 16)
        offset = pc - load
        if "HLT=1" in registers and 1 <= offset < len(code) and code[offset - 1] == HLT:
            return pc
        return None

    # -- what the tests compare

    def assert_kernel_contract(self, result, _faulted):
        """What the boot protocol wants, and what the CPU has for itself as it was left."""
        before, after = result.registers("before"), result.registers("after")
        assert after.pop("rsi") == result.handed
        assert after.pop("rdi") == result.entry
        assert after.pop("rsp") in result.scratch
        assert after.pop("rflags") & ~0x8D5 == 2  # but for what arithmetic leaves: IF, DF, TF 0
        general = ["rax", "rbx", "rcx", "rdx", "rbp", *(f"r{i}" for i in range(8, 16))]
        assert [after.pop(name) for name in general] == [0] * len(general)
        # Selectors 0x10 and 0x18, in a table that nobody can write to.
        assert after.pop("gdt_code") == 0x00AF9B000000FFFF
        assert after.pop("gdt_data") == 0x00CF93000000FFFF
        assert (after.pop("gdt_limit"), after.pop("idt_limit")) == (0x1F, 0x1FF)
        assert after.pop("gdt") in result.code
        assert after.pop("idt") in result.scratch
        assert len(before) == 37 + ("xcr0" in before)
        vectors = [name for name in before if name.startswith("xmm")]
        if {after[name] for name in vectors} == {0}:
            assert abi.Record.parse(result.record).core in (
                abi.CORE_CPU, abi.CORE_VECTOR, 0)
            before = before | dict.fromkeys(vectors, 0)
        else:
            assert abi.Record.parse(result.record).core in (abi.CORE_PLAIN, 0)
        assert after == before
        self.assert_as_the_kernel_leaves_it(before)

    def assert_as_the_kernel_leaves_it(self, found):
        """The harness has done what it should."""
        assert found["cr0"] == 0x80000033 and found["cr3"] == STUB
        assert found["cr4"] == (0x1020 if self.la57 else 0x20)
        assert found["efer"] == 0xD01
        assert found["cs"] == 0x10 and found["ds"] == found["ss"] == found["gs"] == 0x18
        assert (found["mxcsr"], found["fcw"]) == (0, 0x340)

    @staticmethod
    def is_unreadable(syndrome):
        """A page fault: reading what is not there."""
        return syndrome == 14 << 32


MACHINES = {
    "qemu64": Machine("pc", "qemu64"),
    "server": Machine("q35", "Cascadelake-Server",
                      paths=vector_and_plain("Cascadelake-Server")),
    "max": Machine("q35", "max", paths=vector_and_plain("max")),
    "la57": Machine("q35", "max", la57=True, paths=vector_and_plain("max")),
    "sha": Machine("q35", "max", newer=True, paths={
        "cached-cpu": ({}, abi.CACHES_ON, abi.CORE_CPU),
        "cached-vector": ({"cpu": "max,-sha-ni"}, abi.CACHES_ON, abi.CORE_VECTOR)}),
}
