# SPDX-License-Identifier: GPL-2.0-only
"""The harness proven without the tool under test.

Debian's kexec-tools and the kernel's own loader show that a good dump is accepted, and,
as important, that a bad one is not.
"""

import pytest

import initrd
import kdump
from memory_map import MemoryMap, Ranges


def test_ranges_are_sets_of_bytes():
    """Where two maps cut the same memory does not matter; what they hold does."""
    whole, pieces = Ranges([(0, 30)]), Ranges([(20, 30), (0, 10), (10, 20)])
    assert whole == pieces and list(pieces) == [(0, 30)]
    assert whole - Ranges([(5, 6), (29, 40)]) == Ranges([(0, 5), (6, 29)])
    assert whole & Ranges([(25, 99)]) == Ranges([(25, 30)])
    assert not whole - pieces


def test_memory_map_of_nested_lines():
    """Inclusive ends, any depth, all names of RAM, both crash regions, none of the first MiB."""
    found = MemoryMap("00001000-0009ffff : System RAM\n"
                      "00100000-001fffff : System RAM\n"
                      "  00100000-0017ffff : Crash kernel\n"
                      "  001c0000-001cffff : Crash kernel\n"
                      "00400000-004fffff : dax0.0\n"
                      "    00400000-0047ffff : System RAM (kmem)\n"
                      "00800000-008fffff : reserved\n")
    assert found.ram == Ranges([(0x1000, 0xa0000), (0x100000, 0x200000), (0x400000, 0x480000)])
    assert found.dumped == Ranges([(0x180000, 0x1c0000), (0x1d0000, 0x200000),
                                   (0x400000, 0x480000)])


def test_cpio_members_are_aligned():
    """The kernel's unpacker finds each header and each body on a multiple of four bytes."""
    archive = initrd.cpio({"a/b/c": b"12345", "init": b"x"})
    position, names = 0, []
    while position < len(archive):
        assert archive[position:position + 6] == b"070701"
        fields = [int(archive[position + 6 + 8 * n:position + 14 + 8 * n], 16) for n in range(13)]
        size, name_size = fields[6], fields[11]
        names.append(archive[position + 110:position + 110 + name_size - 1].decode())
        position += (110 + name_size + 3) // 4 * 4 + (size + 3) // 4 * 4
    assert names == ["dev", "a", "a/b", "a/b/c", "init", "TRAILER!!!"]


@pytest.mark.parametrize("kind", ["dt", "uefi"])
def test_peer_capture(boot, kind):
    """A load with kexec_load by kexec-tools, and everything a test asks of a dump."""
    machine = boot(kind=kind)
    kdump.load_with_peer(machine, "-c")
    markers = kdump.mark_own_page(machine)
    before, dump = kdump.crash(machine)
    dump.assert_sane(cpus=2)
    dump.assert_memory(before.dumped)
    dump.assert_markers(markers)
    kdump.check_capture_kernel(machine, before)


def test_kernel_keeps_its_own_header_up_to_date(boot):
    """What the tool is measured against: kexec_file_load, a DIMM, a dump with that DIMM."""
    machine = boot(kind="uefi", slots=8, max_memory=8192)
    kdump.load_with_peer(machine, "-s")
    assert kdump.crash_hotplug(machine) == ("1", "1")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    markers = kdump.mark_fresh_memory(machine, added)
    before, dump = kdump.crash(machine)
    dump.assert_memory(before.dumped)
    dump.assert_markers(markers)


def test_stale_dump_is_noticed(boot):
    """A dump that lacks a DIMM fails each assertion that is there to notice it."""
    machine = boot(kind="uefi", slots=8, max_memory=8192)
    kdump.load_with_peer(machine, "-c")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    markers = kdump.mark_fresh_memory(machine, added)
    before, dump = kdump.crash(machine)
    assert before.dumped - dump.memory == added
    with pytest.raises(AssertionError, match="missing from the dump"):
        dump.assert_memory(before.dumped)
    with pytest.raises(AssertionError, match="in no PT_LOAD"):
        dump.assert_markers(markers)
