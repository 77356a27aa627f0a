# SPDX-License-Identifier: GPL-2.0-only
"""Kernels with pages of 16 and of 64 KiB: ours, which have crash hotplug, and Debian's.

One machine does all that a kernel is asked for, in the order of a machine's life: loads by both
calls, a restart, memory that is added, a panic.
"""

import re

import pytest

import collected
import debian_kernels
import kdump
from conftest import on
from memory_map import memory_map
from test_command_line import check_loads, files, run
from test_normal import pack_whole, restart

KIB = 1 << 10
HOTPLUG = {"kind": "uefi", "slots": 8, "max_memory": 8192}


def page_size(machine):
    """What the kernel says of itself."""
    kib = re.search(r"KernelPageSize: *(\d+) kB", machine.check("cat /proc/self/smaps"))
    return int(kib[1]) * KIB


def start(boot, artifacts, tmp_path, kernel, **options):
    """Boot a kernel, that has itself to load."""
    return boot(kernel.image, artifacts.archive_for(kernel, tmp_path / "archive"),
                **(debian_kernels.ROOM if kernel.release else {}) | options)


def capture(machine, markers, bits, with_makedumpfile=True):
    """Panic; a good dump of a kernel with addresses of so many bits, with the log in it. Returns
    what purgatory did, None where there was none."""
    kdump.say(machine)
    _, dump = kdump.crash_and_check(machine, markers, with_makedumpfile=with_makedumpfile)
    assert 64 - int(dump.vmcoreinfo["NUMBER(TCR_EL1_T1SZ)"], 0) == bits
    (kdump.check_log if with_makedumpfile else kdump.read_log)(machine)
    return kdump.purgatory_record(machine)


def assert_verified(record):
    """By the purgatory, with caches on."""
    assert (record["result"], record["caches"]) == ("verified", "on"), record


@pytest.mark.parametrize("pages, bits, model", [("16k", 47, "vhe"), ("64k", 52, "max-vhe")],
                         indirect=["model"])
def test_all_that_a_kernel_can(boot, artifacts, page_kernels, tmp_path, pages, bits):
    """A memory block, the least that can be added, is 128 MiB here and 512 MiB there."""
    machine = start(boot, artifacts, tmp_path, page_kernels[pages], **HOTPLUG)
    assert page_size(machine) == int(pages[:-1]) * KIB
    collected.check_fixture(machine, tmp_path / "fixture", f"page-{pages}", files={
        kdump.IMAGE: page_kernels[pages].image.read_bytes(),
        kdump.INITRD: page_kernels[pages].capture(artifacts.capture_initrd)})
    check_loads(machine)
    pack_whole(machine)
    restart(machine, "again")

    block = int(machine.check("cat /sys/devices/system/memory/block_size_bytes"), 16)
    assert block == {"16k": 128, "64k": 512}[pages] * kdump.MIB
    plan = kdump.plan(machine, "--hotplug")
    kdump.load(machine, "--hotplug")
    assert kdump.crash_hotplug(machine) == ("1", "1")
    added = kdump.dimm_ranges([machine.hot_add(block // kdump.MIB)])
    # --elfcorehdr may find the headers of the loads before the restart too, and not tell.
    assert kdump.armed_header(machine, plan).memory == memory_map(machine).dumped
    assert_verified(capture(machine, kdump.mark_fresh_memory(machine, added), bits))


@on("el1")
def test_64k_without_large_addresses(boot, artifacts, page_kernels, tmp_path):
    """A kernel for addresses of 52 bits on a CPU that has 48, loaded by kexec_file_load(2)."""
    machine = start(boot, artifacts, tmp_path, page_kernels["64k"])
    run(machine, "-s", "-p", *files(cmdline=machine.CAPTURE_CMDLINE))
    assert kdump.shown_header(machine)[0] == 0
    assert capture(machine, kdump.mark_own_page(machine), 48) is None


@pytest.mark.parametrize("suite, bits, model", [("trixie", 47, "vhe"), ("sid", 52, "max-el1")],
                         indirect=["model"])
def test_debian_16k(boot, artifacts, tmp_path, suite, bits):
    """No kexec_file_load(2), no crash hotplug; addresses of 52 bits where the CPU has them, which
    makedumpfile 1.7.8 knows with pages of 64 KiB only."""
    kernel = debian_kernels.find(suite, "arm64-16k")
    machine = start(boot, artifacts, tmp_path, kernel)
    assert machine.check("uname -r").strip() == kernel.release
    assert page_size(machine) == 16 * KIB
    run(machine, "-S")
    for action in ("-l", "-p"):
        run(machine, "-s", action, *files(), code=253, says="kexec_file_load")
    pack_whole(machine)
    restart(machine, "again")
    kdump.load(machine)
    run(machine, "-S", code=1)
    assert kdump.shown_header(machine)[0] == 0
    assert_verified(capture(machine, kdump.mark_own_page(machine), bits,
                            with_makedumpfile=False))
