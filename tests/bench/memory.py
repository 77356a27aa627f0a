# SPDX-License-Identifier: GPL-2.0-only
"""What memory a load takes from a cold page cache: the program's own and the files' together.

That is memory.peak of a cgroup (v2) in which the program alone has run. It takes a kernel that
counts, a file system on a disk, and leases: Debian's, with the modules for that.
"""

import lzma
import re
import shlex
import subprocess

import debian
from guest import in_turn, said
import initrd
from rows import Row

SUITE = "trixie"
MODULES = ("virtio_blk", "ext4")
SIZE = 256


def kernel(family):
    """A folder in the cache with vmlinuz and the modules, in the order to load them in."""
    meta = family.debian_kernel
    archive = debian.Archive(SUITE, arch=family.deb)
    target = debian.cache_dir() / "bench-kernel" / debian.content_key(SUITE, meta, *MODULES)
    if target.is_dir():
        return target
    archive.update()
    depends = archive.show([meta], "Depends")[meta]
    name = re.search(r"linux-image-\d\S*-cloud-\w+", depends)[0]
    with debian.published(target) as root:
        (deb,) = archive.download([name])
        debian.unpack(deb, root / "package")
        (found,) = (root / "package/boot").glob("vmlinuz-*")
        (root / "vmlinuz").write_bytes(found.read_bytes())
        files = {path.name.split(".")[0].replace("-", "_"): path
                 for path in (root / "package").rglob("*.ko*")}
        for number, module in enumerate(in_order(files)):
            (root / f"{number:02}.ko").write_bytes(module)
    return target


def contents(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def in_order(files):
    """The bytes of MODULES and of all that they need, which come first."""
    wanted = {}

    def add(name):
        if name in wanted or name not in files:     # the latter are built in
            return
        data = contents(files[name])
        for depends in re.findall(rb"\0depends=([^\0]*)", data)[0].decode().split(","):
            add(depends.replace("-", "_"))
        wanted[name] = data

    for name in MODULES:
        add(name)
    return list(wanted.values())


def disk(bench, files):
    """An ext4 image with these files in it."""
    folder, image = bench.scratch / "disk", bench.scratch / "disk.img"
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    image.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, image, "512M"], check=True)
    return image


def prepare(machine, count):
    machine.check("; ".join([*(f"insmod /modules/{number:02}.ko" for number in range(count)),
                             "mkdir -p /disk /cgroup", "mount -t ext4 -o ro /dev/vda /disk",
                             "mount -t cgroup2 none /cgroup",
                             "echo +memory >/cgroup/cgroup.subtree_control"]))


def peak(bench, machine, who):
    """MiB."""
    script = ("echo $$ >/cgroup/load/cgroup.procs; exec "
              + bench.load_command(who, "", "/disk/Image", "/disk/capture"))
    text = machine.check("echo 3 >/proc/sys/vm/drop_caches; mkdir /cgroup/load; "
                         f"sh -c {shlex.quote(script)} >&2 || exit 1; "
                         "cat /cgroup/load/memory.peak; rmdir /cgroup/load", timeout=600)
    return int(text) / 2 ** 20


def memory(bench):
    """Cold page cache."""
    system = kernel(bench.family)
    modules = {f"modules/{path.name}": path.read_bytes() for path in sorted(system.glob("*.ko"))}
    large = disk(bench, {"Image": bench.image, "capture": bench.capture(SIZE)})
    archive = bench.scratch / "memory-initrd"
    archive.write_bytes(initrd.cpio(bench.files | modules))
    took = {"ours": [], "peer": []}
    options = bench.family.options("ours", {"memory": 3072, "disks": (large,)})
    with bench.family.machine(system / "vmlinuz", archive, qemu=bench.emulator,
                              **options) as machine:
        machine.boot()
        prepare(machine, len(modules))
        for who in in_turn(bench.runs, list(took)):
            took[who].append(peak(bench, machine, who))
            said(f"memory, {SIZE} MB, {who}: {took[who][-1]:.0f} MiB")
    return [Row(f"load, {SIZE} MB, cold page cache: memory.peak", "MiB", took["ours"],
                took["peer"], digits=0)], ""
