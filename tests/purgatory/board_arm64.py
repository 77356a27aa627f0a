# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's virt board, at three exception levels; see emulator.py."""

import re
import struct
import subprocess
from dataclasses import dataclass
from typing import ClassVar

import abi
from layout import HERE, PAGE, RAM_SIZE, ROOT, STUB, page_up

UART = 0x09000000
PCI_UART = 0x3EFF1000
STUB_E2H, STUB_UART, STUB_STREAMING = 1, 2, 4
CODE, READ, WRITE, DEVICE = range(4)  # enum arm64_access

# How the blob is made to see a CPU that QEMU does not have: each of its `mrs xT, REGISTER`
# becomes a move of a constant, or undefined. {name: (mrs x0, movz or movn x0, #0, or udf #0)}
HIDDEN = {
    "sha2": (0xD5380600, 0xD2800000),  # ID_AA64ISAR0_EL1 = 0
    "simd": (0xD5380400, 0x92800000),  # ID_AA64PFR0_EL1 = -1
    "4k": (0xD5380700, 0x92800000),  # ID_AA64MMFR0_EL1 = -1
    "svcr": (0xD53B4240, 0),  # SVCR cannot be read: as good as firmware that has closed it
}
WFI = struct.pack("<I", 0xD503207F)


def hide(code, read, constant):
    """Replace an instruction, whatever its target register, which both have in bits 0 to 4."""
    found = 0
    for offset in range(0, len(code) - 3, 4):
        word, = struct.unpack_from("<I", code, offset)
        if word & ~0x1F == read:
            struct.pack_into("<I", code, offset, constant | word & 0x1F)
            found += 1
    assert found


