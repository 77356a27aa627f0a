# SPDX-License-Identifier: GPL-2.0-only
"""What only x86_64 has: exceptions by number, NMIs, machine checks, a ladder of resets, tables for
a console in memory."""

import itertools
import re
import struct

import pytest

import abi
import cavp
from board_x86_64 import machine_code
from emulator import X86_64, Case
from expect import (POLICIES, VERBOSE, assert_followed, assert_outcome, cases, params_line,
                    policy_line, until, verified)
from layout import DEFAULT_LOAD, OLD_STACK, PAGE, RAM, STUB, UNMAPPED, page_up

LOADED = abi.Region("bulk", RAM + 0x1000000, b"\x5a" * (8 << 20), 8 << 20)
LONG = {"extra_regions": [LOADED], "loaded": [LOADED]}  # enough to be disturbed in


# --------------------------------------------------------------------- exceptions, by code

# Descriptors of which that of the data, in ecx, says that it is not there.
OWN_GDT = """sub $4096, %rsp; sgdt (%rsp); mov 2(%rsp), %rsi; lea 16(%rsp), %rdi; mov $32, %ecx
	rep movsb; lea 16(%rsp), %rax; mov %rax, 2(%rsp); lgdt (%rsp)
	movb $0x13, 16+0x18+5(%rsp); mov $0x18, %ecx
"""
OWN_IDT = "sub $16, %rsp; sidt (%rsp); mov 2(%rsp), %rax\n"
# What the blob does in place of asking which core the CPU has, and what is reported: the vector,
# the error code, how far behind the beginning it happened, and the address.
EXCEPTIONS = {
    "divide": ("xor %ecx, %ecx; div %ecx", 0, 0, 2, 0),
    "debug": ("int $1", 1, 0, 2, 0),
    "breakpoint": ("int3", 3, 0, 1, 0),
    "undefined": ("ud2", 6, 0, 0, 0),
    "sse": ("pxor %xmm0, %xmm0", 6, 0, 0, 0),
    "double-fault": (OWN_IDT + f"movb $0, 14*16+5(%rax); movabs {UNMAPPED:#x}, %rax", 8, 0, None,
                     UNMAPPED),
    "segment-not-present": (OWN_GDT + "mov %ecx, %ds", 11, 0x18, None, 0),
    "stack-not-present": (OWN_GDT + "mov %ecx, %ss", 12, 0x18, None, 0),
    "protection": ("movabs $0x8000000000000000, %rax; mov (%rax), %al", 13, 0, 10, 0),
    "selector": ("mov $0x28, %eax; mov %eax, %ds", 13, 0x28, 5, 0),
    "page": (f"movabs {UNMAPPED:#x}, %rax", 14, 0, 0, UNMAPPED),
    "page-written": (f"movabs %rax, {UNMAPPED + 8:#x}", 14, 2, 0, UNMAPPED + 8),
    "x87": ("fwait", 16, 0, 0, 0),  # left pending by the old kernel's last user
    # Those without an error code, each by its number.
    **{f"int-{n}": (f"int ${n}", n, 0, 2, 0)
       for n in (4, 5, 7, 9, 15, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 31)},
}


def exception(machine, policy, code, **more):
    return Case(machine, until=until(policy), code={"machine_sha256_core": code}, **more,
                params={"on_corruption": POLICIES[policy]} | more.pop("params", {}))


def exceptions():
    """Machines and policies take turns. The kernel would find descriptors that are not its own."""
    for (name, what), machine, policy in zip(EXCEPTIONS.items(), itertools.cycle(X86_64),
                                             itertools.cycle(POLICIES)):
        policy = "halt" if OWN_GDT in what[0] else policy
        yield f"{name}-{machine}-{policy}", (exception(machine, policy, what[0]), what[1:], policy)


@cases(dict(exceptions()))
def test_exception(case, expected, more, result, board):
    """Whatever it is, it is named, and the policy followed."""
    vector, error, offset, address = expected
    found = re.match(r"purgatory: fault (0x\w+) at (0x\w+) address (0x\w+)\n(.*)", result.report,
                     re.S)
    assert int(found[1], 16) == vector << 32 | error
    if offset is not None:
        at = board.built["x86_64"]["symbols"]["machine_sha256_core"] + offset
        assert int(found[2], 16) == case.load + at
    assert int(found[3], 16) == address
    assert found[4] == policy_line(more)
    assert_outcome(case, result, more)


