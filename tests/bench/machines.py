# SPDX-License-Identifier: GPL-2.0-only
"""Invented arm64 machines with any number of memory ranges, as fixtures for --sysroot.

write() makes a machine with a device tree whose memory beyond the first GiB lies in pieces that
do not touch, as after many hot-adds. Its boot/Image is a header and
little else: planning is measured, not hashing.
"""

import struct

MIB = 1 << 20
BASE = 0x40000000
CODE = (0x40210000, 0x410affff)
DATA = (0x41530000, 0x4175ffff)
CRASH = (0x70000000, 0x7fffffff)
IMAGE_VIRTUAL = 0xffff800080210000
LINEAR = 0xffff000000000000
FIRST_PIECE, PIECE, STRIDE = 0x200000000, 2 * MIB, 128 * MIB

FACTS = "machine=aarch64\nrelease=6.18.0-bench\npage_size=4096\n"
VMCOREINFO = (b"OSRELEASE=6.18.0-bench\nPAGESIZE=4096\nNUMBER(VA_BITS)=48\n"
              b"NUMBER(kimage_voffset)=0xffff800040000000\nNUMBER(PHYS_OFFSET)=0x40000000\n"
              b"KERNELOFFSET=0\n")


def ram(count):
    """The count ranges of RAM, as (start, size)."""
    yield BASE, 1024 * MIB
    for index in range(count - 1):
        yield FIRST_PIECE + index * STRIDE, PIECE


def iomem(count):
    lines = ["09000000-09000fff : pl011@9000000"]
    for start, size in ram(count):
        lines.append(f"{start:08x}-{start + size - 1:08x} : System RAM")
        if start == BASE:
            lines += [f"  {first:08x}-{last:08x} : {name}" for (first, last), name in
                      ((CODE, "Kernel code"), (DATA, "Kernel data"), (CRASH, "Crash kernel"))]
    return "\n".join(lines) + "\n"


def kcore(count):
    """The ELF header, program headers and notes of /proc/kcore, which ends there."""
    name = b"VMCOREINFO\0".ljust(12, b"\0")
    notes = struct.pack("<III", 11, len(VMCOREINFO), 0) + name
    notes += VMCOREINFO.ljust(-(-len(VMCOREINFO) // 4) * 4, b"\0")
    loads = [(IMAGE_VIRTUAL, CODE[0], DATA[1] + 1 - CODE[0])]
    loads += [(LINEAR + start - BASE, start, size) for start, size in ram(count)]
    at = 64 + 56 * (1 + len(loads))
    out = [struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 183, 1, 0, 64, 0, 0, 64, 56,
                       1 + len(loads), 0, 0, 0),
           struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), 0, 4)]
    for virtual, physical, size in loads:
        offset = (virtual & (1 << 52) - 1) + 4096
        out.append(struct.pack("<IIQQQQQQ", 1, 7, offset, virtual, physical, size, size, 4096))
    return b"".join(out) + notes


def image():
    """The header of an arm64 Image (Documentation/arch/arm64/booting.rst) and 1 KiB."""
    return struct.pack("<IIQQQQQQ4sI", 0xfa405a4d, 0x1400000f, 0, 0x180000, 0xa, 0, 0, 0,
                       b"ARM\x64", 0).ljust(1024, b"\0")


def files(count, cpus):
    """{path: bytes} of the machine with count ranges."""
    cells = struct.pack(">I", 2)
    found = {
        "facts": FACTS.encode(),
        "boot/Image": image(),
        "proc/iomem": iomem(count).encode(),
        "proc/kcore": kcore(count),
        "proc/meminfo": b"MemTotal:        1000000 kB\n",
        "proc/cmdline": b"console=ttyAMA0\n",
        "proc/device-tree/name": b"\0",
        "proc/device-tree/#address-cells": cells,
        "proc/device-tree/#size-cells": cells,
        "proc/device-tree/compatible": b"linux,dummy-virt\0",
        "proc/device-tree/chosen/name": b"chosen\0",
        "proc/device-tree/chosen/bootargs": b"console=ttyAMA0\0",
        "sys/kernel/vmcoreinfo": b"0x0000000045000000 1024\n",
        "sys/kernel/kexec_crash_loaded": b"0\n",
        "sys/devices/system/cpu/possible": f"0-{cpus - 1}\n".encode(),
        "sys/devices/system/cpu/present": f"0-{cpus - 1}\n".encode(),
    }
    for cpu in range(cpus):
        folder = f"sys/devices/system/cpu/cpu{cpu}"
        found[f"{folder}/crash_notes"] = f"{0x50000000 + cpu * 4096:x}\n".encode()
        found[f"{folder}/crash_notes_size"] = b"424\n"
    return found


def write(folder, count, cpus):
    """Put the machine into a folder."""
    for path, data in files(count, cpus).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
