# SPDX-License-Identifier: GPL-2.0-only
"""Dumps of small guests, for readers of all kinds: each is a whole /proc/vmcore, as the capture
kernel offers it, and what a reader should find in it.

They are kept in build/readers, as long as the tool that loaded the capture kernel is the same.
Most of the memory is zeros and takes no room.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess

import artifacts
import debian
import debian_kernels
import kdump
import models
import ppc64le
import x86_64

from vmcore import CoreHeader, Vmcore

TOP = artifacts.TOP
KEPT = TOP / "build/readers"
HOTPLUG = {"slots": 8, "max_memory": 8 << 10}
DIMMS = 70
DISK_SIZE = 32 << 30    # room for those; nothing is written where there are zeros
# Less than the other tests take: all of it is read, most of it by emulated CPUs.
SIZE = {"memory": 1024, "crashkernel": "384M"}
# In Debian's words, and the program that arms it.
ARCHES = {"arm64": ("arm64", artifacts.tool), "x86_64": ("amd64", x86_64.tool),
          "ppc64le": ("ppc64el", ppc64le.tool)}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kernel kind and the machine that it runs on."""
    words: str              # for people
    model: str              # see models
    suite: str = ""         # of one of Debian's kernels, which have debug information
    flavour: str = ""
    pages: str = ""         # of artifacts.page_kernels()
    changes: tuple = ()     # of CHANGES, where not all: a kernel may have no crash hotplug

    @property
    def arch(self):
        """In Debian's words."""
        return ARCHES[models.find(self.model).arch.name][0]

    @property
    def tool(self):
        """The program that arms it."""
        return ARCHES[models.find(self.model).arch.name][1]()


KINDS = {
    "arm64-4k": Kind("arm64, 4 KiB, 48 bits", "el1"),
    "arm64-4k-52": Kind("arm64, 4 KiB, 52 bits", "max-el1", "trixie", "cloud-arm64",
                        changes=("plain", "file")),
    "arm64-4k-52-48": Kind("arm64, 4 KiB, kernel for 52 bits on a CPU of 48", "el1", "trixie",
                           "cloud-arm64", changes=("plain", "file")),
    "arm64-16k": Kind("arm64, 16 KiB, 47 bits", "vhe", pages="16k"),
    "arm64-64k": Kind("arm64, 64 KiB, 52 bits", "max-el1", pages="64k"),
    "x86_64-4": Kind("x86_64, 4 levels", "pc-trixie", "trixie", "cloud-amd64"),
    "x86_64-5": Kind("x86_64, 5 levels", "pc-trixie-la57", "trixie", "cloud-amd64"),
    # QEMU has no more than 32 slots there.
    "ppc64le-4k": Kind("ppc64le, 4 KiB, radix", "power", "sid", "powerpc64le",
                       changes=("plain", "file", "dimm", "cpus", "removed")),
    "ppc64le-4k-hash": Kind("ppc64le, 4 KiB, hashed tables", "power-hash", "sid", "powerpc64le",
                            changes=("plain",)),
    "ppc64le-64k": Kind("ppc64le, 64 KiB, radix", "power",
                        changes=("plain", "file", "dimm", "cpus", "removed")),
}


# --- what may happen between load and panic --------------------------------------------

def nothing(machine, _):
    """Armed, and then the panic."""
    return kdump.load(machine, "--hotplug=auto") and {}


def by_file(machine, _):
    """The same by kexec_file_load(2)."""
    result = machine.sh(kdump.load_command(machine, "-s"))
    assert result.rc == 0 and kdump.crash_loaded(machine), result
    return {}


def memory_comes(machine, block):
    """A DIMM, of one block: pseries lists each by itself."""
    kdump.load(machine, "--hotplug")
    return kdump.mark_fresh_memory(machine, kdump.dimm_ranges([machine.hot_add(block >> 20)]))


def cpus_go_and_come(machine, _):
    """CPU 1 goes, CPU 3 comes for the first time, CPU 2 is never there."""
    kdump.load(machine, "--hotplug")
    machine.check("cd /sys/devices/system/cpu; echo 0 >cpu1/online; echo 1 >cpu3/online")
    return {}


