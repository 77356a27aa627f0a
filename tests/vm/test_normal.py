# SPDX-License-Identifier: GPL-2.0-only
"""A restart by kexec_load(2): placed, kept, copied, verified by purgatory, and started.

The new kernel gets everything of the old one in its initrd, so that it can go on in its turn: to
another restart, to a panic, and from the capture kernel back to a whole machine.
"""

import json
import pathlib
import re
import shlex

import pytest

import kdump
import kernel_files
from conftest import on
from kdump import INITRD, TOOL, WHOLE, pack_whole
from memory_map import Ranges, memory_map

VMLINUX = "/boot/vmlinux"
TREE = pathlib.Path(__file__).parents[1] / "fixtures/x86-restart/boot/devices.dtb"
CHECKED = ("purgatory: caches on", "purgatory: image verified")


def load_command(machine, *options, marker, initrd=WHOLE, image=kdump.IMAGE, more=""):
    """-l by kexec_load. Purgatory says on a console that was named that all is well."""
    cmdline = (f"console={machine.CONSOLE} panic=-1 crashkernel=256M {machine.AGENT} "
               f"marker={marker} {more}")
    return shlex.join([TOOL, "-l", "-c", f"--serial={machine.CONSOLE}", *options,
                       f"--initrd={initrd}", f"--command-line={cmdline}", image])


def assert_placement(machine, plan, added=Ranges()):
    """Every segment is in memory of the boot that nobody has reserved, by the file itself."""
    now = memory_map(machine)
    segments = Ranges((int(item["mem"], 0), int(item["mem"], 0) + item["memsz"])
                      for item in plan["segments"])
    wrong = segments - (now.named("System RAM") - now.named("reserved") - now.crash - added)
    assert not wrong, f"{wrong} must not be written to"


def text_address(machine):
    """Where the kernel is, virtually."""
    return machine.check("grep ' _stext$' /proc/kallsyms").split()[0]


def restart(machine, marker, *options, added=Ranges(), **parts):
    """Load, look at the plan, restart, and see that this is what came of it."""
    command = load_command(machine, *options, marker=marker, **parts)
    plan = kdump.plan_of(machine, f"{command} --dry-run=json")
    assert_placement(machine, plan, added)
    machine.check(command)
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    seen = len(machine.console())
    machine.leave(f"{TOOL} -e -x")
    said = machine.console()[seen:].partition("Linux version")[0]
    assert all(words in said for words in CHECKED), said
    assert f"marker={marker}" in machine.check("cat /proc/cmdline").split()
    return plan


def take_offline(machine, blocks):
    """What becomes of them when they all are to go offline."""
    return machine.check(f"cd /sys/devices/system/memory; for block in {blocks}; do "
                         "echo offline >$block/state; cat $block/state; done 2>/dev/null").split()


def test_offline_memory_is_never_loaded_to(boot):
    """It stays "System RAM" in the memory map. On arm64 only memory that was plugged in later can
    be taken offline, and nothing is loaded to that whatever its state."""
    machine = boot(kind="uefi", slots=8, max_memory=8192)
    assert set(take_offline(machine, "memory*")) == {"online"}
    assert "Boot memory" in machine.check("dmesg | grep offlining")
    names = "cd /sys/devices/system/memory; echo memory*"
    before = set(machine.check(names).split())
    added = kdump.dimm_ranges([machine.hot_add(1024)])
    blocks = set(machine.check(names).split()) - before
    assert "offline" in take_offline(machine, " ".join(blocks))
    assert not added - memory_map(machine).named("System RAM")
    plan = kdump.plan_of(machine, load_command(machine, "--dry-run=json", marker="none",
                                               initrd=INITRD))
    assert_placement(machine, plan, added)
    start = next(iter(added))[0]
    assert any(f"{start:#x}" in choice["text"] for choice in plan["choices"])