@cases({policy: (Case("max", until=until(policy), code={"print_hex": "ud2"},
                      damage=lambda memory: memory.flip("initrd", 3),
                      params={"on_corruption": POLICIES[policy]}), policy)
        for policy in POLICIES})
def test_fault_in_the_report(case, expected, result):
    """The second time nothing is said, and the policy followed."""
    assert result.report == ("purgatory: digest mismatch: initrd ["
                             "purgatory: fault ")
    assert_outcome(case, result, expected)


@cases({"reset": Case("max", until="halt", code={"print_hex": "ud2", "machine_reset": "ud2"},
                      damage=lambda memory: memory.flip("initrd", 3),
                      params={"on_corruption": abi.RESET})})
def test_third_fault_halts(case, result):
    assert_outcome(case, result, "halt")


# ------------------------------------------------------------- from outside, in the middle

def nmi(monitor):
    """Many of them."""
    monitor.command("inject-nmi")
    return True


@cases({machine: Case(machine, params=VERBOSE, log=True, disturb=nmi, **LONG)
        for machine in X86_64})
def test_nmi(case, result):
    """Some watchdog's, or a button's: again and again, while all four segments are hashed."""
    assert result.report == verified(case.machine, segments=4)
    assert_outcome(case, result, "boot")
    assert {vector for vector, _ in result.interrupts} == {2}
    assert len([pc for _, pc in result.interrupts if pc in result.code]) > 2


def machine_check(monitor):
    """Of bank 1: memory that cannot be read, and no way to go on. One: the next would find that the
    first is still there, which resets the machine whatever it runs."""
    monitor.words("mce 0 1 0xbd00000000000134 0x4 0x1234000 0x8c")
    return False


@cases({f"{machine}-{policy}": (Case(
    machine, until=until(policy), params=VERBOSE | {"on_corruption": POLICIES[policy]},
    disturb=machine_check, **LONG), policy)
        for machine, policy in (("qemu64", "boot"), ("server", "halt"), ("max", "reset"))})
def test_machine_check(case, expected, result):
    """Named, where the CPU would have shut down."""
    fault = result.report.split("\n")[3]
    assert fault.startswith("purgatory: fault 0x1200000000 at ")
    assert int(fault.split()[4], 16) in result.code
    assert_followed(case, result, expected)


# ------------------------------------------------------------------ a line without a UART

@cases({machine: Case(machine, params=VERBOSE | {"console_base": 0x2F8}) for machine in X86_64})
def test_uart_that_is_not_there(case, result):
    """Its ports read as a line that is always idle: all is said, to nobody."""
    assert result.report == ""
    assert_outcome(case, result, "boot")


@cases({machine: Case(machine, log=True, params=VERBOSE | {"console_divisor": 0x10C})
        for machine in ("qemu64", "max")})
def test_speed_of_the_line(case, result):
    """It is set before the first word: what divides the clock, 8 bits, no interrupts."""
    line = [write for write in result.writes if write[0] & ~7 == 0x3F8]
    begin = line.index((0x3FB, 0x83))
    assert line[begin:begin + 7] == [
        (0x3FB, 0x83), (0x3F8, 0x0C), (0x3F9, 0x01), (0x3FB, 0x03), (0x3F9, 0x00), (0x3FC, 0x03),
        (0x3F8, ord("p"))]
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


# -------------------------------------------------------------------------------- resets

CHIPSET = [(0xCF9, 2), (0xCF9, 6)]
KEYBOARD = [(0x64, 0xFE)]
# A board on which that way is the first one that works, and what was written to ports on it.
RESETS = {
    "acpi": ("q35", abi.reset_by(0x92, 1), [(0x92, 1)]),
    "acpi-is-chipset": ("q35", abi.reset_by(0xCF9, 0x0F), [(0xCF9, 0x0F)]),
    "nothing-of-acpi": ("q35", abi.reset_by(0x92, 0xFE), [(0x92, 0xFE), *CHIPSET]),
    "chipset": ("pc", abi.RESET_PC, CHIPSET),
    "keyboard": ("isapc", abi.RESET_PC, CHIPSET + KEYBOARD),
    "triple-fault": ("microvm", abi.RESET_PC, CHIPSET + KEYBOARD),
}


