# SPDX-License-Identifier: GPL-2.0-only
"""What only ppc64le has: the beginning of memory, exceptions of two endiannesses, other CPUs that
wait, the CPU in the tree, a tree that the old kernel keeps true."""

import itertools
import re
import struct

import pytest

import abi
import cavp
from board_ppc64le import (BACKUP, BEGINNING, BLOCK, BOOT_CPU, HASH_TABLE, OLD_HASH_TABLE,
                           RUN_AT_LOAD, SYSTEM_RESET, TERMINAL, TREE, VECTORS_END)
from emulator import PPC64LE, Case
from expect import (POLICIES, VERBOSE, assert_followed, assert_outcome, cases, policy_line, until,
                    verified)
from layout import DATA_SIZES, RAM, START, WINDOW

HANDED = START["handed"]
SAVED, LOW = range(BACKUP, BACKUP + BEGINNING), range(BEGINNING)
SAID = range(START["kernel"] + RUN_AT_LOAD, START["kernel"] + RUN_AT_LOAD + 4)
LOADED = abi.Region("bulk", RAM + 0x1000000, b"\x5a" * (8 << 20), 8 << 20)


# ------------------------------------------------------------------ the beginning of memory

def spoil(memory):
    memory.flip("initrd", 5)


@cases({f"{machine}-{name}": Case(machine, look=(SAVED, LOW), **more)
        for machine in PPC64LE for name, more in {
            "good": {},
            "bad": {"damage": spoil, "params": {"on_corruption": abi.BOOT}},
            "unchecked": {"params": {"flags": abi.SKIP_CHECK}},
            "bad-parameter": {"damage": lambda memory: memory.flip_param(84),
                              "params": {"on_corruption": abi.BOOT}},
            "fault": {"code": {"machine_sha256_core": [0x7FE00008]},
                      "params": {"on_corruption": abi.BOOT}},
        }.items()})
def test_beginning_is_saved(case, result):
    """As it was, whatever is there since: the vectors, where the parameters are as planned. In
    front of them the other CPUs wait."""
    assert_outcome(case, result, "boot", faulted=True)
    saved, now = result.looked
    assert saved == result.beginning
    assert now[:BLOCK] == saved[:BLOCK] and now[VECTORS_END:] == saved[VECTORS_END:]
    assert (now == saved) == (case.damage not in (None, spoil))


@cases({name: Case("power9", look=(SAVED,), params={"own": (to, *PPC64LE["power9"].own[1:])})
        for name, to in {"restart": 0, "unaligned": BACKUP + 0x1000}.items()})
def test_nothing_to_save(case, result):
    """For a restart. Then the kernel moves to where it wants."""
    assert_outcome(case, result, "boot")
    assert not set(result.changed) & {*SAVED, *SAID}


def elsewhere(memory):
    """A word that says something else."""
    memory.put(SAID.start, b"run1")


@cases({"at-zero": (Case("power8", look=(SAID,)), b"\1\0\0\0"),
        "else": (Case("power9", look=(SAID,), damage=elsewhere,
                      params={"flags": abi.SKIP_CHECK}), b"run1")})
def test_kernel_is_told_to_stay(case, expected, result):
    assert result.looked == [expected]
    assert_outcome(case, result, "boot")


# ----------------------------------------------------------------------- this CPU, and others

def in_tree(node, name):
    place = TREE.places[node, name]
    return range(HANDED + place.start, HANDED + place.stop)


LAST = in_tree("cpu@8", "reg"), in_tree("cpu@8", "ibm,ppc-interrupt-server#s")


@cases({f"{cpu:#x}": (Case("power9", boot_cpu=cpu, look=(range(BOOT_CPU, BOOT_CPU + 4), *LAST),
                           writes=LAST), first)
        for cpu, first in ((0, 8), (3, 8), (8, 8), (11, 8), (12, 12), (4, 4), (0x7fff, 0x7ffc))})
