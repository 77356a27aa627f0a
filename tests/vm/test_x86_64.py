# SPDX-License-Identifier: GPL-2.0-only
"""Crash loading on x86_64, end to end: the scenarios of test_scenarios.py on a PC.

All loads are by kexec_load with the digest on, but for those by kexec_file_load that say so.
"""

import contextlib
import pathlib
import re

import pytest

import debian_kernels
import generated
import handover
import kdump
import qemu
import x86_64
from conftest import DUMP_DISK_SIZE, LOGS
from memory_map import memory_map
from vmcore import Vmcore

CMDLINE = "console=ttyS0 panic=-1 nr_cpus=1 reset_devices agent=ttyS1"
HANDOVER = pathlib.Path(__file__).resolve().parents[2] / "doc/handover-x86_64.md"
HOTPLUG = {"slots": 80, "max_memory": 64 << 10}


@pytest.fixture(scope="session")
def pc_artifacts(tmp_path_factory):
    """Kernel, archive and disk, made once per run."""
    return x86_64.make(tmp_path_factory.mktemp("x86_64"))


@pytest.fixture
def boot(pc_artifacts, tmp_path, request):
    """boot(class, **options of qemu.PC) boots a machine that ends with the test."""
    disk = tmp_path / "dump"
    with open(disk, "wb") as file:
        file.truncate(DUMP_DISK_SIZE)
    machines = []
    with contextlib.ExitStack() as stack:
        def start(model=qemu.PC, **options):
            machine = model(pc_artifacts.kernel.image, pc_artifacts.initrd, **(
                {"kind": "bios", "cpu": "qemu64", "disks": (disk, pc_artifacts.tools_disk)}
                | (debian_kernels.ROOM if pc_artifacts.kernel.release else {}) | options))
            machines.append(stack.enter_context(machine))
            return machine.boot()

        yield start
        LOGS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.name)
        (LOGS / f"{name}.console").write_text(
            "\n".join(machine.console() for machine in machines))


def load(machine, *options):
    """Arm the crash kernel by kexec_load."""
    return kdump.load(machine, *options, cmdline=CMDLINE)


def plan(machine, *options):
    """What that would load."""
    return kdump.plan(machine, *options, cmdline=CMDLINE)


@pytest.mark.parametrize("kind, cpu", [("bios", "qemu64"), ("uefi", "max")])
def test_load_panic_capture(boot, kind, cpu):
    """The whole way; and what purgatory found is read by the next kernel's user space."""
    machine = boot(kind=kind, cpu=cpu)
    planned = plan(machine)
    load(machine)
    markers = kdump.mark_own_page(machine)
    kdump.crash_and_check(machine, markers)
    record = kdump.purgatory_record(machine)
    assert record["bytes"] > sum(kdump.segment(planned, purpose)[1]
                                 for purpose in ("kernel", "initrd"))
    assert (record["result"], record["caches"], record["bad_segments"]) == ("verified", "on", 0)


def test_hot_added_memory_is_captured(boot):
    """70 DIMMs, after the load: the kernel keeps the header true, and nobody loads again."""
    machine = boot(**HOTPLUG)
    planned = plan(machine, "--hotplug")
    load(machine, "--hotplug")
    assert kdump.crash_hotplug(machine) == ("1", "1")
    assert kdump.armed_header(machine, planned).byte_size < kdump.PAGE
    added = kdump.dimm_ranges([machine.hot_add(128, addr=(8 << 30) + n * 256 * kdump.MIB)
                               for n in range(70)])
    covers, shown = kdump.shown_header(machine)
    assert (covers, shown["coverage"]["missing"]) == (0, []), shown
    assert kdump.armed_header(machine, planned).byte_size > kdump.PAGE
    # The kernel has put memory of its own into the first of so many.
    last = kdump.dimm_ranges([machine.hot_add(128, addr=(8 << 30) + 70 * 256 * kdump.MIB)])
    before, _ = kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, last))
    assert not (added | last) - before.dumped


def test_without_hotplug_the_image_is_stale_and_says_so(boot):
    """Until it is loaded again, as a udev rule does."""
    machine = boot(**HOTPLUG)
    load(machine)
    assert kdump.crash_hotplug(machine) == ("0", "0")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    assert kdump.shown_header(machine)[0] == 1
    load(machine)
    assert kdump.shown_header(machine)[0] == 0
    kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, added))


def test_the_file_call_is_verified_the_same_way(boot):
    """kexec_file_load needs no flag; what it armed stays true as well."""
    machine = boot(**HOTPLUG)
    result = machine.sh(kdump.load_command("-s", "--hotplug", cmdline=CMDLINE))
    assert result.rc == 0 and not result.err, result
    assert kdump.crash_hotplug(machine) == ("1", "1")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, added))