@dataclass(frozen=True)
class Machine:
    """One level. What emulator.py asks of each family's machines."""
    board: str
    cpu: str
    reset: int
    with_e2h: bool = False

    arch: ClassVar = "arm64"
    params_offset: ClassVar = 64
    own: ClassVar = (0, 0, 0, 0)
    writes: ClassVar = ()  # ranges where the purgatory may write besides
    console: ClassVar = {"console_type": abi.CONSOLE_PL011, "console_base": UART,
                         "console_reg_width": 4}
    second_uart: ClassVar = {"console_type": abi.CONSOLE_8250, "console_base": PCI_UART,
                             "console_reg_width": 1}
    state_size: ClassVar = 16  # of what stands above the stack
    tick_rate: ClassVar = 62500000
    ticks_per_instruction: ClassVar = 1 / 16  # one takes 1 ns of a counter at 62.5 MHz
    # What is different in how memory is read and hashed: {name: (options of the Case, how the
    # record says that memory was read, and who hashed)}
    paths: ClassVar = {
        "cached-cpu": ({}, abi.CACHES_ON, abi.CORE_CPU),
        "cached-plain": ({"hidden": ("sha2",)}, abi.CACHES_ON, abi.CORE_PLAIN),
        "uncached-cpu": ({"hidden": ("4k",)}, abi.NO_GRANULE, abi.CORE_CPU),
        "uncached-plain": ({"hidden": ("sha2",), "cached": False}, abi.NO_TABLES,
                           abi.CORE_PLAIN),
    }

    @staticmethod
    def build(directory):
        """What a run takes besides the blob."""
        program = directory / "make_tables"
        subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", "-o",
                        program, HERE / "make_tables_arm64.c", ROOT / "kexec/arch/arm64/tables.c",
                        ROOT / "kexec/plan/page_tables.c"], check=True)
        return {"make_tables": program}

    @staticmethod
    def missing():
        return None

    def command(self, case):
        return ["qemu-system-aarch64", "-M", self.board + (",highmem=off" if case.uart else ""),
                "-cpu", case.cpu or self.cpu, "-m", f"{RAM_SIZE >> 20}",
                "-device", f"loader,addr={STUB:#x},cpu-num=0"]

    @staticmethod
    def uart_command(path):
        return ["-chardev", f"file,id=uart,path={path}",
                "-device", "pci-serial,chardev=uart,addr=1.0"]

    @staticmethod
    def uart_text(path):
        return path.read_bytes()

    def stub(self, case, code, _directory):
        """(what QEMU is told, {address: bytes} to load)"""
        flags = ((STUB_E2H if self.with_e2h else 0) | (STUB_UART if case.uart else 0)
                 | (STUB_STREAMING if case.streaming else 0))
        return [], {STUB: code[:16] + struct.pack("<QQ", case.load, flags) + code[32:]}

    @staticmethod
    def beginning(*_):
        """What is at address 0, if that matters."""
        return b""

    def flags(self, case):
        return case.sme

    def change(self, case, code, _built):
        for name in case.hidden:
            hide(code, *HIDDEN[name])

    def tables(self, case, params, built, blob_size, behind):
        """Both sets, as the planner would: (root, bytes) of each."""
        if not case.cached:
            return []
        load, stack = case.load, case.load + page_up(blob_size)
        mappings = [(load, stack, CODE), (stack, load + behind, WRITE)]
        mappings += [(region.start, region.start + region.mem_size, READ)
                     for region in params.regions if region.name != case.unmapped]
        if params.console_type != abi.CONSOLE_NONE:
            uart = params.console_base // PAGE * PAGE
            mappings.append((uart, uart + PAGE, DEVICE))
        words = [hex(number) for mapping in mappings for number in mapping]
        sets, at = [], load + behind
        for regime in range(abi.TABLES_SETS):
            command = [built["make_tables"], str(regime), hex(at), *words]
            data = subprocess.run(command, check=True, capture_output=True).stdout
            sets.append((at, data))
            at += len(data)
        return sets

    @staticmethod
    def handed_content(content):
        """A device tree has its size in the second word."""
        return content[:4] + len(content).to_bytes(4, "big") + content[8:]

    def halted_at(self, registers, code, load):
        """Where the CPU waits, if it is right behind a wfi of the blob."""
        pc = int(re.search(r"PC=([0-9a-f]+)", registers)[1], 16)
        offset = pc - load
        if 4 <= offset < len(code) and WFI in code[offset - 4:offset + 4]:
            return pc
        return None

    # -- what the tests compare

    def assert_kernel_contract(self, result, faulted):
        """What booting.rst wants, and every system register as the old kernel left it. At a fault
        the CPU itself writes where it came from."""
        # How many of them the harness shows; PAN and SMCR come on top where the CPU has them.
        numbers = {1: 19, 2: 38}
        before, after = result.registers("before"), result.registers("after")
        assert after.pop("x0") == result.handed
        assert [after.pop(f"x{i}") for i in (1, 2, 3)] == [0, 0, 0]
        level = before["CurrentEL"] >> 2
        has_pan = before["ID_AA64MMFR1_EL1"] >> 20 & 15
        has_sme = before["ID_AA64PFR1_EL1"] >> 24 & 15
        assert len(before) == numbers[level] + bool(has_pan) + bool(has_sme)
        if faulted:
            assert before.pop(f"ELR_EL{level}") != after.pop(f"ELR_EL{level}")
            del before[f"SPSR_EL{level}"], after[f"SPSR_EL{level}"]
            if before.get("HCR_EL2", 0) >> 34 & 1:  # E2H: the names of EL1 mean the same registers
                for name in ("ELR_EL1", "SPSR_EL1"):
                    del before[name], after[name]
        assert after == before
        assert after["DAIF"] == 0x3C0
        assert after[f"SCTLR_EL{level}"] & 0b101 == 0  # C, M

    @staticmethod
    def is_unreadable(syndrome):
        """A data abort, taken without a change of level."""
        return syndrome >> 26 == 0x25


MACHINES = {
    "el1": Machine("virt,virtualization=off", "cortex-a57", abi.PSCI_HVC),
    "el2": Machine("virt,virtualization=on", "cortex-a57", abi.PSCI_SMC),
    "vhe": Machine("virt,virtualization=on", "max", abi.PSCI_SMC, with_e2h=True),
}