def test_boot_cpu(case, expected, result):
    """Its number stands in the tree, and, if it came after the load, in the last node too."""
    number, reg, threads = result.looked
    assert number == struct.pack(">I", case.boot_cpu)
    assert reg == struct.pack(">I", expected)
    assert threads == struct.pack(">4I", *range(expected, expected + 4))
    assert_outcome(case, result, "boot")


SIZES = in_tree("cpu@0", "ibm,pft-size"), in_tree("cpu@8", "ibm,pft-size")


@cases({"hashed": (Case("power8", params={"flags": abi.HASHED}, look=SIZES, writes=SIZES),
                   HASH_TABLE),
        "without-the-flag": (Case("power8", look=SIZES), OLD_HASH_TABLE),
        "no-tree": (Case("power8", look=SIZES, params={"flags": abi.HASHED,
                                                       "on_corruption": abi.BOOT},
                         damage=lambda memory: memory.flip("handed", 0, 0)), OLD_HASH_TABLE)})
def test_hash_table(case, expected, result):
    """How large it is now stands in each CPU's node: the hypervisor is asked."""
    assert result.looked == [struct.pack(">2I", 0, expected)] * 2
    assert_outcome(case, result, "boot")


@cases({name: Case("power8", boot_cpu=8, look=(range(BOOT_CPU, BOOT_CPU + 4),),
                   damage=lambda memory, at=at: memory.flip("handed", *at),
                   params={"on_corruption": abi.BOOT})
        for name, at in {"magic": (0, 0), "size": (5, 7), "version": (23, 4)}.items()})
def test_what_is_no_tree_is_left_alone(case, result):
    assert result.looked == [b"\xff" * 4]
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{name}": Case(machine, slave=True, until=until(policy), damage=damage,
                                  params={"on_corruption": POLICIES[policy]})
        for machine in PPC64LE for name, damage, policy in (
            ("good", None, "boot"), ("bad", spoil, "boot"), ("halt", spoil, "halt"))})
def test_other_cpus(case, result):
    """They wait in the new kernel's code, in big-endian mode, and come when it calls."""
    called = re.search(r"slave R3=0*1\nslave MSR=(\w+)\n", result.text)
    assert bool(called) == result.reached_kernel == (case.until == "kernel")
    if called:
        assert int(called[1], 16) & 1 == 0


# ------------------------------------------------------------------- a tree that is kept true

def exchange_cpus(memory):
    """As libfdt does at a hotplug event: another number of nodes, and all behind them moves."""
    content = bytearray(memory.window[HANDED - WINDOW:][:DATA_SIZES["handed"]])
    strings, = struct.unpack_from(">I", content, 12)
    more = content[TREE.front:strings - TREE.back]
    content[strings - TREE.back:] = more + content[strings - TREE.back:-len(more)]
    struct.pack_into(">I", content, 12, strings + len(more))
    struct.pack_into(">I", content, 36, len(TREE.structure) + len(more))
    memory.put(HANDED, content)


def then(*changes):
    return lambda memory: [change(memory) for change in changes]


def flip(offset, bit=0):
    return lambda memory: memory.flip("handed", offset, bit)


EDITED = {"edited": True, "boot_cpu": 8}


@cases({f"{machine}-{name}": Case(machine, damage=damage, params=VERBOSE, **EDITED)
        for machine in PPC64LE for name, damage in {
            "as-loaded": None, "exchanged": exchange_cpus,
            "in-a-node": flip(TREE.front + 20), "behind-the-tree": flip(DATA_SIZES["handed"] - 1),
        }.items()})
def test_edited_tree(case, result):
    """What the old kernel writes is nobody's business."""
    assert result.report == verified(case.machine, segments=2)
    assert_outcome(case, result, "boot")


STRINGS = 0x38 + len(TREE.structure)
# In those of a tree that is damaged the CPU may not be found.
NODES = (range(HANDED + TREE.front, HANDED + STRINGS),)


