# SPDX-License-Identifier: GPL-2.0-only
"""Device trees that are not the running one: as a kernel package has them, without what firmware
fills in. The kernel that gets one, completed, comes up, and knows its memory."""

import shlex
import subprocess

import kdump
import kernel_files
import test_images
from kdump import INITRD, TOOL
from memory_map import memory_map
from qemu import CONSOLE, Machine

TREE = "/tmp/board.dtb"
UKI = ("UKI", "nothing")


def source_tree(machine, directory, *changes):
    """The running tree without memory and without what its boot left there."""
    tree = directory / "board.dtb"
    tree.write_bytes(machine.get("/sys/firmware/fdt"))
    # Of some trees fdtget 1.6.1 lists all nodes and fails at the end.
    nodes = subprocess.run(["fdtget", "-l", tree, "/"], check=False, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    assert "chosen" in nodes
    for node in nodes:
        if node.startswith("memory"):
            subprocess.run(["fdtput", "-r", tree, f"/{node}"], check=True)
    names = subprocess.run(["fdtget", "-p", tree, "/chosen"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    for name in names:
        if name.startswith("linux,"):
            subprocess.run(["fdtput", "-d", tree, "/chosen", name], check=True)
    for change in changes:
        subprocess.run(["fdtput", *(word.format(tree) for word in change)], check=True)
    return tree.read_bytes()


def restart(machine, *words):
    """By kexec_load(2), to a kernel that has the memory of this one."""
    whole = memory_map(machine).ram
    line = f"console={CONSOLE} panic=-1 marker=tree"
    machine.check(shlex.join([TOOL, "-l", "-c", f"--initrd={INITRD}", f"--command-line={line}",
                              *words]))
    machine.leave(f"{TOOL} -e -x")
    assert "marker=tree" in machine.check("cat /proc/cmdline")
    assert memory_map(machine).ram == whole


def test_tree_without_memory_is_completed(boot, tmp_path):
    """Device tree: memory nodes."""
    machine = boot(kind="dt")
    machine.put(TREE, source_tree(machine, tmp_path))
    kdump.load(machine, f"--dtb={TREE}")
    kdump.crash_and_check(machine, kdump.mark_own_page(machine))


def test_restart_with_a_tree_keeps_off_what_it_reserves(boot, tmp_path):
    """32 MiB that must not be mapped, where the kernel would go first, and an entry behind it."""
    machine = boot(kind="dt")
    node = "/reserved-memory/firmware@40000000"
    machine.put(TREE, source_tree(
        machine, tmp_path, ("-p", "-c", "{}", node),
        ("-t", "x", "{}", "/reserved-memory", "#address-cells", "2"),
        ("-t", "x", "{}", "/reserved-memory", "#size-cells", "2"),
        ("{}", "/reserved-memory", "ranges"), ("{}", node, "no-map"),
        ("-t", "x", "{}", node, "reg", "0", "40000000", "0", "2000000")))
    # The running kernel uses what the new one must not even map.
    line = f"console={CONSOLE} panic=-1 marker=tree"
    machine.check(shlex.join([TOOL, "-l", "-c", f"--initrd={INITRD}", f"--command-line={line}",
                              f"--dtb={TREE}", kdump.IMAGE]))
    machine.leave(f"{TOOL} -e -x")
    assert "failed to reserve memory" not in machine.check("dmesg")
    (start, _), *_ = memory_map(machine).ram
    assert start == 0x42000000


def test_tree_of_a_uki_gets_the_way_to_the_efi_map(boot, dump_disk, artifacts, tmp_path):
    """UEFI with a device tree. The tree has one name more than the running one: it is used."""
    machine = boot(kind="uefi-dt")
    tree = source_tree(machine, tmp_path,
                       ("-t", "s", "{}", "/", "compatible", "linux,dummy-virt", "kexec-test,own"),
                       ("-t", "s", "{}", "/chosen", test_images.MARKER, "yes"))
    machine.close()
    uki = kernel_files.uki(
        tmp_path, artifacts.kernel.read_bytes(), cmdline=Machine.CAPTURE_CMDLINE.encode(),
        initrd=artifacts.capture_initrd, os_release=b"ID=test\n", devicetree_auto=[tree])
    machine = test_images.boot_with(boot, dump_disk, {UKI: uki}, kind="uefi-dt")
    path = f"/tmp/k/{test_images.file_name(UKI)}"
    restart(machine, path)
    assert machine.check(f"cat /proc/device-tree/chosen/{test_images.MARKER}") == "yes\0"
    machine.close()

    machine = test_images.boot_with(boot, dump_disk, {UKI: uki}, kind="uefi-dt")
    result = machine.sh(f"{TOOL} -p {path}")
    assert result.rc == 0 and kdump.crash_loaded(machine), result
    # What is in the file is not the silent reason for a call.
    assert b"kexec_load, for the device tree in the image" in result.err, result
    kdump.crash_and_check(machine, kdump.mark_own_page(machine))
    assert machine.check(f"cat /proc/device-tree/chosen/{test_images.MARKER}") == "yes\0"
    assert "EFI v" in machine.check("dmesg")
