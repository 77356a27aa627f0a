# SPDX-License-Identifier: GPL-2.0-only
"""Loading on ppc64le (pseries), end to end; what is only ppc64le's.

All loads are by kexec_load with the digest on, where no other call is named.
"""

import contextlib
import os
import re
import secrets
import shlex
import subprocess

import pytest

import kdump
import ppc64le
import qemu
from conftest import DUMP_DISK_SIZE, LOGS
from memory_map import Ranges, memory_map
from vmcore import Vmcore

pytestmark = pytest.mark.ppc64le

# A model of CPU, and words for each kernel, such as disable_radix.
CPU, *WORDS = os.environ.get("KEXEC_TEST_POWER", "POWER9").split()
CMDLINE = " ".join(["console=hvc0 panic=-1 maxcpus=1 reset_devices", *WORDS])
HOTPLUG = {"slots": 32, "max_memory": 32 << 10, "memory": 2048}
# In the beginning of memory, behind the vectors and where nobody writes.
LOW_MARK = 0x7f00
BACKUP = 64 << 10


@pytest.fixture
def boot(power_artifacts, tmp_path, request):
    """boot(**options of qemu.PSeries) boots a machine that ends with the test."""
    disk = tmp_path / "dump"
    with open(disk, "wb") as file:
        file.truncate(DUMP_DISK_SIZE)
    machines = []
    with contextlib.ExitStack() as stack:
        def start(**options):
            machine = qemu.PSeries(power_artifacts.kernel.image, power_artifacts.initrd, **(
                {"cpu": CPU, "memory": 2048, "append": " ".join(WORDS),
                 "disks": (disk, power_artifacts.tools_disk)}
                | power_artifacts.options | options))
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


def number(machine, path):
    """A number of the device tree."""
    return int.from_bytes(machine.get(f"/proc/device-tree/{path}"), "big")


def mark_beginning(machine):
    """Mark the beginning of memory, which the capture kernel writes over."""
    marker = secrets.token_bytes(64)
    machine.write_physical(LOW_MARK, marker)
    return {LOW_MARK: marker}


def crash_and_check(machine, markers, cpus=2, panic=None):
    """As kdump.crash_and_check(), where /proc/iomem names no crash region and firmware lies in it.

    Returns the dump.
    """
    base, size = (number(machine, f"chosen/linux,crashkernel-{what}") for what in ("base", "size"))
    rtas = number(machine, "rtas/linux,rtas-base")
    firmware = Ranges([(rtas, rtas + number(machine, "rtas/rtas-size"))])
    region = Ranges([(base, base + size)])
    assert firmware & region == firmware, "a machine without what this is about"
    ram = memory_map(machine).ram
    kdump.say(machine)
    (panic or machine.panic)()
    machine.wait_capture()
    dump = Vmcore(machine)
    dump.assert_sane(cpus)
    dump.assert_memory(ram - region | firmware)
    dump.assert_markers(markers)
    assert memory_map(machine).ram == Ranges([(0, base + size)])
    assert "purgatory" not in machine.console_since_panic()
    record = kdump.purgatory_record(machine)
    assert (record["result"], record["caches"], record["bad_segments"]) == ("verified", "on", 0)
    kdump.read_log(machine)
    return dump