@cases({f"{name}-{policy}": (Case("power9", until=until(policy), damage=damage,
                                  writes=NODES, params={"on_corruption": POLICIES[policy]},
                                  **EDITED),
                             bad_header, policy)
        for (name, (damage, bad_header)), policy in zip({
            "version": (flip(23), False), "reserved": (flip(19, 3), False),
            "first": (flip(40), False), "before-the-nodes": (flip(TREE.front - 1), False),
            "behind-the-nodes": (flip(STRINGS - 1), False), "strings": (flip(STRINGS), False),
            "last-string": (flip(STRINGS + len(TREE.strings) - 1), False),
            "moved": (then(exchange_cpus, flip(TREE.front - 1)), False),
            "structure": (flip(39, 4), True), "strings-size": (flip(32, 7), True),
        }.items(), itertools.cycle(POLICIES))})
def test_edited_tree_is_bad(case, expected, more, result):
    size = DATA_SIZES["handed"]
    line = f"purgatory: digest mismatch: dtb [{HANDED:#x}, {HANDED + size:#x})"
    assert result.report.startswith(line + (" bad header\n" if expected else "\n"))
    assert_followed(case, result, more)


# --------------------------------------------------------------------- exceptions, by code

# What the blob does in place of asking which core the CPU has: instructions, the vector, how far
# behind the beginning it happens, and the address.
EXCEPTIONS = {
    "trap": ([0x7FE00008], 0x700, 0, 0),  # tw 31,0,0
    "illegal": ([0], 0x700, 0, 0),
    "float": ([0xFC000090], 0x800, 0, 0),  # fmr f0,f0
    "vector": ([0x100004C4], 0xF20, 0, 0),  # vxor v0,v0,v0
    "vsx": ([0xF00004D0], 0xF40, 0, 0),  # xxlxor vs0,vs0,vs0
    "syscall": ([0x44000002], 0xC00, 4, 0),  # sc, which is not the hypervisor's
    "alignment": ([0x39200000 | 0x1001, 0x7C804828], 0x600, 4, 0x1001),  # lwarx r4,0,r9
}


def exception(machine, policy, code, **more):
    return Case(machine, until=until(policy), code={"machine_sha256_core": code},
                params={"on_corruption": POLICIES[policy]}, **more)


def exceptions():
    """In either order; machines and policies take turns."""
    turns = itertools.cycle(itertools.product(POLICIES, PPC64LE))
    for little, (name, what) in itertools.product((True, False), EXCEPTIONS.items()):
        policy, machine = next(turns)
        yield (f"{name}-{'little' if little else 'big'}-{machine}-{policy}",
               (exception(machine, policy, what[0], little_vectors=little), what[1:], policy))


@cases(dict(exceptions()))
def test_exception(case, expected, more, result, board):
    """Whatever it is, it is named, and the policy followed, in whichever order it comes."""
    vector, offset, address = expected
    found = re.match(r"purgatory: fault (0x\w+) at (0x\w+) address (0x\w+)\n(.*)", result.report,
                     re.S)
    assert int(found[1], 16) >> 32 == vector
    at = board.built["ppc64le"]["symbols"]["machine_sha256_core"]
    # Behind what finds out about addresses, if it has that.
    assert int(found[2], 16) - case.load - at - offset in (0, 8)
    assert int(found[3], 16) == address
    assert found[4] == policy_line(more)
    assert_outcome(case, result, more, faulted=True)


TRAP = [0x7FE00008]
MSR_RI = 2


@cases({f"{policy}-{'little' if little else 'big'}": (
    Case("power9", until=until(policy), code={"print_hex": TRAP}, damage=spoil,
         little_vectors=little, params={"on_corruption": POLICIES[policy]}), policy)
        for policy in POLICIES for little in (True, False)})
def test_fault_in_the_report(case, expected, result):
    """The second time nothing is said, and the policy followed."""
    assert result.report == "purgatory: digest mismatch: initrd [purgatory: fault "
    assert_outcome(case, result, expected, faulted=True)


@cases({"reset": Case("power8", until="halt", code={"print_hex": TRAP, "machine_reset": TRAP},
                      damage=spoil, params={"on_corruption": abi.RESET})})
def test_third_fault_halts(case, result):
    assert_outcome(case, result, "halt")


