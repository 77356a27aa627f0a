# SPDX-License-Identifier: GPL-2.0-only
"""`./check multiboot`: what test_multiboot.py leaves out, a machine each.

Both of Debian's versions of Xen, by either of their headers; a bzImage that is not relocatable, by
both of its entries that it has.
"""

import pytest

import qemu
from conftest import on
from kdump import TOOL
from test_multiboot import load_command, start
from test_normal import CHECKED


@on("pc")
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
@pytest.mark.parametrize("header", ["multiboot-x86", "multiboot2-x86"])
def test_xen_by_either_header(boot, pc_artifacts, suite, header):
    machine = boot(archive=pc_artifacts.with_xen(suite), memory=2048, disks=())
    start(machine, load_command(machine, "-t", header))


@on("pc")
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
@pytest.mark.parametrize("entry", [(), ("--entry-32bit",)])
def test_memtest_is_started(boot, pc_artifacts, suite, entry):
    """It is a bzImage, has to be at 1 MiB, and says nothing on a machine without a screen."""
    machine = boot(board=qemu.PCWithScreen, archive=pc_artifacts.with_xen(suite), disks=())
    words = " ".join(entry)
    result = machine.sh(f"{TOOL} -s -l /boot/memtest")
    assert result.rc and b"[file-load-unusable]" in result.err, result
    machine.check(f"{TOOL} -l {words} --serial={machine.CONSOLE} "
                  "--command-line='console=ttyS0,115200' /boot/memtest")
    seen = len(machine.console())
    machine.begin(f"{TOOL} -e -x")
    machine.wait_console("Memtest86+")
    said = machine.console()[seen:]
    assert all(words in said for words in CHECKED), said