def test_restart_leaves_hot_added_memory_alone(boot):
    """UEFI and ACPI: only the firmware's own map tells a DIMM from the memory of the boot."""
    machine = boot(kind="uefi", slots=8, max_memory=8192)
    # The largest free piece, and still nothing to load to.
    added = kdump.dimm_ranges([machine.hot_add(1024)])
    start = next(iter(added))[0]
    result = machine.sh(load_command(machine, f"--mem-min={start}", marker="none", initrd=INITRD))
    assert result.rc == 255 and b"[memory-too-small]" in result.err, result
    assert machine.check("cat /sys/kernel/kexec_loaded") == "0\n"
    plan = restart(machine, "uefi", added=added, initrd=INITRD)
    assert any(f"{start:#x}" in choice["text"] for choice in plan["choices"])
    # The small archive has arrived, and nothing else.
    assert machine.check("ls /boot /tmp 2>/dev/null || true").split() == ["/tmp:"]


@on("el2", "pc", "pc-max")
def test_restart_restart_panic_restart(boot, model):
    """A device tree at EL2, a BIOS, and UEFI with five levels of page tables: each kernel in turn
    can do all that the first one could."""
    machine = boot()
    whole = memory_map(machine).ram
    pack_whole(machine)
    places = [text_address(machine)]
    for marker in ("first", "second"):
        restart(machine, marker)
        model.assert_seen(machine, "main")
        assert memory_map(machine).ram == whole
        places.append(text_address(machine))
        pack_whole(machine)
    assert len(set(places)) > 1, f"not moved by a new seed: {places}"

    kdump.load(machine, initrd=WHOLE)
    kdump.crash(machine)
    pack_whole(machine)
    plan = restart(machine, "third")
    edits = {edit["name"]: edit["action"] for edit in plan.get("device_tree", ())}
    assert edits.get("linux,elfcorehdr") == edits.get("linux,usable-memory-range") \
        == ("delete" if edits else None)
    assert memory_map(machine).ram == whole
    assert machine.sh("test -e /proc/vmcore").rc

    # Another loader hands a tree's record on; it says nothing of its own start.
    assert kdump.purgatory_record(machine)["result"] == "verified"
    pack_whole(machine)
    machine.check(f"{TOOL} -s -l --initrd={WHOLE} "
                  f"--append='console={machine.CONSOLE} {machine.AGENT}' {kdump.IMAGE}")
    machine.leave(f"{TOOL} -e -x")
    assert memory_map(machine).ram == whole
    status = json.loads(machine.check(f"{TOOL} --status=json"))
    assert status["purgatory"] is None
    assert not edits or "earlier start" in status["purgatory_error"]


@on("pc-max", "el1")
def test_without_an_initrd_the_kernel_looks_for_none(boot):
    """What the firmware's table says of the last start leads to memory that others have now: a
    kernel that goes by it panics on x86_64 before it has a console."""
    machine = boot(kind="uefi")
    assert "INITRD=" in machine.check("dmesg | grep -m 1 ' efi:.*ACPI'")
    line = f"console={machine.CONSOLE} panic=-1 marker=alone"
    for call in ("-s", "-c"):
        machine.check(f"{TOOL} -l {call} --command-line='{line}' {kdump.IMAGE}")
    seen = len(machine.console())
    machine.check(f"(sleep 1; {TOOL} -e -x) >/dev/null 2>&1 &")
    machine.wait_console("Unable to mount root fs")
    said = machine.console()[seen:]
    assert "marker=alone" in said and "Linux version" in said
    assert not re.search("initrd not fully|Initramfs unpacking failed|new RAMDISK", said)


@on("pc-max")
def test_an_older_and_a_newer_kernel_with_fewer_and_more_levels(boot, pc_artifacts):
    """To another's kernel as to one's own, from five levels of page tables to four and back."""
    releases, archive = pc_artifacts.with_other_kernels()
    machine = boot(archive=archive)
    whole = memory_map(machine).ram
    for suite, word, levels in (("bookworm", "no5lvl", 4), ("sid", "quiet", 5)):
        pack_whole(machine)
        restart(machine, suite, image=f"/boot/{suite}", more=word)
        assert machine.check("uname -r").strip() == releases[suite]
        assert memory_map(machine).ram == whole
        flags = machine.check("grep -m 1 ^flags /proc/cpuinfo").split()
        assert ("la57" in flags) == (levels == 5)