@cases({f"{name}-{machine}": Case(machine, code={name: TRAP}, look=(SAVED, SAID), params=VERBOSE)
        for machine in PPC64LE for name in ("machine_tick_rate", "ppc64le_tell_boot_cpu")})
def test_fault_behind_the_check(case, result):
    """In the record, or when the kernel's tree is told: what comes behind is done all the same."""
    assert result.report == verified(case.machine)
    assert result.looked == [result.beginning, b"\1\0\0\0"]
    assert_outcome(case, result, "boot", faulted=True)


def nmi(monitor):
    """Many of them, to all CPUs. Not while one of them handles the last one, as it does for long on
    a busy host: where it came from is lost then, of which MSR[RI] tells (Power ISA)."""
    states = re.findall(r"\bMSR ([0-9a-f]{16})", monitor.words("info registers -a"))
    assert states
    if all(int(state, 16) & MSR_RI for state in states):
        monitor.command("inject-nmi")
    return True


@cases({f"{machine}-{'little' if little else 'big'}": Case(
    machine, params=VERBOSE, log=True, disturb=nmi, slave=slave, little_vectors=little,
    extra_regions=[LOADED], loaded=[LOADED])
        for machine, little, slave in (("power8", True, False), ("power9", False, False),
                                       ("power10", True, False))})
def test_system_reset(case, result):
    """Again and again, while all four segments are hashed: it goes on, and so do the others."""
    assert result.report == verified(case.machine, segments=4)
    assert_outcome(case, result, "boot")
    assert len([at for vector, at in result.interrupts
                if vector == SYSTEM_RESET and at in result.code]) > 2


# ------------------------------------------------------------- facilities, terminal, resets

@cases({f"{machine}-{path}": Case(machine, streaming=True, params=VERBOSE, **more)
        for machine, kind in PPC64LE.items() for path, (more, _, _) in kind.paths.items()})
def test_open_facilities(case, result):
    """Left as they were found."""
    core = abi.CORE_PLAIN if case.hidden else abi.CORE_CPU
    assert result.report == verified(case.machine, core=core)
    assert_outcome(case, result, "boot")
    assert result.registers("after")["MSR"] & 0x2802000 == 0x2802000


@cases({f"{machine}-{name}": Case(machine, hidden=("sha2",), params=VERBOSE, little_vectors=little)
        for machine in PPC64LE for name, little in (("little", True), ("big", False))})
def test_cpu_without_sha256_instructions(case, result):
    """It is tried, and that is all."""
    assert result.report == verified(case.machine, core=abi.CORE_PLAIN)
    assert_outcome(case, result, "boot")


@cases({str(number): Case("power9", params=VERBOSE | {"console_base": number})
        for number in (TERMINAL + 1, 1 << 40)})
def test_terminal_that_is_not_there(case, result):
    assert result.report == ""
    assert_outcome(case, result, "boot")


@cases({"none": Case("power9", until="halt", damage=spoil, params={
    "on_corruption": abi.RESET, "own": (BACKUP, 0, 0, 512000000)}),
        "unknown": Case("power9", until="halt", damage=spoil, params={
            "on_corruption": abi.RESET, "own": (BACKUP, *PPC64LE["power9"].own[1:2], 0x2FFF, 0)})})
def test_firmware_that_does_not_reset(case, result):
    """It comes back, and the machine waits."""
    assert result.report.endswith(policy_line("reset") + "purgatory: no reset came, halting\n")
    assert_outcome(case, result, "halt")


# ------------------------------------------------------------------------ the cores, by a user

@pytest.mark.parametrize("core", ("plain", "cpu"))
def test_cavp_vectors_natively(folder, tmp_path, core):
    """By the purgatory's own object code, in a program of an emulated system."""
    program = tmp_path / "hash"
    cavp.build(program, ["powerpc64le-linux-gnu-gcc", "-static"], folder / "ppc64le/obj/lib",
               ("sha256.o", "sha256_ppc64le_core.o"))
    assert cavp.all_by(["qemu-ppc64le-static", program], core)
