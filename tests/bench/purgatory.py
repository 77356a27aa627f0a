#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Count the instructions of the purgatory, per byte that it verifies and for all the rest.

    tests/bench/purgatory.py [FOLDER]

FOLDER is build/purgatory, or as given, with the blob of each family. Each path is run twice in
QEMU, whose clock then counts instructions (-icount): the difference of the two gives those for a
byte, the remainder those for everything else, such as the switch of the MMU. No time is measured,
so the numbers are the same anywhere.
"""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/purgatory"))
# pylint: disable=wrong-import-position
import abi  # noqa: E402
import emulator  # noqa: E402

SMALL, LARGE = 1 << 20, 9 << 20
ARM64_PATHS = {
    "cached, CPU instructions": {},
    "cached, plain code": {"hidden": ("sha2",)},
    "uncached, CPU instructions": {"cached": False},
    "uncached, plain code": {"hidden": ("sha2",), "cached": False},
}
CORES = {abi.CORE_CPU: "CPU instructions", abi.CORE_VECTOR: "vector code",
         abi.CORE_PLAIN: "plain code"}
PATHS = {machine: ARM64_PATHS if machine in emulator.ARM64 else {
    f"cached, {CORES[core]}": more for more, _, core in kind.paths.values()}
         for machine, kind in emulator.MACHINES.items()}


DATA = sum(emulator.DATA_SIZES.values())
ZEROS = sum(emulator.MEM_SIZES.values()) - DATA


def count(board, machine, size, tail, more):
    """Instructions with one more segment: size bytes of data, or of zeros behind the data."""
    data = b"\x5a" * (0 if tail else size)
    region = abi.Region("bulk", emulator.RAM + 0x1000000, data, size)
    case = emulator.Case(machine, extra_regions=[region], loaded=[region], counted=True, **more)
    result = board.run(case)
    assert result.reached_kernel, result.text
    return result.registers("clock")["TICKS"] / case.kind.ticks_per_instruction


def measure(board, machine, more, small=SMALL, large=LARGE):
    """(instructions per byte, per byte of a zero tail, the rest)"""
    counts = {(size, tail): count(board, machine, size, tail, more)
              for size in (small, large) for tail in (False, True)}
    per_byte, per_zero = ((counts[large, tail] - counts[small, tail]) / (large - small)
                          for tail in (False, True))
    # The usual three segments of every case.
    data, zeros = small + DATA, ZEROS
    return per_byte, per_zero, counts[small, False] - per_byte * data - per_zero * zeros


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/purgatory"
    print(f"{'':34} {'per byte':>9} {'per zero':>9} {'the rest':>9}")
    with tempfile.TemporaryDirectory() as directory:
        emulator.TIMEOUT = 300
        board = emulator.Emulator(pathlib.Path(folder), pathlib.Path(directory))
        for machine, paths in PATHS.items():
            for name, more in paths.items():
                per_byte, per_zero, rest = measure(board, machine, more)
                print(f"{machine}: {name:29} {per_byte:9.3f} {per_zero:9.3f} {rest:9.0f}",
                      flush=True)


if __name__ == "__main__":
    main()