def test_tool_has_the_cpus_sha256():
    """By plain code a load would work as well."""
    code = subprocess.run([f"{ppc64le.TRIPLET}-objdump", "-d", ppc64le.tool()], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    assert "vshasigmaw" in code


def test_load_panic_capture(boot):
    """The whole way; and the beginning of memory is the crashed kernel's."""
    machine = boot()
    load(machine)
    assert_covered(machine)
    crash_and_check(machine, kdump.mark_own_page(machine) | mark_beginning(machine))
    kdump.check_filtered_dump(machine)


def assert_covered(machine):
    """The armed header lists all memory."""
    covers, shown = kdump.shown_header(machine)
    assert (covers, shown["coverage"]["missing"]) == (0, []), shown


def test_command_lines_of_kdump_config(boot):
    """Of Debian's kdump-tools, which calls an ELF file by its name, and goes by the exit status and
    by what sysfs says is loaded; the last with KDUMP_KEXEC_ARGS=--hotplug."""
    machine = boot()
    for more in ("", "--hotplug"):
        machine.check("/sbin/kexec -p -u")
        assert not kdump.crash_loaded(machine)
        machine.check(f"eval \"/sbin/kexec -p --args-linux {more} "
                      f"--command-line=\\\"{CMDLINE} irqpoll noirqdistrib\\\" "
                      f"--initrd={kdump.INITRD} {kdump.IMAGE}\"")
        assert kdump.crash_loaded(machine)
    crash_and_check(machine, kdump.mark_own_page(machine))


def test_hot_added_memory_is_captured(boot):
    """Blocks before the load and after it, in every slot, more than fit into the header's first
    KiB, and some gone again. What came after a load without --hotplug is told to be missing."""
    # Else a kernel uses what it gets for what it cannot move, and a block has to stay.
    machine = boot(append="memhp_default_state=online_movable", **HOTPLUG)
    before = kdump.dimm_ranges([machine.hot_add(256)])
    load(machine)
    assert_covered(machine)
    before |= kdump.dimm_ranges([machine.hot_add(256)])
    covers, shown = kdump.shown_header(machine)
    assert covers and len(shown["coverage"]["missing"]) == 1, shown
    load(machine, "--hotplug")
    assert kdump.crash_hotplug(machine) == ("1", "1")
    after = [machine.hot_add(256, addr=(4 << 30) + n * 512 * kdump.MIB)
             for n in range(HOTPLUG["slots"] - 2)]
    for dimm in after[5:7]:
        machine.hot_remove(dimm[0])
    assert_covered(machine)
    markers = kdump.mark_fresh_memory(
        machine, list(before) + list(kdump.dimm_ranges([after[0], after[-1]])))
    crash_and_check(machine, markers | mark_beginning(machine))


def hash_table(machine):
    """How large it is, as the device tree has it, and as the kernel has had it made since."""
    (made,) = set(re.findall(r"HPT resize to shift (\d+) complete", machine.check("dmesg")))
    cpu = machine.check("ls -d /proc/device-tree/cpus/PowerPC*@0").strip()
    return machine.get(f"{cpu}/ibm,pft-size")[7], int(made)


@pytest.mark.parametrize("leave", ["panic", "restart"])
def test_resized_hash_table(boot, leave):
    """Where a hypervisor has the page tables, in a hash table, Linux has its size follow memory's.
    The next kernel learns that from purgatory; from the tree it would be told of another."""
    machine = boot(append="disable_radix", **HOTPLUG)
    before = kdump.dimm_ranges([machine.hot_add(256)])
    told, made = hash_table(machine)
    assert told != made, "a machine without what this is about"
    for call, words in (("-a", "kexec_load, since"), ("-s", "may not start here, since")):
        result = machine.sh(f"kexec -d -p {call} --command-line=x {kdump.IMAGE}")
        if call == "-s":
            check_file_load(result)
        else:
            assert result.rc == 0, result
        assert f"{words} once memory has come or gone".encode() in result.err, result
    if leave == "restart":
        whole = memory_map(machine).ram
        restart(machine, "-l", words="disable_radix again=1")
        assert "again=1" in words_of(machine) and memory_map(machine).ram == whole
        return
    kdump.load(machine, "--hotplug", cmdline=f"{CMDLINE} disable_radix")
    before |= kdump.dimm_ranges([machine.hot_add(256)])
    assert_covered(machine)
    markers = kdump.mark_fresh_memory(machine, list(before))
    crash_and_check(machine, markers | mark_beginning(machine))


def test_hot_added_cpu_panics(boot):
    """The kernel has put every possible CPU into the tree, and purgatory names the one of them."""
    machine = boot(smp="2,maxcpus=4,sockets=1,cores=4,threads=1", **HOTPLUG)
    load(machine, "--hotplug")
    for core in (2, 3):
        machine.hot_add_cpu(core)
    assert "Failed to update" not in machine.check("dmesg")
    crash_and_check(machine, mark_beginning(machine), cpus=4,
                    panic=lambda: machine.panic_on(3))


def test_cpu_of_no_node_panics(boot):
    """It came after a load that the kernel does not keep true: purgatory gives it a node, and the
    dump has what was memory at the load."""
    machine = boot(smp="2,maxcpus=4,sockets=1,cores=4,threads=1", **HOTPLUG)
    load(machine)
    machine.hot_add_cpu(2)
    crash_and_check(machine, mark_beginning(machine), cpus=3,
                    panic=lambda: machine.panic_on(2))


@pytest.mark.parametrize("purpose, policy, option", [
    ("kernel", "reset", ""), ("initrd", "halt", ""), ("dtb", "halt", ""),
    ("elfcorehdr", "boot", ""), ("dtb", "halt", "--hotplug")])
def test_damage_is_named(boot, purpose, policy, option):
    """By purgatory, on the hypervisor's terminal; then it does as it was told. Of a tree that the
    kernel keeps true all counts but the CPUs, also when it has edited it."""
    machine = boot(smp="2,maxcpus=4,sockets=1,cores=4,threads=1", **HOTPLUG)
    options = ["-c", *option.split()]
    planned = kdump.plan(machine, *options, cmdline=CMDLINE)
    load(machine, f"--on-corruption={policy}", *options)
    if option:
        machine.hot_add_cpu(2)
    kdump.flip_bit(machine, planned, purpose, 0x61)
    machine.panic()
    machine.wait_console(f"digest mismatch: {purpose}")
    machine.wait_console(f"on-corruption={policy}")
    if policy == "reset":
        machine.wait_exit()
    if policy == "boot":
        machine.wait_capture()


def check_file_load(result):
    """Did kexec_file_load(2) load it? The kernel at hand has that call; Debian's has not, and then
    that is what is said."""
    if os.environ.get("KEXEC_TEST_KERNEL_PPC64LE"):
        assert result.rc == 0, result
        return True
    assert result.rc == 253 and b"[file-load-unusable]" in result.err, result
    assert b"CONFIG_KEXEC_FILE" in result.err, result
    return False


def restart(machine, *options, words="", leave="kexec -e -x"):
    """Load all that the machine runs from and go there; what was said on the way. None where the
    kernel has not the call."""
    kdump.pack_whole(machine)
    line = f"console=hvc0 panic=-1 crashkernel=256M {' '.join(WORDS)} {words}".strip()
    command = shlex.join([kdump.TOOL, *options, f"--initrd={kdump.WHOLE}", f"--append={line}",
                          kdump.IMAGE])
    if "-s" in options:
        if not check_file_load(machine.sh(command)):
            return None
    elif leave:
        machine.check(command)
    if leave:
        assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    seen = len(machine.console())
    machine.leave(leave or command)
    return machine.console()[seen:].partition("Linux version")[0]


def words_of(machine):
    """The kernel's command line."""
    return machine.check("cat /proc/cmdline").split()


def test_restart_in_every_way(boot):
    """By either call, at once, and with a tree that was given: each kernel has the whole machine,
    with a block that was added, and all that the next start needs. The root goes on, but with
    kexec_file_load, and where it is not wanted."""
    machine = boot(**HOTPLUG)
    machine.hot_add(256)
    whole = memory_map(machine).ram
    said = restart(machine, "-l", "-c", "--console=hvterm,0x71000000", words="root=/dev/one")
    assert "purgatory: image verified" in said, said
    assert memory_map(machine).ram == whole
    assert kdump.purgatory_record(machine)["result"] == "verified"
    said = restart(machine, "-f", "-x", "-c", leave=None)
    assert "purgatory" not in said and "root=/dev/one" in words_of(machine)
    machine.check("cp /sys/firmware/fdt /tmp/tree")
    restart(machine, "-l", "-c", "--dtb=/tmp/tree", "--dt-no-old-root", words="given=1")
    assert "given=1" in words_of(machine) and "root=/dev/one" not in words_of(machine)
    assert memory_map(machine).ram == whole
    if restart(machine, "-l", "-s", words="last=1") is not None:
        assert "last=1" in words_of(machine)


def test_file_load_is_captured_and_left(boot):
    """By the kernel's own plan, which is foretold: what the tool says of it holds. Then from the
    capture kernel to the whole machine again."""
    machine = boot()
    whole = memory_map(machine).ram
    kdump.pack_whole(machine)
    command = kdump.load_command(machine, "-s", cmdline=CMDLINE, initrd=kdump.WHOLE)
    plan = kdump.plan_of(machine, f"{command} --dry-run=json")
    if not check_file_load(machine.sh(command)):
        return
    assert kdump.crash_loaded(machine)
    assert_covered(machine)
    header = kdump.armed_header(machine, plan)
    assert header.phdrs[0].offset
    saved, _, _ = kdump.segment(plan, "backup")
    assert any(phdr.paddr == 0 and phdr.offset == saved for phdr in header.loads)
    kdump.crash(machine)[1].assert_sane(2)
    restart(machine, "-l", "-c", words="whole=1")
    assert memory_map(machine).ram == whole and "whole=1" in words_of(machine)


def test_refusals_leave_the_armed_image(boot):
    """What cannot be is refused by name, before anything is lost."""
    machine = boot()
    load(machine)
    end = sum(number(machine, f"chosen/linux,crashkernel-{what}") for what in ("base", "size"))
    machine.check("printf '\\xd0\\x0d\\xfe\\xedx' >/tmp/tree")
    for options, words in ((("--hotplug", "--initrd=/tmp/tree"), "this is a device tree"),
                           ((f"--mem-min={end - kdump.MIB:#x}",), "crash-region-too-small")):
        result = machine.sh(f"kexec -p -c {' '.join(options)} --command-line=x {kdump.IMAGE}")
        assert result.rc and words.encode() in result.err and b"hint: " in result.err, result
        assert kdump.crash_loaded(machine)