@cases({name: (Case("max", board=board, until="reset", log=True,
                    damage=lambda memory: memory.flip("handed", 7),
                    params={"on_corruption": abi.RESET, "reset": how}), written)
        for name, (board, how, written) in RESETS.items()})
def test_reset(case, expected, result):
    """One way after the other, until one works; the last one always does."""
    assert_followed(case, result, "reset")
    ports = {port for port, _ in CHIPSET + KEYBOARD + [(0x92, 1)]}
    assert [write for write in result.writes if write[0] in ports] == expected


# ------------------------------------------------------------- tables, for the console only

def in_memory(machine, **more):
    params = X86_64[machine].second_uart | more.pop("params", {})
    return Case(machine, uart=True, params=params, **more)


def flip_table(memory, offset):
    memory.tables[offset] ^= 0x80


@cases({
    "4-levels-root": (in_memory("max", damage=lambda m: flip_table(m, 0),
                                params={"on_corruption": abi.BOOT}), abi.CORRUPT),
    "4-levels-last": (in_memory("max", damage=lambda m: flip_table(m, -1)), abi.VERIFIED),
    "5-levels-root": (in_memory("la57", damage=lambda m: flip_table(m, 0)), abi.VERIFIED),
    "5-levels-last": (in_memory("la57", damage=lambda m: flip_table(m, -1),
                                params={"on_corruption": abi.BOOT}), abi.CORRUPT),
})
def test_bad_tables(case, expected, result):
    """They are not used, not even to say so; those of the other mode do not matter."""
    record = abi.Record.parse(result.record)
    assert record.result == expected
    assert record.bad_name.rstrip(b"\0") == (b"purgatory" if expected == abi.CORRUPT else b"")
    assert result.uart == result.report == ""
    assert_outcome(case, result, "boot")


@cases({machine: in_memory(machine, until="halt", damage=lambda m: m.flip_param(1302))
        for machine in ("qemu64", "la57")})
def test_bad_parameter_by_good_tables(case, result):
    assert result.uart == params_line(case, "sum") + policy_line("halt")
    assert_outcome(case, result, "halt")


@cases({machine: in_memory(machine, params={"flags": abi.SKIP_CHECK | abi.VERBOSE})
        for machine in ("qemu64", "la57")})
def test_skipped_check_by_tables(case, result):
    assert result.uart == "purgatory: check skipped\n"
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{policy}": (in_memory(
    machine, until=until(policy), code={"machine_sha256_core": "int3"},
    params={"on_corruption": POLICIES[policy]}), policy)
        for machine in ("max", "la57") for policy in POLICIES})
def test_exception_by_tables(case, expected, result):
    assert result.uart.startswith("purgatory: fault 0x300000000 at ")
    assert result.uart.endswith(policy_line(expected))
    assert_outcome(case, result, expected)


@cases({policy: (in_memory("max", until=until(policy), unmapped="console",
                           params=VERBOSE | {"on_corruption": POLICIES[policy]}), policy)
        for policy in POLICIES})
def test_console_that_the_tables_leave_out(case, expected, result):
    assert result.uart == result.report == ""
    assert_outcome(case, result, expected)


@cases({machine: Case(machine, params=VERBOSE | {"console_base": X86_64[machine].second_uart[
    "console_base"], "console_reg_width": 4, "console_reg_shift": 2}, cached=False)
        for machine in X86_64})
def test_console_in_memory_without_tables(case, result):
    """By the kernel's tables there is no way to it: nothing is said, nothing is touched."""
    assert result.report == ""
    assert_outcome(case, result, "boot")
    assert abi.Record.parse(result.record).result == abi.VERIFIED


# ------------------------------------------------------------------------- VGA's text

COLUMNS, ROWS = 80, 25
# The card of QEMU 11 takes more than the stub to show text.
WITH_TEXT = [machine for machine, kind in X86_64.items() if not kind.newer]
ON_SCREEN = {"flags": abi.SCREEN | abi.VERBOSE}


def on_screen(text):
    """The lowest lines of a screen that ends with the text, as the memory of a VGA card."""
    lines = [line[at:at + COLUMNS].ljust(COLUMNS) for line in text.splitlines()
             for at in range(0, len(line), COLUMNS)]
    return b"".join(bytes((ord(letter), 7)) for line in lines[-ROWS:] for letter in line)


