# SPDX-License-Identifier: GPL-2.0-only
"""The machine of each architecture that both tools are measured in."""

import os
import pathlib
import subprocess

import board_ppc64le
import debian
import debian_kernels
import models
import newer_qemu
import ppc64le
import qemu
import x86_64

VM = pathlib.Path(models.__file__).parent
# One machine for all sizes; memory that is not touched costs nothing.
SIZES = {"smp": 2, "memory": 4096, "crashkernel": "768M"}


def output_of(script):
    """The last line of what a script of tests/vm prints."""
    text = subprocess.run([VM / script], stdout=subprocess.PIPE, check=True, text=True).stdout
    return pathlib.Path(text.splitlines()[-1])


class Arm64:
    """QEMU's virt."""
    name = "arm64"
    machine = qemu.Machine
    compiler = "aarch64-linux-gnu-gcc"
    console = "console=ttyAMA0 earlycon=pl011,0x9000000"
    first_line = "Booting Linux on physical"
    hotplug = {"kind": "uefi"}
    deb, debian_kernel = "arm64", "linux-image-cloud-arm64"
    # Whose purgatories are compared with the peer's, in words behind what they do. QEMU has no
    # CPU without SHA-256 instructions, so for "plain" the tool is changed.
    verifiers = {"ours": "", "plain": ", no SHA instructions"}
    # A machine of tests/purgatory, and its name in the table.
    board = "el1", "purgatory at EL1"
    packs = True        # a kernel by itself, which the tools have to unpack

    @staticmethod
    def root():
        return output_of("guest-root")

    @staticmethod
    def kernel():
        given = os.environ.get("KEXEC_TEST_KERNEL")
        return (pathlib.Path(given) if given else output_of("kernel/build")) / "Image"

    @staticmethod
    def plain_tool(tool, scratch):
        blob = tool.resolve().parents[1] / "purgatory/arm64/purgatory.bin"
        path = scratch / "kexec-plain"
        path.write_bytes(models.without_sha256(tool.read_bytes(), blob.read_bytes()))
        return path

    @staticmethod
    def emulator():
        return [qemu.QEMU]

    @staticmethod
    def options(_, more):
        """Of the machine for one of the tools."""
        return SIZES | {"kind": "dt", "cpu": "cortex-a57"} | more

    @classmethod
    def command_line(cls, kind):
        """Of the kernel that is loaded for a crash (-p) or a restart (-l)."""
        return cls.console + (" nr_cpus=1 reset_devices" if kind == "-p" else "")


class PC:
    """QEMU's q35 with SeaBIOS, by sid's QEMU: its `max` has SHA instructions."""
    name = "x86_64"
    machine = qemu.PC
    compiler = "gcc"
    console = "console=ttyS0 earlyprintk=ttyS0,115200 agent=ttyS1"
    first_line = "Linux version"
    hotplug = {"kind": "bios"}
    deb, debian_kernel = "amd64", "linux-image-cloud-amd64"
    verifiers = {"ours": "", "plain": ", no SHA instructions",
                 "kernel": ", the kernel's own by kexec_file_load"}
    board = "sha", "purgatory"
    packs = False       # each kernel is one that unpacks itself
    command_line = classmethod(Arm64.command_line.__func__)

    @staticmethod
    def root():
        return x86_64.newest_root()

    @staticmethod
    def kernel():
        given = os.environ.get("KEXEC_TEST_KERNEL_X86_64")
        return pathlib.Path(given) / "bzImage" if given \
            else debian_kernels.find(x86_64.SUITE, x86_64.FLAVOUR).image

    @staticmethod
    def plain_tool(tool, _):
        return tool

    @staticmethod
    def emulator():
        return newer_qemu.find("x86_64")[0]

    @staticmethod
    def options(who, more):
        return SIZES | {"kind": "bios", "cpu": "max,-sha-ni" if who == "plain" else "max"} | more


class PSeries:
    """QEMU's pseries, a machine below a hypervisor."""
    name = "ppc64le"
    machine = qemu.PSeries
    compiler = f"{ppc64le.TRIPLET}-gcc"
    console = "console=hvc0"
    first_line = "Linux version"
    deb, debian_kernel = "ppc64el", "linux-image-powerpc64le"
    # No such CPU runs the kernel without the instructions, so for "plain" the tool is changed.
    verifiers = {"ours": "", "plain": ", no SHA instructions"}
    board = "power9", "purgatory"
    packs = False
    command_line = classmethod(Arm64.command_line.__func__)

    @staticmethod
    def root():
        return debian.programs("bench-ppc64el", ppc64le.SUITE, "ppc64el", ppc64le.PACKAGES,
                               ("usr/",))

    @staticmethod
    def kernel():
        return ppc64le.kernel_under_test().image

    @staticmethod
    def plain_tool(tool, scratch):
        path = scratch / "kexec-plain"
        blob = (tool.resolve().parents[1] / "purgatory/ppc64le/purgatory.bin").read_bytes()
        program = tool.read_bytes()
        assert program.count(blob) == 1
        path.write_bytes(program.replace(blob, board_ppc64le.without_sha256(blob)))
        return path

    @staticmethod
    def emulator():
        return [qemu.PSeries.PROGRAM]

    @staticmethod
    def options(_, more):
        return SIZES | {"cpu": "power9"} | more


FAMILIES = {family.name: family for family in (Arm64, PSeries, PC)}
