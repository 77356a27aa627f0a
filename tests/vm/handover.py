# SPDX-License-Identifier: GPL-2.0-only
"""What an armed x86_64 image hands to its kernel, read from a copy of the crash region.

Nothing here is told by the tool where things are: boot_params is found by its magic and by a word
of its command line, and all else through it, as the kernel finds it.
"""

import re
import struct

from memory_map import Ranges
from vmcore import CoreHeader

PAGE = 4096
RAM = 1
E820_EXT, EFI, RNG_SEED, RECORD, WHOLE = 1, 4, 9, 0x4b455852, 0x4b45584d
# Fields that may differ, and fields that are addresses and are compared by what is there: of
# struct boot_params, arch/x86/include/uapi/asm/bootparam.h.
NAMED = {"efi_memdesc_size": (0x1c8, 4), "efi_memmap_size": (0x1d4, 4),
         "edd_mbr_sig_buf_entries": (0x1ea, 1)}
FOLLOWED = ((0x0c0, 4), (0x0c8, 4), (0x1d0, 4), (0x1dc, 4), (0x218, 4), (0x228, 4), (0x250, 8),
            (0x2d0, 128 * 20))

# Each difference that is meant: what, here, with kexec_file_load(2), and why.
DIFFERENCES = (
    ("e820: order", "RAM first", "RAM of the crash region last",
     "of more than 128 entries the last are in setup_data here, and left out there: then the "
     "capture kernel has no memory"),
    ("e820: RAM", "whole pages", "to the byte",
     "the kernel uses whole pages only; all of the elfcorehdr's last page is kept off"),
    ("efi_memdesc_size", "40, what is known of a region", "48, the firmware's",
     "the runtime map in sysfs does not say what else the firmware has there, and nobody reads it"),
    ("efi_memmap_size", "40 bytes a region", "48 bytes a region", "follows from that"),
    (f"setup_data {RECORD:#x}", "purgatory's record", "none",
     "`--status` reads it in the capture kernel; kernels pass over types that they do not know"),
    (f"setup_data {WHOLE:#x}", "the whole machine's memory map", "none",
     "a restart from the capture kernel leads to the whole machine again"),
    ("setup_data: order", "as made", "newest first", "kernels walk all of it"),
)


def addresses(region, start, token):
    """(boot_params, elfcorehdr) of the image whose command line has that word in it."""
    for at in range(0, len(region) - PAGE, PAGE):
        if (region[at + 0x1fe:at + 0x200] != b"\x55\xaa" or region[at + 0x202:at + 0x206] != b"HdrS"
                or not region[at + 0x210]):
            continue
        line = _line(region, start, at)
        if token in line.split():
            first = re.match(r"elfcorehdr=0x([0-9a-f]+) ", line)
            assert first, f"elfcorehdr= is not the first word: {line}"
            return start + at, int(first[1], 16)
    raise AssertionError(f"no boot_params with {token} on its command line")


def _halves(params, low, high):
    return int.from_bytes(params[low:low + 4] + params[high:high + 4], "little")


def _line(region, start, at):
    place = _halves(region[at:at + PAGE], 0x228, 0x0c8) - start
    if not 0 <= place < len(region):
        return ""
    return region[place:place + 2048].partition(b"\0")[0].decode(errors="replace")


def _nodes(region, start, params):
    """{type: data}, in the order of the list; a seed is only as long as it is."""
    nodes = {}
    place = int.from_bytes(params[0x250:0x258], "little")
    while place:
        place -= start
        assert 0 <= place < len(region), f"setup_data at {place + start:#x}"
        following, kind, size = struct.unpack_from("<QII", region, place)
        assert kind not in nodes
        nodes[kind] = size if kind == RNG_SEED else region[place + 16:place + 16 + size]
        place = following
    return nodes


def _memory(params, nodes):
    """[(start, end, type)] of boot_params and of what goes on in setup_data."""
    table = params[0x2d0:0x2d0 + 20 * params[0x1e8]] + nodes.pop(E820_EXT, b"")
    return [(start, start + size, kind) for start, size, kind in struct.iter_unpack("<QQI", table)]


def _efi_regions(region, start, params):
    """[(type, phys, virt, pages, attribute)], whatever the size of a descriptor."""
    stride, size = struct.unpack_from("<I", params, 0x1c8)[0], struct.unpack_from("<I", params,
                                                                                0x1d4)[0]
    place = _halves(params, 0x1d0, 0x1dc) - start
    if not size:
        return []
    return [struct.unpack_from("<I4xQQQQ", region, place + at) for at in range(0, size, stride)]


def read(region, start, token, header_size):
    """{what: value} of all that a capture kernel is given; header_size is what is kept for the
    elfcorehdr. Two images that say the same have equal values."""
    place, header = addresses(region, start, token)
    params = bytearray(region[place - start:place - start + PAGE])
    nodes = _nodes(region, start, params)
    memory = _memory(params, nodes)
    ram = Ranges((begin, end) for begin, end, kind in memory if kind == RAM)
    elf = region[header - start:header - start + header_size]
    core = CoreHeader(elf)
    initrd = _halves(params, 0x218, 0x0c0) - start
    found = {
        "e820: order": [kind for n, (*_, kind) in enumerate(memory)
                        if n == 0 or memory[n - 1][2] != kind],
        "e820: RAM": ram,
        "e820: RAM and elfcorehdr, in whole pages": Ranges(
            (-(-begin // PAGE) * PAGE, end // PAGE * PAGE)
            for begin, end in ram | Ranges([(header, header + header_size)])),
        "e820: all else": sorted(entry for entry in memory if entry[2] != RAM),
        "command line": _line(region, start, place - start).replace(token, "").split()[1:],
        "initrd": region[initrd:initrd + _halves(params, 0x21c, 0x0c4)],
        "EFI's runtime map": _efi_regions(region, start, params),
        "setup_data: order": [kind for kind in nodes if kind not in (RECORD, WHOLE)],
        "ELF header": elf[:64],
        **{f"program header {n}": phdr for n, phdr in enumerate(core.phdrs)},
        **{f"setup_data {kind:#x}": data for kind, data in nodes.items()},
        **{name: bytes(params[at:at + size]) for name, (at, size) in NAMED.items()},
    }
    for at, size in (*FOLLOWED, *NAMED.values()):
        params[at:at + size] = bytes(size)
    return found | {f"boot_params+{at:#05x}": byte for at, byte in enumerate(params)}


def differing(ours, kernels):
    """The names of what is not the same."""
    return {name for name in ours | kernels if ours.get(name) != kernels.get(name)}


def table():
    """The differences, for the document."""
    return "".join(["| | kexec_load(2) | kexec_file_load(2) | why |\n|---|---|---|---|\n",
                    *(f"| {' | '.join(row)} |\n" for row in DIFFERENCES)])