def armed(machine, call):
    """Arm by that system call; returns what lies in the crash region then, see handover.read()."""
    token = f"armed{call}"
    command = (call, "--hotplug")
    cmdline = f"{CMDLINE} {token}"
    planned = kdump.plan_of(machine, kdump.load_command("--dry-run=json", *command,
                                                        cmdline=cmdline))
    result = machine.sh(kdump.load_command(*command, cmdline=cmdline))
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


def test_the_capture_kernel_is_given_what_the_file_call_gives(boot):
    """Field by field, and each difference has its reason in the document."""
    seen = set()
    for kind, cpu in (("bios", "qemu64"), ("uefi", "max")):
        machine = boot(qemu.PCWithScreen, kind=kind, cpu=cpu, disks=(), **HOTPLUG)
        machine.check("head -c 1 /dev/random")  # else the kernel has no seed to give
        ours, kernels = armed(machine, "-c"), armed(machine, "-s")
        assert bool(ours["EFI's runtime map"]) == (kind == "uefi")
        seen |= handover.differing(ours, kernels)
    assert seen == {what for what, *_ in handover.DIFFERENCES}
    assert generated.read(HANDOVER, "differences") == handover.table()


def test_more_memory_than_boot_params_hold_is_handed_on(boot):
    """What firmware reserved alone fills the table, and the capture kernel still has memory."""
    reserved = ",".join(f"4K${megabyte}M" for megabyte in range(300, 440))
    machine = boot(append=f"memmap={reserved}")
    assert sum(entry["path"] == "e820" for entry in plan(machine)["boot_params"]) > 140
    load(machine)
    kdump.crash_and_check(machine, kdump.mark_own_page(machine), with_makedumpfile=False)


@pytest.mark.parametrize("purpose, policy", [
    ("kernel", "reset"), ("initrd", "halt"), ("boot_params", "halt"), ("elfcorehdr", "halt")])
def test_damage_is_named(boot, purpose, policy):
    """By purgatory, on the serial line; then it does as it was told."""
    machine = boot()
    planned = plan(machine)
    load(machine, f"--on-corruption={policy}")
    kdump.flip_bit(machine, planned, purpose, kdump.segment(planned, purpose)[1] - 1)
    machine.panic()
    machine.wait_console(f"digest mismatch: {purpose}")
    machine.wait_console(f"on-corruption={policy}")
    if policy == "reset":
        machine.wait_exit()


def test_refusals_leave_the_armed_image(boot):
    """What can be known before the call is, and then the call is not made."""
    machine = boot()
    load(machine, "--hotplug")
    machine.check("cd /tmp; head -c 100000 /dev/urandom >garbage; "
                  "truncate -s $(($(cat /sys/kernel/kexec_crash_size) - 1048576)) huge; "
                  "head -c 40000 /boot/Image >truncated")
    for options, parts, code in (
            ((), {"image": "/tmp/garbage"}, 255), ((), {"image": "/tmp/truncated"}, 255),
            ((), {"initrd": "/tmp/huge"}, 254), ((), {"cmdline": "x" * 2048}, 255),
            (("--console=pl011,0x9000000",), {}, 1)):
        result = machine.sh(kdump.load_command("-c", *options, **({"cmdline": CMDLINE} | parts)))
        assert result.rc == code, result
        assert kdump.crash_loaded(machine) and kdump.crash_hotplug(machine) == ("1", "1")
    kdump.crash_and_check(machine, kdump.mark_own_page(machine), with_makedumpfile=False)


@pytest.mark.parametrize("cpu", ["qemu64", "max"])
def test_purgatory_prints_to_a_uart_in_memory(boot, cpu):
    """By tables of the plan, with four levels and with five; the capture kernel sees none of it."""
    machine = boot(qemu.PCWithRegisters, cpu=cpu)
    folder = f"/sys/bus/pci/devices/{machine.SLOT}"
    base = int(machine.check(f"echo 1 >{folder}/enable; cat {folder}/resource").split()[0], 16)
    # Its register 0x80 keeps what is written there: the line status of an 8250 that is idle.
    uart = base + 0x80 - 5 * 4
    machine.check(f"busybox devmem {base + 0x80:#x} 32 0x60")
    load(machine, f"--console=uart8250,mmio32,{uart:#x}")
    markers = kdump.mark_own_page(machine)
    machine.watch(True)
    machine.panic()
    said = machine.wait_written(uart, b"verified\r\n")
    machine.watch(False)
    machine.wait_capture()
    assert said == (b"purgatory: checking 0x4 segments\r\npurgatory: caches on\r\n"
                    b"purgatory: SHA-256 by plain code\r\npurgatory: image verified\r\n")
    Vmcore(machine).assert_markers(markers)