@cases({
    **{machine: Case(machine, screen=True, params=ON_SCREEN) for machine in WITH_TEXT},
    **{f"{machine}-bad": Case(machine, screen=True, params=ON_SCREEN | {"on_corruption": abi.BOOT},
                              damage=lambda m: [m.flip("initrd", 0), m.flip("kernel", -1)])
       for machine in WITH_TEXT},
    "fault": exception("max", "boot", "int3", screen=True),
})
def test_screen(case, result):
    """The same as on the line, where it is asked for; elsewhere nothing is written there."""
    shown = on_screen(result.report) if case.params.get("flags") else b""
    assert result.screen.endswith(shown)
    above = result.screen[:len(result.screen) - len(shown)]
    assert set(above) in ({0}, {0, 7, ord(" ")})
    assert_outcome(case, result, "boot")


@cases({machine: in_memory(machine, screen=True, params=ON_SCREEN) for machine in WITH_TEXT})
def test_screen_by_tables(case, result):
    """The planner's, which map it beside a console in memory."""
    assert result.uart == verified(case.machine)
    assert result.screen.endswith(on_screen(result.uart))
    assert_outcome(case, result, "boot")


@cases({policy: (Case("max", screen=True, until=until(policy), damage=lambda m: m.flip_param(1302),
                      params={"flags": abi.SCREEN, "console_type": abi.CONSOLE_NONE,
                              "on_corruption": POLICIES[policy]}), policy)
        for policy in POLICIES if policy != "reset"})
def test_screen_alone(case, expected, result):
    assert result.screen.endswith(on_screen(params_line(case, "sum") + policy_line(expected)))
    assert_outcome(case, result, expected)


@cases({"no-card": Case("qemu64", params=ON_SCREEN)})
def test_screen_without_a_card(case, result):
    """Nobody reads it, and nothing waits for that."""
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


# --------------------------------------------------------------- other modes than 64-bit

SEGMENTS = ("cs", "ds", "es", "ss", "fs", "gs")
SAID = ("idt-limit", "idt-base", "efer", "cr4", "cr0", *reversed(SEGMENTS), "ebp", "ebx", "edi",
        "esi", "esp", "eflags")


def landing(bits):
    """A kernel for that mode that says how it was entered, one number a line, named by SAID."""
    segments = "".join(f"xorl %eax, %eax; movw %{name}, %ax; pushl %eax\n" for name in SEGMENTS)
    text = """jmp 3f
    1:  movb %cs:(SI), %al; inc SI; testb %al, %al; jz 2f; outb %al, %dx; jmp 1b
    2:  jmp *DI
    3:""" + f"""
        movl %esp, %eax
        {"movl $0x2000, %esp" if bits == 32 else ""}
        pushfl; pushl %eax; pushl %esi; pushl %edi; pushl %ebx; pushl %ebp
        {segments}
        movl %cr0, %eax; pushl %eax
        movl %cr4, %eax; pushl %eax
        movl $0xc0000080, %ecx; rdmsr; pushl %eax
        mov SP, BP; sub $8, SP; movl $0, -4(BP); sidtl -8(BP)
        shll $16, -4(BP); movl -8(BP), %eax; shrl $16, %eax; orl %eax, -4(BP)
        andl $0xffff, -8(BP)
        movl $0x3f8, %edx
        call 5f; .asciz "kernel entered\\n"
    5:  pop SI; call 6f; jmp 7f
    6:  pop DI; jmp 1b
    7:  movl ${len(SAID)}, %ebp
    8:  popl %ebx; movb $28, %cl
    9:  movl %ebx, %eax; shrl %cl, %eax; andb $15, %al; addb $'0', %al; cmpb $'9', %al; jbe 1f
        addb $39, %al
    1:  outb %al, %dx; subb $4, %cl; jns 9b
        movb $'\\n', %al; outb %al, %dx; decl %ebp; jnz 8b
        call 5f; .asciz "kernel done\\n"
    5:  pop SI
    1:  movb %cs:(SI), %al; inc SI; testb %al, %al; jz 2f; outb %al, %dx; jmp 1b
    2:  hlt; jmp 2b
    """
    for name in ("SI", "DI", "BP", "SP"):
        text = text.replace(name, f"%{'e' if bits == 32 else ''}{name.lower()}")
    return machine_code(f".code{bits}\n" + text)


