# SPDX-License-Identifier: GPL-2.0-only
"""What the purgatory says and does, for the tests on emulated machines."""

import pytest

import abi
from emulator import MACHINES
from layout import MEM_SIZES, START

POLICIES = {"halt": abi.HALT, "reset": abi.RESET, "boot": abi.BOOT}
CORES = {abi.CORE_CPU: "CPU instructions", abi.CORE_VECTOR: "vector code",
         abi.CORE_PLAIN: "plain code"}
CACHES = {abi.CACHES_ON: "on", abi.NO_TABLES: "off: no tables",
          abi.NO_GRANULE: "off: no granule of 4 KiB"}

SILENT = {"console_type": abi.CONSOLE_NONE}
VERBOSE = {"flags": abi.VERBOSE}


def cases(table):
    """A test for each entry of {id: Case} or {id: (Case, expected, ...)}."""
    entries = {k: v if isinstance(v, tuple) else (v,) for k, v in table.items()}
    names = ["case", "expected", "more"][:len(next(iter(entries.values())))]
    return pytest.mark.parametrize(names, [pytest.param(*v, id=k) for k, v in entries.items()])


def usual(machine):
    """How that one reads memory, and hashes it."""
    return next(iter(MACHINES[machine].paths.values()))[1:]


def verified(machine, caches=None, core=None, segments=3):
    """What is said of a good image, if anything."""
    usual_caches, usual_core = usual(machine)
    return (f"purgatory: checking {segments:#x} segments\n"
            f"purgatory: caches {CACHES[caches or usual_caches]}\n"
            f"purgatory: SHA-256 by {CORES[core or usual_core]}\n"
            "purgatory: image verified\n")


def region_line(name):
    start = START[name]
    return f"purgatory: digest mismatch: {name} [{start:#x}, {start + MEM_SIZES[name]:#x})"


def params_line(case, what):
    start = case.load + case.kind.params_offset
    return (f"purgatory: digest mismatch: purgatory [{start:#x}, {start + abi.PARAMS_SIZE:#x})"
            f" bad parameter: {what}\n")


def policy_line(policy):
    return f"purgatory: on-corruption={policy}\n"


def until(policy):
    """What ends a run that follows a policy."""
    return "kernel" if policy == "boot" else policy


def assert_outcome(case, result, policy, faulted=False):
    """The machine did what the policy says, and nothing else of what it could have done; and the
    kernel finds the CPU as the old kernel left it."""
    assert result.reached_kernel == (policy == "boot")
    assert result.event == ("guest-reset" if policy == "reset" else None)
    assert result.halted == (policy == "halt")
    if policy == "boot":
        case.kind.assert_kernel_contract(result, faulted)


def assert_followed(case, result, policy, faulted=False):
    assert result.report.endswith(policy_line(policy))
    assert_outcome(case, result, policy, faulted)
