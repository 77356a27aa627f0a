# SPDX-License-Identifier: GPL-2.0-only
"""How much work purgatory is, in instructions.

No test is timed. But QEMU's -icount makes the clock of the board count instructions, and those are
the same in every run and on every host; doc/performance.md says what they come to in time.
"""

import sys

import pytest

import emulator
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import purgatory  # noqa: E402  pylint: disable=wrong-import-position

# Of either compiler; of ppc64le's gcc makes 15.5 and 36.1.
MOST_PER_BYTE = {"arm64": {"cached, CPU instructions": 1.65, "cached, plain code": 29},
                 "ppc64le": {"cached, CPU instructions": 19.8, "cached, plain code": 37.6},
                 "x86_64": {"cached, CPU instructions": 2.9, "cached, vector code": 36,
                            "cached, plain code": 54}}
# On ppc64le it saves 64 KiB, and waits for other CPUs.
MOST_OF_THE_REST = {"arm64": 37000, "ppc64le": 210000, "x86_64": 21000}


@pytest.mark.parametrize("machine,path", [
    (machine, path) for machine, kind in emulator.MACHINES.items()
    for path in MOST_PER_BYTE[kind.arch] if path in purgatory.PATHS[machine]])
def test_instructions(board, machine, path):
    """Per byte that is verified, per zero behind the data, and for all else, such as the MMU."""
    if reason := emulator.MACHINES[machine].missing():
        pytest.skip(reason)
    per_byte, per_zero, rest = purgatory.measure(
        board, machine, purgatory.PATHS[machine][path], 64 << 10, 576 << 10)
    arch = emulator.MACHINES[machine].arch
    assert 0 < per_byte <= MOST_PER_BYTE[arch][path]
    assert 0 < per_zero < 1
    assert 0 < rest <= MOST_OF_THE_REST[arch]
