# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine in which both tools are measured, and what is in it."""

import pathlib
import random
import shlex
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(TOP / "tests/vm"), str(TOP / "tests/purgatory")]
# pylint: disable=wrong-import-position
import families  # noqa: E402
import initrd  # noqa: E402

MB = 10 ** 6
# Whose they are, by the names of the columns and rows: the program, and the call that it makes.
TOOLS = {"ours": ("/sbin/kexec", "-c"), "plain": ("/sbin/kexec-plain", "-c"),
         "peer": ("/sbin/kexec-peer", "-c"), "before": ("/sbin/kexec-before", "-c"),
         # The kernel verifies by a purgatory of its own, where it has one.
         "kernel": ("/sbin/kexec", "-s")}


def said(text):
    """To the one who waits."""
    print(text, file=sys.stderr, flush=True)


class Host:
    """What all measurements share; enough for those that need no guest."""
    name, emulator, peer = "host", None, ""

    def __init__(self, args, scratch):
        self.runs = args.runs
        self.sizes = args.sizes
        self.scratch = scratch
        self.host_kexec = args.host_kexec

    def helper(self, compiler="gcc"):
        """measure.c, for this machine or another."""
        return self.compiled([compiler, "-static"], "measure.c", f"measure-{compiler}")

    def compiled(self, command, source, name):
        target = self.scratch / name
        subprocess.run([*command, "-O2", "-Wall", "-o", target, HERE / source], check=True)
        return target


class Bench(Host):
    """The kernel, the tools and the archives that all measurements of a family share."""

    def __init__(self, args, family, scratch):
        super().__init__(args, scratch)
        self.name = family
        self.family = families.FAMILIES[family]
        self.machine_class = self.family.machine
        self.emulator = self.family.emulator()
        self.tool = {"arm64": args.kexec, "ppc64le": args.ppc64le_kexec}.get(
            family, args.host_kexec)
        self.before = args.before
        self.root = self.family.root()
        version = next(line for line in (self.root / "versions").read_text().splitlines()
                       if line.startswith("kexec-tools "))
        self.peer = f" Peer: Debian {version}, {self.family.deb}."
        self.kernel = self.family.kernel()
        self.image = self.kernel.read_bytes()
        programs = {"sbin/kexec": self.tool, "sbin/kexec-peer": self.root / "usr/sbin/kexec",
                    "sbin/kexec-plain": self.family.plain_tool(self.tool, scratch)}
        if self.before:
            programs["sbin/kexec-before"] = self.before
        self.files = initrd.base_files(self.root) | initrd.program_files(self.root, programs) | {
            "Image": self.image,
            "sbin/measure": self.helper(self.family.compiler).read_bytes(),
        }

    def machine(self, more, who="ours", **options):
        """A machine, off, whose initrd has these files as well."""
        archive = self.scratch / "initrd"
        archive.write_bytes(initrd.cpio(self.files | more))
        return self.machine_class(self.kernel, archive, qemu=self.emulator,
                                   **self.family.options(who, options))

    def capture(self, size):
        """An initrd that makes so many MB together with the kernel, most of it noise."""
        files = initrd.base_files(self.root)
        room = size * MB - len(self.image) - len(initrd.cpio(files | {"noise": b""}))
        return initrd.cpio(files | {"noise": random.Random(size).randbytes(max(room, 0))})

    def large_kernel(self, size):
        """A kernel that is never entered: the Image of arm64 again and again, so that it packs
        like one, and as large as it says in its header."""
        data = bytearray(self.image * (size // len(self.image) + 1))[:size]
        struct.pack_into("<Q", data, 16, len(data))
        return bytes(data)

    def load_command(self, who, options="", kernel="/Image", capture="/capture", call=None,
                     kind="-p"):
        """What loads a kernel."""
        program, own_call = TOOLS[who]
        return (f"{program} {call or own_call} {kind} {options} --initrd={capture} "
                f"--append={shlex.quote(self.family.command_line(kind))} {kernel}")


def emulator_seconds():
    """CPU time of the one child that this has meanwhile, QEMU: all its threads."""
    (child,) = (pid for path in pathlib.Path("/proc/self/task").glob("*/children")
                for pid in path.read_text().split())
    return sum(int(path.read_text().split()[0])
               for path in pathlib.Path(f"/proc/{child}/task").glob("*/schedstat")) / 1e9


def in_turn(runs, whos):
    """Each run of each, and who begins changes."""
    for number in range(runs):
        turn = number % len(whos)
        yield from whos[turn:] + whos[:turn]