def fill_line(machine, length, action="-l", program=TOOL):
    """A load with a command line of so many characters, of which the next kernel needs some."""
    words = f"console={machine.CONSOLE} panic=-1 {machine.AGENT} filler="
    alone = "--no-capture-defaults" if program == TOOL else ""
    return f"{program} {action} {alone} --command-line='{words:x<{length}}' {kdump.IMAGE}"


@on("pc")
def test_the_file_call_on_x86_has_limits_that_are_known_before(boot):
    """What is said before the call is what the kernel makes of it, by Debian's kexec-tools too: the
    longest line of either load; and an initrd in memory that was hot-added."""
    machine = boot(slots=8, max_memory=8192)
    for action in ("-l", "-p"):
        for length, good in ((2016, True), (2017, False)):
            result = machine.sh(f"{fill_line(machine, length, action)} -s")
            assert (result.rc == 0) == good == (b"[cmdline-too-long]" not in result.err), result
            peer = fill_line(machine, length, action, kdump.PEER)
            assert (machine.sh(f"{peer} -s").rc == 0) == good
    # What was armed outlives a line that is too long, but kexec-tools has asked the kernel.
    assert machine.sh(f"{fill_line(machine, 2016, '-p')} -s").rc == 0
    assert machine.sh(f"{fill_line(machine, 2017, '-p')} -s").rc == 255
    assert kdump.crash_loaded(machine)
    # Of both calls the other one takes it, as long as it is at most what the kernel can read.
    result = machine.sh(f"{fill_line(machine, 2047)} -d")
    assert result.rc == 0 and b"falling back to kexec_load" in result.err, result
    assert machine.sh(fill_line(machine, 2048)).rc == 255
    check_hot_added(machine)


def check_hot_added(machine):
    """kexec_file_load would put the image there, in a kernel that does not know the memory."""
    whole = memory_map(machine).ram
    ((start, end),) = kdump.dimm_ranges([machine.hot_add(1024)])
    command = load_command(machine, marker="added", initrd=INITRD).replace(" -c ", " ")
    command = command.replace(f" --serial={machine.CONSOLE}", "")
    result = machine.sh(f"{command} -s")
    assert result.rc == 255 and b"[file-load-hot-added]" in result.err, result
    foretold = re.search(rb"put the kernel to \[0x(\w+),", result.err)
    # The kernel does as it was foretold.
    machine.check("dmesg -c >/dev/null")
    assert machine.sh(f"{command.replace(TOOL, kdump.PEER)} -s -d").rc == 0
    places = [int(place, 16) for place in
              re.findall(r"segment\[\d+\].* mem=0x([0-9a-f]+)", machine.check("dmesg"))]
    assert int(foretold[1], 16) in places and any(start <= place < end for place in places)
    result = machine.sh(f"{command} -d")
    assert result.rc == 0 and b"kexec_load, since it may put the initrd" in result.err, result
    plan = restart(machine, "added", added=memory_map(machine).ram - whole, initrd=INITRD)
    assert all(edit["value"] != "RAM" and f"[{start:#x}," not in edit["value"]
               for edit in plan["boot_params"] if edit["path"] == "e820")
    # The new kernel has found it by ACPI, as memory that may go again.
    machine.wait_console("marker=added")
    assert memory_map(machine).ram - whole


@on("pc")
def test_initrd_is_found_above_4_gib(boot):
    """And all else as well, with mem= for the first kernel, of which the second knows nothing."""
    machine = boot(memory=5120, append="mem=4608M")
    plan = restart(machine, "high", f"--mem-min={4 << 30}", initrd=INITRD)
    assert all(int(segment["mem"], 0) >= 4 << 30 for segment in plan["segments"])
    total = sum(end - start for start, end in memory_map(machine).ram)
    assert total > 4900 << 20, "mem= has cut the map of the next kernel too"


