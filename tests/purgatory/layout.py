# SPDX-License-Identifier: GPL-2.0-only
"""Where things are in the memory of every emulated machine: what the tests look at is the same."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = 4096
CROSS = {"arm64": os.environ.get("CROSS_ARM64", "aarch64-linux-gnu-"),
         "ppc64le": os.environ.get("CROSS_PPC64LE", "powerpc64le-linux-gnu-"),
         "x86_64": os.environ.get("CROSS_X86_64", "x86_64-linux-gnu-")}

# All of the RAM of arm64's board, and the end of it on a PC, which has it from 0, as pseries has.
RAM = 0x40000000
RAM_SIZE = 64 << 20
UNMAPPED = 0x50000000  # neither RAM nor a device, on none of them
STUB = RAM + 0x180000  # the first MiB is for the device tree of QEMU; a PC has its tables here
WINDOW = RAM + 0x200000
WINDOW_SIZE = 1 << 20
DEFAULT_LOAD = WINDOW + 0x10000
MARGIN = 0x10000

START = {"kernel": WINDOW + 0x40000, "initrd": WINDOW + 0x80000, "handed": WINDOW + 0xA0000}
DATA_SIZES = {"kernel": 0x2FFD, "initrd": 0x5003, "handed": 0x9F1}
MEM_SIZES = {"kernel": 0x10000, "initrd": 0x6000, "handed": 0x1000}
RECORD = START["handed"] + 0x104  # where libfdt would have it: at a multiple of 4
OLD_STACK = WINDOW + 0xF0000  # of a PC's old kernel


def page_up(number):
    return -(-number // PAGE) * PAGE