def seventy_dimms(machine, block):
    """Apart from each other, so that none is merged with the next."""
    kdump.load(machine, "--hotplug")
    step = 2 * block
    dimms = [machine.plug(block >> 20, addr=(16 << 30) + n * step) for n in range(DIMMS)]
    machine.wait_online(dimms)
    return kdump.mark_fresh_memory(machine, kdump.dimm_ranges(dimms[DIMMS // 2:]))


def memory_goes(machine, block):
    """One DIMM stays, one goes."""
    kdump.load(machine, "--hotplug")
    stays, goes = (machine.hot_add(block >> 20) for _ in range(2))
    machine.hot_remove(goes[0])
    return kdump.mark_fresh_memory(machine, kdump.dimm_ranges([stays]))


@dataclasses.dataclass(frozen=True)
class Change:
    """One of those, and what it needs."""
    words: str
    do: object
    options: dict = dataclasses.field(default_factory=dict)


CHANGES = {
    "plain": Change("plain", nothing),
    "file": Change("kexec_file_load", by_file),
    "dimm": Change("a DIMM added", memory_comes, HOTPLUG),
    "cpus": Change("CPUs off and on", cpus_go_and_come,
                   {"smp": 4, "append": "maxcpus=2"}),
    "dimms": Change(f"{DIMMS} DIMMs added", seventy_dimms, {"slots": 80, "max_memory": 64 << 10}),
    "removed": Change("a DIMM removed", memory_goes, HOTPLUG),
}


# --- a dump ------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Dump:
    """A dump and what is true of it."""
    kind: str
    change: str
    path: pathlib.Path
    release: str
    markers: dict           # {physical address: bytes}
    virtual: dict           # {address in the kernel's linear map: bytes}
    loads: int              # program headers of memory
    cpus: int               # whose registers are known
    log: str
    header: bytes           # the elfcorehdr that was armed in the end
    alike: bool             # whether the tool would then have made the same, byte for byte


def path_of(kind, change):
    """The file of a dump."""
    return KEPT / f"{kind}.{change}.core"


@functools.cache
def _tool_key(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def kept(kind, change):
    """The dump that is there, if the tool that armed its machine is still the same, else None."""
    path = path_of(kind, change).with_suffix(".json")
    facts = json.loads(path.read_text()) if path.exists() else {}
    if facts.pop("key", None) != _tool_key(KINDS[kind].tool):
        return None
    for name in ("markers", "virtual"):
        facts[name] = {int(at, 16): bytes.fromhex(text) for at, text in facts[name].items()}
    facts["header"] = bytes.fromhex(facts["header"])
    return Dump(kind, change, path_of(kind, change), **facts)


def _write(dump):
    facts = dataclasses.asdict(dump) | {"key": _tool_key(KINDS[dump.kind].tool)}
    for name in ("markers", "virtual"):
        facts[name] = {hex(at): data.hex() for at, data in facts[name].items()}
    facts["header"] = facts["header"].hex()
    for name in ("kind", "change", "path"):
        del facts[name]
    dump.path.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")


def _copy(machine, dump, disk, path):
    """All of /proc/vmcore, without the disk that it went over."""
    kdump.unpack_tools(machine)
    machine.check(f"copy-dump </proc/vmcore 1<>{kdump.DUMP_DISK}", timeout=900)
    subprocess.run(["cp", "--sparse=always", disk, path], check=True)
    os.truncate(path, max(load.offset + load.filesz for load in dump.loads))


def _armed(machine):
    """(the armed elfcorehdr, whether the tool would make the same of the machine as it is now)."""
    shown = kdump.shown_header(machine)[1]
    header = machine.read_physical(int(shown["address"], 16),
                                   CoreHeader.size_of(len(shown["program_headers"])))
    (made,) = (item for item in kdump.plan(machine)["segments"] if item["purpose"] == "elfcorehdr")
    return header, hashlib.sha256(header).hexdigest() == made["sha256"]


def capture(machine, kind, change, disk):
    """Arm, change, panic; what the capture kernel has then."""
    block = int(machine.check("cat /sys/devices/system/memory/block_size_bytes || echo 8000000"),
                16)
    markers = CHANGES[change].do(machine, block) | kdump.mark_own_page(machine)
    kdump.say(machine)
    release = machine.check("uname -r").strip()
    header, alike = _armed(machine)
    machine.panic()
    machine.wait_capture()
    dump = Vmcore(machine)
    dump.assert_markers(markers)
    log = kdump.read_log(machine).out
    path = path_of(kind, change)
    path.parent.mkdir(parents=True, exist_ok=True)
    _copy(machine, dump, disk, path)
    virtual = {load.vaddr + at - load.paddr: data for at, data in markers.items()
               for load in dump.loads
               if load.paddr <= at < load.paddr + load.filesz and load.vaddr}
    return Dump(kind, change, path, release, markers, virtual, len(dump.loads),
                sum(any(registers) for registers in dump.registers), log.decode(errors="replace"),
                header, alike)


def make(boot, made, tmp_path, kind, change, disk):
    """The dump of a kind of kernel after a change."""
    what = KINDS[kind]
    options = SIZE | CHANGES[change].options
    if what.flavour:
        kernel = debian_kernels.find(what.suite, what.flavour)
    elif what.pages:
        kernel = artifacts.page_kernels()[what.pages]
    else:
        kernel = None
    if kernel:
        archive = tmp_path / "archive"
        archive.write_bytes(kernel.archive(made.files, made.capture_initrd))
        options |= {"kernel": kernel.image, "archive": archive}
    os.truncate(disk, DISK_SIZE)
    dump = capture(boot(**options), kind, change, disk)
    _write(dump)
    return dump


def symbols(kind):
    """The vmlinux with debug information of one of Debian's kernels, or None."""
    what = KINDS[kind]
    if not what.flavour:
        return None
    release = debian_kernels.find(what.suite, what.flavour).release
    target = debian.cache_dir() / "symbols" / release
    with debian.locked("symbols"):
        if not target.is_dir():
            archive = debian.Archive(what.suite, arch=what.arch, stale_ok=True)
            archive.update()
            with debian.published(target) as root:
                (deb,) = archive.download([f"linux-image-{release}-dbg"])
                debian.unpack(deb, root, re.compile(r".*/vmlinux(-[^/]*)?").fullmatch)
                deb.unlink()  # up to a gigabyte, of which that is all
    (vmlinux,) = (path for path in target.glob("**/vmlinux*") if not path.is_symlink())
    return vmlinux