@on("pc")
def test_a_device_tree_is_handed_on(boot):
    """In setup_data, and from there to the kernel after the next one."""
    machine = boot()
    machine.put("/tmp/dtb", TREE.read_bytes())
    pack_whole(machine)
    for options, marker in ((("--dtb=/tmp/dtb",), "second"), ((), "third")):
        restart(machine, marker, *options)
        nodes = "/sys/kernel/boot_params/setup_data"
        (tree,) = machine.check(f"grep -lx 0x2 {nodes}/*/type").split()
        assert machine.get(tree.replace("type", "data")) == TREE.read_bytes()
        pack_whole(machine)


@on("pc-trixie")
def test_efi_variables_after_restarts(boot):
    """The firmware is called by the kernel after the next one as by the first."""
    machine = boot(kind="uefi")
    # Each start writes one of its own, since those of an earlier one are protected against rm(1).
    name = "/sys/firmware/efi/efivars/{}-12345678-9abc-def0-1234-56789abcdef0".format
    mount = "mount -t efivarfs none /sys/firmware/efi/efivars"
    machine.check(f"{mount}; printf '\\7\\0\\0\\0first' >{name('first')}")
    pack_whole(machine)
    for before, marker in (("first", "second"), ("second", "third")):
        restart(machine, marker)
        seen = machine.check(f"{mount}; printf '\\7\\0\\0\\0{marker}' >{name(marker)}; "
                             f"cat {name(before)}")
        assert seen == "\7\0\0\0" + before
        assert "Firmware Bug" not in machine.check("dmesg")
        pack_whole(machine)


@on("pc-max")
def test_a_vmlinux_is_restarted_to_and_captures(boot, dump_disk, model, pc_artifacts):
    """By its 64-bit entry, with what UEFI left and five levels of page tables: first at the address
    that it is linked for or above, then in the crash region."""
    kernel, _, _ = pc_artifacts.for_model(model)
    data = kernel_files.vmlinux_of(kernel.read_bytes())
    with open(dump_disk, "r+b") as disk:
        disk.write(data)
    machine = boot()
    machine.check(f"head -c {len(data)} {kdump.DUMP_DISK} >{VMLINUX}")
    result = machine.sh(f"{TOOL} -l -s --command-line=quiet {VMLINUX}")
    assert result.rc and b"[file-load-unusable]" in result.err, result
    pack_whole(machine)
    plan = restart(machine, "vmlinux", image=VMLINUX)
    assert "levels of page tables" in str(plan["warnings"])
    model.assert_seen(machine, "main")
    # No decompressor, so nobody has moved it.
    at = kdump.segment(plan, "kernel")[0]
    (code, _), = memory_map(machine).named("Kernel code")
    assert code == at
    kdump.load(machine, image=VMLINUX)
    kdump.crash_and_check(machine, kdump.mark_own_page(machine), with_makedumpfile=False)


@on("pc")
@pytest.mark.parametrize("option", ["--entry-32bit", "--real-mode"])
def test_other_entries_of_a_bzimage(boot, option):
    """By its 32-bit one, and by its setup code, which asks the BIOS again; never for a panic."""
    machine = boot()
    whole = memory_map(machine).ram
    result = machine.sh(kdump.load_command(machine, option))
    assert result.rc and b"[entry-unsupported]" in result.err, result
    # The BIOS would wait for disks that are Linux's since.
    plan = restart(machine, "entered", option, initrd=INITRD, more="edd=off")
    assert memory_map(machine).ram == whole
    # Its own flags, with the heap that it was told of: no other entry leaves them in there.
    flags = machine.check("od -An -tx1 -j529 -N1 /sys/kernel/boot_params/data").strip()
    assert (int(flags, 16) & 0x81 == 0x81) == (option == "--real-mode")
    if option == "--real-mode":
        assert kdump.segment(plan, "boot_params")[0] + 0x10000 <= 0xa0000
