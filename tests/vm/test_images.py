# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of kernel file, by both system calls.

In one machine each kind is loaded by each call, and the memory of the armed kernel is held
against the Image that all of them were made from: every byte, to the end of its image_size. So it
is enough to boot a few. Of that doc/support-matrix.md is made, and compared with the one in the
tree: KEXEC_UPDATE_MATRIX=1 writes it.
"""

import io
import json
import os
import re
import struct
import subprocess
import sys
import tarfile

import pytest

import generated
import kdump
import kernel_files
import test_normal
import test_scenarios
import test_x86_64
from conftest import TOP, on
from memory_map import memory_map
from qemu import Machine

sys.path.insert(0, str(TOP / "tests/fixtures"))
from answers import documented  # noqa: E402  pylint: disable=wrong-import-position
from plan_rules import keys_of  # noqa: E402  pylint: disable=wrong-import-position

MATRIX = TOP / "doc/support-matrix.md"
PATHS = {"kexec_load": "-c", "kexec_file_load": "-s"}
MARKER = "kexec-test,from-the-uki"
# What is really booted, by a panic each: (kind, packed with, path).
BOOTED = [
    ("Image", "nothing", "kexec_load"),
    ("Image", "nothing", "kexec_file_load"),
    ("Image", "gzip", "kexec_file_load"),
    ("EFI zboot", "zstd", "kexec_load"),
    ("EFI zboot", "gzip", "kexec_file_load"),
    ("vmlinux", "zstd", "kexec_load"),
    ("vmlinux", "nothing", "kexec_file_load"),
    ("uImage", "lzo", "kexec_load"),
    ("uImage", "gzip", "kexec_file_load"),
    ("UKI", "nothing", "kexec_load"),
    ("UKI", "zstd in EFI zboot", "kexec_file_load"),
    ("Android", "lz4 and a tree behind, version 2", "kexec_load"),
    ("Android", "nothing, version 4", "kexec_file_load"),
]
# The same of x86_64, by tests that are about more.
BOOTED_ELSEWHERE = {
    ("bzImage", "nothing", "kexec_load"): test_scenarios.test_01_boot_load_panic_capture,
    ("bzImage", "nothing", "kexec_file_load"):
        test_x86_64.test_the_file_call_is_verified_the_same_way,
    ("vmlinux", "nothing", "kexec_load"): test_normal.test_a_vmlinux_is_restarted_to_and_captures,
}
# These bring what they need.
WHOLE = ("UKI", "Android")
# The device tree machine of qemu.py.
DUMP_TREE = ["qemu-system-aarch64", "-M", "virt,gic-version=3,its=off,dumpdtb={}", "-cpu",
             "cortex-a57", "-smp", "2", "-m", "1024M", "-nodefaults", "-display", "none"]


def machine_tree(directory):
    """The tree of the machine that the tests run on, with a property that shows who gave it."""
    tree = directory / "machine.dtb"
    subprocess.run([word.format(tree) for word in DUMP_TREE], check=True, capture_output=True)
    subprocess.run(["fdtput", "-t", "s", tree, "/chosen", MARKER, "yes"], check=True)
    # With the very names of the running tree it would be left out.
    subprocess.run(["fdtput", "-t", "s", tree, "/", "compatible", "linux,dummy-virt", MARKER],
                   check=True)
    return tree.read_bytes()


def other_tree(directory):
    """One for a machine that this is not."""
    source = '/dts-v1/; / { compatible = "kexec-test,other"; };'
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], cwd=directory, check=True,
                          input=source.encode(), stdout=subprocess.PIPE).stdout


@pytest.fixture(scope="module")
def kinds(artifacts, tmp_path_factory):
    """{(kind, packed with): bytes}; a UKI has all that a capture kernel needs."""
    directory = tmp_path_factory.mktemp("kinds")
    return kernel_files.all_kinds(
        artifacts.kernel.read_bytes(), directory,
        cmdline=f"{Machine.CAPTURE_CMDLINE} crashkernel=1G\n".encode(),
        initrd=artifacts.capture_initrd, os_release=b"ID=test\n", devicetree=other_tree(directory),
        devicetree_auto=[other_tree(directory), machine_tree(directory)])


def file_name(kind):
    return re.sub(r"\W+", "-", "-".join(kind))


def put_on_disk(disk, kinds):
    """As a tar archive that the guest takes from the disk; returns its size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for kind, data in kinds.items():
            info = tarfile.TarInfo(file_name(kind))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with open(disk, "r+b") as file:
        return file.write(out.getvalue())


