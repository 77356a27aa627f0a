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

MOST_PER_BYTE = {"cached, CPU instructions": 1.65, "cached, plain code": 29}
MOST_OF_THE_REST = 37000


@pytest.mark.parametrize("path", MOST_PER_BYTE)
@pytest.mark.parametrize("machine", emulator.MACHINES)
def test_instructions(board, machine, path):
    """Per byte that is verified, per zero behind the data, and for all else, such as the MMU."""
    per_byte, per_zero, rest = purgatory.measure(
        board, machine, purgatory.PATHS[path], 64 << 10, 576 << 10)
    assert 0 < per_byte <= MOST_PER_BYTE[path]
    assert 0 < per_zero < 1
    assert 0 < rest <= MOST_OF_THE_REST
