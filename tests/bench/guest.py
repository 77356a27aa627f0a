# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine in which both tools are measured, and what is in it."""

import os
import pathlib
import random
import shlex
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
VM = TOP / "tests/vm"
sys.path[:0] = [str(VM), str(TOP / "tests/purgatory")]
# pylint: disable=wrong-import-position
import initrd  # noqa: E402
import models  # noqa: E402
import qemu  # noqa: E402

CROSS_CC = "aarch64-linux-gnu-gcc"
CAPTURE = "console=ttyAMA0 earlycon=pl011,0x9000000 nr_cpus=1 reset_devices"
# One machine for all sizes; memory that is not touched costs nothing.
VM_OPTIONS = {"kind": "dt", "cpu": "cortex-a57", "smp": 2, "memory": 4096,
              "crashkernel": "768M"}
# "plain" is ours with a purgatory that sees no SHA-256 instructions.
TOOLS = {"ours": "/sbin/kexec", "plain": "/sbin/kexec-plain", "peer": "/sbin/kexec-peer"}
MB = 10 ** 6


def said(text):
    """To the one who waits."""
    print(text, file=sys.stderr, flush=True)


def output_of(script):
    """The last line of what a script of tests/vm prints."""
    text = subprocess.run([VM / script], stdout=subprocess.PIPE, check=True, text=True).stdout
    return pathlib.Path(text.splitlines()[-1])


class Bench:
    """The kernel, the tools and the archives that all measurements share."""

    def __init__(self, args, scratch):
        self.runs = args.runs
        self.sizes = args.sizes
        self.scratch = scratch
        self.host_kexec = args.host_kexec
        self.blob = args.kexec.resolve().parents[1] / "purgatory/arm64/purgatory.bin"
        self.root = output_of("guest-root")
        kernel = os.environ.get("KEXEC_TEST_KERNEL")
        self.kernel = (pathlib.Path(kernel) if kernel else output_of("kernel/build")) / "Image"
        self.image = self.kernel.read_bytes()
        plain = scratch / "kexec-plain"
        plain.write_bytes(models.without_sha256(args.kexec.read_bytes(), self.blob.read_bytes()))
        programs = {"sbin/kexec": args.kexec, "sbin/kexec-plain": plain,
                    "sbin/kexec-peer": self.root / "usr/sbin/kexec"}
        self.files = initrd.base_files(self.root) | initrd.program_files(self.root, programs) | {
            "Image": self.image,
            "sbin/measure": self.helper(CROSS_CC).read_bytes(),
        }

    def machine(self, more, **options):
        """A machine, off, whose initrd has these files as well."""
        archive = self.scratch / "initrd"
        archive.write_bytes(initrd.cpio(self.files | more))
        return qemu.Machine(self.kernel, archive, **VM_OPTIONS | options)

    def helper(self, compiler="gcc"):
        """measure.c, for this machine or another."""
        target = self.scratch / f"measure-{compiler}"
        subprocess.run([compiler, "-static", "-O2", "-Wall", "-o", target, HERE / "measure.c"],
                       check=True)
        return target

    def capture(self, size):
        """An initrd that makes so many MB together with the kernel, most of it noise."""
        files = initrd.base_files(self.root)
        room = size * MB - len(self.image) - len(initrd.cpio(files | {"noise": b""}))
        return initrd.cpio(files | {"noise": random.Random(size).randbytes(max(room, 0))})

    def large_kernel(self, size):
        """A kernel that is never entered: the Image again and again, so that it packs like one,
        and as large as it says in its header."""
        data = bytearray(self.image * (size // len(self.image) + 1))[:size]
        struct.pack_into("<Q", data, 16, len(data))
        return bytes(data)


def load_command(who, options="", kernel="/Image", capture="/capture", call="-c"):
    return (f"{TOOLS[who]} {call} -p {options} --initrd={capture} --append={shlex.quote(CAPTURE)} "
            f"{kernel}")


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