def boot_with(boot, disk, kinds, kind="dt"):
    size = put_on_disk(disk, kinds)
    machine = boot(kind=kind)
    # tar would read the disk to its end.
    machine.check(f"mkdir /tmp/k; head -c {size} {kdump.DUMP_DISK} | tar -x -C /tmp/k")
    return machine


def command(kind, *options):
    """A UKI is given nothing: it brings what it needs, as does an Android boot image."""
    image = f"/tmp/k/{file_name(kind)}"
    if kind[0] in WHOLE:
        return f"{kdump.TOOL} -p {' '.join(options)} {image}"
    return kdump.load_command(Machine, *options, image=image)


def kernel_address(machine, path, kind):
    """Where the call puts the kernel: as we plan it, or the kernel's own place, which is the
    first 2 MiB line of the region (kernel interface reference 1.7)."""
    if path == "kexec_load":
        return kdump.segment(json.loads(machine.check(command(kind, "--dry-run=json"))),
                             "kernel")[0]
    (start, _), = memory_map(machine).crash
    return -(-start // (2 * kdump.MIB)) * 2 * kdump.MIB


def refusal(result):
    """What the matrix says about it."""
    ids = re.findall(r"\[([a-z-]+)\]", result.err.decode())
    return f"no: {ids[0]}" if ids else f"no: exit status {result.rc}"


def outcome(machine, kind, path, address, wanted, scratch):
    """What the matrix says about one kind by one path; asserts that a load is a good one."""
    # What the last load left there must not count for this one.
    machine.check(f"{kdump.TOOL} -p -u; [ -e /tmp/ones ] || head -c {len(wanted)} /dev/zero | "
                  "tr '\\0' '\\377' >/tmp/ones; "
                  f"dd if=/tmp/ones of=/dev/mem bs={kdump.PAGE} seek={address // kdump.PAGE}")
    # Without digest: that costs an emulated machine more than all the rest.
    result = machine.sh(command(kind, PATHS[path], "-i"))
    if result.rc:
        return refusal(result)
    assert kdump.crash_loaded(machine), f"{kind} by {path}: {result}"
    machine.qmp("pmemsave", val=address, size=len(wanted), filename=str(scratch))
    assert scratch.read_bytes() == wanted, f"{kind} by {path}: armed is another kernel"
    return "boots" if (*kind, path) in BOOTED else "loads"


def check_matrix(arch, rows):
    """That the document has this table; rows are {(kind, packed with): {path: outcome}}."""
    lines = ["| kind | packed with | " + " | ".join(PATHS) + " |", "|---" * (2 + len(PATHS)) + "|"]
    lines += [f"| {kind} | {packing} | " + " | ".join(cells[path] for path in PATHS) + " |"
              for (kind, packing), cells in rows.items()]
    made = "\n".join(lines) + "\n"
    if os.environ.get("KEXEC_UPDATE_MATRIX"):
        generated.write(MATRIX, f"kinds on {arch}", made)
    assert generated.read(MATRIX, f"kinds on {arch}") == made


def check_identified(machine, kinds, as_is=(("Image", "nothing"),)):
    """Each is told by its own name, with the release that it says of itself when it runs."""
    release = machine.check("uname -r").strip()
    known = documented("identify-schema.md")
    names = {"EFI zboot": "vmlinuz", "UKI": "uki", "Android": "android", "bzImage": "bzImage64"}
    for kind in kinds:
        found = json.loads(machine.check(
            f"{kdump.TOOL} --identify=json /tmp/k/{file_name(kind)}"))
        assert found["type"] == names.get(kind[0], kind[0]), kind
        assert found["kernel"]["release"] == release, kind
        assert found["as_is"] == (kind in as_is), kind
        assert set(keys_of(found)) <= known, kind


def test_20_every_kind_is_identified_and_loaded(boot, kinds, dump_disk, artifacts, tmp_path):
    machine = boot_with(boot, dump_disk, kinds)
    check_identified(machine, kinds)
    image = artifacts.kernel.read_bytes()
    wanted = image.ljust(kernel_files.image_size(image), b"\0")
    addresses = {path: kernel_address(machine, path, ("Image", "nothing")) for path in PATHS}
    rows = {kind: {path: outcome(machine, kind, path, addresses[path], wanted, tmp_path / "armed")
                   for path in PATHS}
            for kind in kinds}
    check_matrix("arm64", rows)


@pytest.mark.parametrize("kind, packing, path", BOOTED)
def test_21_kinds_are_booted(boot, kinds, dump_disk, kind, packing, path):
    """Loaded, crashed, captured; a UKI or an Android boot image by what it brings alone."""
    one = {(kind, packing): kinds[kind, packing]}
    machine = boot_with(boot, dump_disk, one)
    result = machine.sh(command((kind, packing), PATHS[path]))
    assert result.rc == 0 and not result.out, result
    # kexec_file_load(2) takes no tree: the kernel makes it of the running one.
    tree_is_lost = (kind, path) == ("UKI", "kexec_file_load")
    lacks_vendor = (kind, packing) == ("Android", "nothing, version 4")
    assert (b"device tree in the image" in result.err) == tree_is_lost
    assert (b"vendor_boot" in result.err) == lacks_vendor
    assert result.err.count(b"\n") == tree_is_lost + lacks_vendor
    kdump.crash_and_check(machine, kdump.mark_own_page(machine))
    line = machine.check("cat /proc/cmdline")
    assert Machine.CAPTURE_CMDLINE in line and "crashkernel" not in line
    tree = machine.sh(f"cat /proc/device-tree/chosen/{MARKER}").text.rstrip("\0")
    assert tree == ("yes" if kind in WHOLE and path == "kexec_load" else "")


def test_21_options_win_over_a_uki(boot, kinds, dump_disk):
    """Part by part, as the plan shows."""
    kind = ("UKI", "nothing")
    machine = boot_with(boot, dump_disk, {kind: kinds[kind]})
    machine.check("printf %0110d 0 | sed s/^000000/070701/ | tr -d '\\n' >/tmp/mine")
    plain = json.loads(machine.check(command(kind, "--dry-run=json")))
    assert plain["command_line"] == Machine.CAPTURE_CMDLINE
    given = json.loads(machine.check(command(
        kind, "--dry-run=json", "--append=mine", "--initrd=/tmp/mine",
        "--dtb=/sys/firmware/fdt")))
    assert given["command_line"] == "mine"
    assert kdump.segment(given, "initrd")[1] == 110
    assert (kdump.segment(given, "initrd")[1] != kdump.segment(plain, "initrd")[1])


def payload_of(kind, data):
    """What of a kernel file has to be in memory as it is: behind the setup code of a bzImage, and
    the first part of a vmlinux."""
    if kind == "vmlinux":
        offset, size = struct.unpack_from("<8xQ16xQ", data, struct.unpack_from("<Q", data, 32)[0])
        return data[offset:offset + size]
    return data[((data[0x1f1] or 4) + 1) * 512:]


def pc_outcome(machine, kind, path, payload):
    """As outcome(), where each call has a place of its own for the kernel in the crash region."""
    (start, end), = memory_map(machine).crash
    machine.check(f"{kdump.TOOL} -p -u")
    image = f"/tmp/k/{file_name(kind)}"
    result = machine.sh(f"{kdump.TOOL} -p -i --command-line=quiet {PATHS[path]} {image}")
    if result.rc:
        return refusal(result)
    at = machine.read_physical(start, end - start).find(payload)
    assert at >= 0, f"{kind} by {path}: armed is another kernel"
    # This one must not count for the next.
    machine.write_physical(start + at, b"none")
    return "boots" if (*kind, path) in BOOTED_ELSEWHERE else "loads"


@on("pc")
def test_every_kind_on_x86_is_identified_and_loaded(boot, pc_artifacts, model, dump_disk, tmp_path):
    bzimage = pc_artifacts.for_model(model)[0].read_bytes()
    kinds = kernel_files.all_pc_kinds(bzimage, tmp_path, cmdline=b"quiet\n",
                                      os_release=b"ID=test\n",
                                      initrd=pc_artifacts.capture_initrd)
    size = put_on_disk(dump_disk, kinds)
    machine = boot(memory=2048)
    machine.check(f"mkdir /tmp/k; head -c {size} {kdump.DUMP_DISK} | tar -x -C /tmp/k")
    check_identified(machine, kinds, as_is=(("bzImage", "nothing"), ("vmlinux", "nothing")))
    payloads = {"bzImage": payload_of("bzImage", bzimage),
                "vmlinux": payload_of("vmlinux", kinds["vmlinux", "nothing"])}
    payloads["UKI"] = payloads["bzImage"]
    check_matrix("x86_64", {
        kind: {path: pc_outcome(machine, kind, path, payloads[kind[0]]) for path in PATHS}
        for kind in kinds})
