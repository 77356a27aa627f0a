# SPDX-License-Identifier: GPL-2.0-only
"""Crash loading on x86_64: what the scenarios of test_scenarios.py do not have on other machines.

All loads are by kexec_load with the digest on, but for those by kexec_file_load that say so.
"""

import pathlib

import collected
import generated
import handover
import kdump
import qemu
from conftest import on
from memory_map import memory_map
from vmcore import Vmcore

HANDOVER = pathlib.Path(__file__).resolve().parents[2] / "doc/handover-x86_64.md"
HOTPLUG = {"slots": 8, "max_memory": 8192}


@on("pc")
def test_the_file_call_is_verified_the_same_way(boot, dump_disk):
    """kexec_file_load needs no flag; what it armed stays true as well. KASLR has put the kernel
    somewhere, as in all of these machines."""
    machine = boot(**HOTPLUG)
    result = machine.sh(kdump.load_command(machine, "-s", "--hotplug"))
    assert result.rc == 0 and not result.err, result
    assert kdump.crash_hotplug(machine) == ("1", "1")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    markers = kdump.mark_fresh_memory(machine, added)
    _, dump = kdump.crash_and_check(machine, markers)
    kdump.check_full_dump(machine, markers, dump_disk)
    info = dump.vmcoreinfo
    assert int(info["KERNELOFFSET"], 16) or int(info["NUMBER(phys_base)"])


def armed(machine, call):
    """Arm by that system call; returns what lies in the crash region then, see handover.read()."""
    token = f"armed{call}"
    command = (call, "--hotplug")
    cmdline = f"{machine.CAPTURE_CMDLINE} {token}"
    planned = kdump.plan(machine, *command, cmdline=cmdline)
    result = machine.sh(kdump.load_command(machine, *command, cmdline=cmdline))
    assert result.rc == 0 and not result.err, result
    ((start, end),) = memory_map(machine).crash
    region = machine.read_physical(start, end - start)
    core, _, header_size = kdump.segment(planned, "elfcorehdr")
    # Also where the kernel makes the plan, and we foretell it.
    assert handover.addresses(region, start, token) == (
        kdump.segment(planned, "boot_params")[0], core)
    kernel, size, _ = kdump.segment(planned, "kernel")
    return handover.read(region, start, token, header_size) | {
        "kernel": region[kernel - start:kernel - start + size]}


@on("pc")
def test_the_capture_kernel_is_given_what_the_file_call_gives(boot, tmp_path):
    """Field by field, and each difference has its reason in the document. The machine in a folder
    is planned for as the real one."""
    seen = set()
    for kind, cpu in (("bios", "qemu64"), ("uefi", "max")):
        machine = boot(board=qemu.PCWithScreen, kind=kind, cpu=cpu, disks=(), **HOTPLUG)
        collected.check_fixture(machine, tmp_path / kind, f"x86-vm-{kind}", "boot_params")
        machine.check("head -c 1 /dev/random")  # else the kernel has no seed to give
        ours, kernels = armed(machine, "-c"), armed(machine, "-s")
        assert bool(ours["EFI's runtime map"]) == (kind == "uefi")
        seen |= handover.differing(ours, kernels)
    assert seen == {what for what, *_ in handover.DIFFERENCES}
    assert generated.read(HANDOVER, "differences") == handover.table()


@on("pc")
def test_more_memory_than_boot_params_hold_is_handed_on(boot):
    """What firmware reserved alone fills the table, and the capture kernel still has memory."""
    reserved = ",".join(f"4K${megabyte}M" for megabyte in range(300, 440))
    machine = boot(append=f"memmap={reserved}")
    assert sum(entry["path"] == "e820" for entry in kdump.plan(machine)["boot_params"]) > 140
    kdump.load(machine)
    kdump.crash_and_check(machine, kdump.mark_own_page(machine), with_makedumpfile=False)


@on("pc", "pc-max-no-1g")
def test_purgatory_prints_to_a_uart_in_memory(boot, model):
    """By tables of the plan, with four levels and with five; the capture kernel sees none of it."""
    machine = boot(board=qemu.PCWithRegisters)
    folder = f"/sys/bus/pci/devices/{machine.SLOT}"
    base = int(machine.check(f"echo 1 >{folder}/enable; cat {folder}/resource").split()[0], 16)
    # Its register 0x80 keeps what is written there: the line status of an 8250 that is idle.
    uart = base + 0x80 - 5 * 4
    machine.check(f"busybox devmem {base + 0x80:#x} 32 0x60")
    kdump.load(machine, f"--console=uart8250,mmio32,{uart:#x}")
    markers = kdump.mark_own_page(machine)
    machine.watch(True)
    machine.panic()
    said = machine.wait_written(uart, b"verified\r\n")
    machine.watch(False)
    machine.wait_capture()
    core = {"plain": "plain code", "vector": "vector code"}[model.sha256]
    assert said.decode() == ("purgatory: checking 0x4 segments\r\npurgatory: caches on\r\n"
                             f"purgatory: SHA-256 by {core}\r\npurgatory: image verified\r\n")
    Vmcore(machine).assert_markers(markers)