def entered(machine, bits, load, start, offset):
    """That mode's kernel, offset bytes behind start, where what is handed begins."""
    code = bytes(offset) + landing(bits)
    region = abi.Region("bulk", start, code.ljust(-(-len(code) // 8) * 8, b"\0"), 0x1000)
    return Case(machine, load=load, extra_regions=[region], loaded=[region], params=VERBOSE | {
        "kernel_entry": start + offset, "handed": start, "handed_size": len(region.data),
        "own": (bits, 0xe000, 0, 0)})


def said(case, result):
    """{name: number}; all was verified."""
    assert result.report == verified(case.machine, segments=4)
    assert result.reached_kernel
    lines = result.text.partition("kernel entered\n")[2].split("\n")
    return dict(zip(SAID, (int(line, 16) for line in lines[:len(SAID)])))


@cases({machine: entered(machine, 32, DEFAULT_LOAD, RAM + 0x1000000, 0)
        for machine in ("qemu64", "max", "la57")})
def test_entry_in_32_bit_mode(case, result):
    """Paging off, flat segments at the protocol's selectors, boot_params in esi."""
    found = said(case, result)
    assert found["cr0"] & 0x80000001 == 1 and found["cr4"] == 0 and found["efer"] & 0x500 == 0
    assert [found[name] for name in SEGMENTS] == [0x10] + [0x18] * 5
    assert found["esi"] == case.params["handed"]
    assert [found[name] for name in ("edi", "ebx", "ebp")] == [0] * 3
    assert found["eflags"] & 0x600 == 0


@cases({f"{machine}-{load:#x}": entered(machine, 16, load, 0x60000, 0x200)
        for machine, load in (("qemu64", 0x30000), ("max", 0x90000), ("la57", 0x31000))})
def test_entry_in_real_mode(case, result):
    """By the setup code's own segment, with its stack, and with the BIOS's vectors."""
    found = said(case, result)
    assert found["cr0"] & 0x80000001 == 0 and found["cr4"] == 0 and found["efer"] & 0x500 == 0
    assert [found[name] for name in SEGMENTS] == [0x6020] + [0x6000] * 5
    assert found["esp"] & 0xffff == 0xe000
    assert (found["idt-limit"], found["idt-base"]) == (0x3ff, 0)
    assert found["eflags"] & 0x600 == 0


# --------------------------------------------------- a kernel that waits to be come back to

JUMP = RAM + 0x1000000
TAIL, COUNT = JUMP + 0x800, JUMP + 0x700
WAITS = RAM + 0x1100000
# 1: prints the string at rsi, 4: prints rbx and ends the line.
SAY = """jmp 3f
    1:  movl $0x3f8, %edx
    2:  lodsb; testb %al, %al; jz 2f; outb %al, %dx; jmp 2b
    2:  ret
    4:  movb $60, %cl; movl $0x3f8, %edx
    5:  movq %rbx, %rax; shrq %cl, %rax; andb $15, %al; addb $'0', %al; cmpb $'9', %al; jbe 6f
        addb $39, %al
    6:  outb %al, %dx; subb $4, %cl; jns 5b
        movb $'\\n', %al; outb %al, %dx; ret
    3:
"""


def say(text):
    return f'leaq 8f(%rip), %rsi; call 1b; jmp 9f; 8: .asciz "{text}\\n"; 9:\n'


def show(*registers):
    return "".join(f"movq %{name}, %rbx; call 4b\n" for name in registers)


END = say("kernel done") + "1: hlt; jmp 1b\n"


def program(name, start, instructions):
    code = machine_code(instructions)
    return abi.Region(name, start, code.ljust(0x1000, b"\0"), 0x1000)


def waits(memory):
    """As a kernel with KEXEC_PRESERVE_CONTEXT: where it waits, and what it enters next time."""
    memory.put(OLD_STACK, struct.pack("<QQ", WAITS, memory.case.load))


def jump(machine, new, *, damage=waits, old=END, tail=TAIL):
    digested, waiting = program("bulk", JUMP, new), program("waits", WAITS, SAY + old)
    return Case(machine, damage=damage, extra_regions=[digested], loaded=[digested, waiting],
                params=VERBOSE | {"kernel_entry": JUMP, "handed": JUMP, "handed_size": 0x1000,
                                  "own": (0, 0, 0, tail)})


TELL = SAY + say("kernel entered") + f"movl ${TAIL}, %esi; call 1b\n" + say("")


def returning(machine):
    """The new kernel says what stands behind its command line, changes its memory and returns; the
    old one, on its stack, takes what is left there for what it enters next time, and does."""
    new = TELL + show("rsp") + f"incl {COUNT:#x}; ret"
    old = "popq %rbp\n" + say("old kernel") + show("rbp", "rsp") + f"""
        cmpl $1, {COUNT:#x}; jne 7f; pushq %rbp; pushq ${WAITS:#x}; jmp *%rbp
        7:""" + END
    return jump(machine, new, old=old)


@cases({machine: returning(machine) for machine in ("qemu64", "max", "la57")})
def test_a_kernel_that_returns(case, runs):
    """On the old kernel's stack it finds the way back, of which it is also told. The second time
    nothing is verified, since it has changed itself, and the tail is what it was."""
    result = runs[id(case)].result()
    assert result.report == verified(case.machine, segments=4)
    new = f"kernel entered\n kexec_jump_back_entry={WAITS:#x}\n{OLD_STACK:016x}\n"
    old = f"old kernel\n{case.load:016x}\n{OLD_STACK + 16:016x}\n"
    assert result.text.partition("verified\n")[2] == 2 * (new + old) + "kernel done\n"


@cases({
    "nobody-waits": jump("max", TELL + END, damage=lambda memory: memory.put(OLD_STACK, bytes(8))),
    "no-room": jump("max", TELL + END, tail=JUMP + 0xfc1),
    "elsewhere": jump("max", TELL + END, tail=WAITS + 0x900),
    "not-empty": jump("max", TELL + END, tail=JUMP),
})
def test_a_tail_that_is_not_written(case, runs):
    """Only a place that is as the planner left it is ever written over."""
    result = runs[id(case)].result()
    assert [hex(at) for at in result.changed if JUMP <= at < WAITS + PAGE] == []
    assert result.report == verified(case.machine, segments=4)
    assert result.text.partition("entered\n")[2] == "\nkernel done\n"


def leading_back(machine):
    """One kernel is left for another that waits, which calls again what called it, by the tables of
    the beginning and on its own stack."""
    other = "popq %rbp\n" + SAY + say("kernel entered") + show("cr3") + f"""
        movl ${STUB:#x}, %eax; movq %rax, %cr3; movl $0x2000, %esp; call *%rbp"""
    left = SAY + say("left kernel") + show("cr3", "rsp") + END
    return Case(machine, damage=waits, loaded=[program("other", JUMP, other),
                                               program("left", WAITS, left)],
                params={"flags": abi.SKIP_CHECK | abi.VERBOSE, "regions": [],
                        "kernel_entry": JUMP, "own": (abi.MODE_BACK, 0, 0, 0)})


@cases({machine: leading_back(machine) for machine in ("qemu64", "max", "la57")})
def test_the_way_back(case, runs, board):
    """By the planner's tables, since those of the kernel that is left lead to its memory only; and
    back again. In each set are three tables for one GiB, and room for one more."""
    result = runs[id(case)].result()
    at = page_up(case.load + abi.header(board.blobs["x86_64"], case.kind.params_offset)[3])
    assert result.report == "purgatory: check skipped\n"
    assert result.text.partition("kernel entered\n")[2] == (
        f"{at + case.kind.la57 * 4 * PAGE:016x}\n"
        f"left kernel\n{STUB:016x}\n{OLD_STACK + 8:016x}\nkernel done\n")


# ------------------------------------------------------------------- the cores, natively

# With what the CPU needs for it.
CORES = {"plain": [], "cpu": ["sha_ni"], "vector": ["ssse3", "bmi2"]}


@pytest.mark.parametrize("core", CORES)
def test_cavp_vectors_natively(folder, tmp_path, core):
    """By the purgatory's own object code, in a program of this machine."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
        flags = cpuinfo.read().split()
    if "lm" not in flags:
        pytest.skip("this machine is no x86_64")
    if not set(CORES[core]) <= set(flags):
        pytest.skip(f"this machine's CPU does not have {CORES[core]}")
    program = tmp_path / "hash"
    cavp.build(program, ["cc"], folder / "x86_64/obj/lib",
               ("sha256.o", "sha256_x86_64_core.o", "sha256_x86_64_vector.o"))
    assert cavp.all_by([program], core)
