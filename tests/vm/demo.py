#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The main job, told as a story: ./demo builds the tool and runs this.

A machine arms its crash kernel once, gains memory, panics, and is captured with the new
memory in the dump, without anything being loaded again.
"""

import argparse
import dataclasses
import io
import json
import os
import pathlib
import subprocess
import time

from elftools.elf.elffile import ELFFile

import initrd
import qemu
import x86_64
from debian_kernels import ROOM, Kernel

HERE = pathlib.Path(__file__).parent
MIB = 1 << 20
MARKER = b"This page was written after the crash kernel had been armed."
# From where on addresses are those of the kernel's own map, on either kind of CPU.
KERNEL_MAP = {"EM_AARCH64": 0xffff800000000000, "EM_X86_64": 0xffffffff80000000}


@dataclasses.dataclass(frozen=True)
class Stage:
    """A machine that the story is told of."""
    words: str
    board: type             # of qemu
    options: dict
    kernel: Kernel
    root: pathlib.Path      # programs of the guest

    @property
    def arm(self):
        """The command that arms the crash kernel."""
        return (f"kexec -p --hotplug --console={self.board.UART} --initrd=/boot/initrd "
                f"--command-line='{self.board.CAPTURE_CMDLINE}' /boot/Image")


class Story:
    """Prints what happens, with the time since the beginning."""

    def __init__(self):
        self._began = time.monotonic()

    def tell(self, text):
        print(f"\n[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)

    @staticmethod
    def show(text):
        for line in text.rstrip().splitlines():
            print(f"    {line}", flush=True)


def program_headers(data):
    """The rows of an ELF core header, as readelf would show them."""
    rows = [f"{'type':8} {'physical':>18} {'size':>12}   what"]
    elf = ELFFile(io.BytesIO(data))
    for header in elf.iter_segments():
        what = "notes"
        if header["p_type"] == "PT_LOAD":
            what = f"RAM, {header['p_memsz'] / MIB:.3g} MiB"
            if header["p_vaddr"] >= KERNEL_MAP[elf.header["e_machine"]]:
                what = "kernel image"
        rows.append(f"{header['p_type']:8} {header['p_paddr']:#18x} {header['p_memsz']:#12x}   "
                    f"{what}")
    return "\n".join(rows)


def armed_header(machine, address):
    """The elfcorehdr as it lies in the crash region now."""
    return program_headers(machine.read_physical(address, 64 * 1024))


def offset_in_vmcore(data, address):
    """Where the byte at a physical address stands in /proc/vmcore; None when it is not there."""
    for header in ELFFile(io.BytesIO(data)).iter_segments():
        if header["p_type"] == "PT_LOAD" and \
                header["p_paddr"] <= address < header["p_paddr"] + header["p_filesz"]:
            return header["p_offset"] + address - header["p_paddr"]
    return None


def run(stage, kexec):
    """Tell the story; returns whether it ended well."""
    story = Story()
    root = stage.root
    archive = scratch("demo-initrd", stage.kernel.archive(
        initrd.base_files(root) | initrd.program_files(root, {"sbin/kexec": kexec}),
        initrd.capture_initrd(root)))

    with stage.board(stage.kernel.image, archive, slots=8, max_memory=8192,
                     **stage.options) as machine:
        story.tell(f"Booting {stage.words}.")
        machine.boot()
        story.show(machine.check("uname -sr; grep -E 'System RAM|Crash kernel' /proc/iomem"))

        story.tell("Arming the crash kernel, once:")
        story.show("# " + stage.arm)
        machine.check(stage.arm)
        plan = json.loads(machine.check(stage.arm.replace("-p", "-p --dry-run=json", 1)))
        address = next(int(segment["mem"], 0) for segment in plan["segments"]
                       if segment["purpose"] == "elfcorehdr")
        story.show(machine.check("cd /sys/devices/system; grep . "
                                 "/sys/kernel/kexec_crash_loaded "
                                 "cpu/crash_hotplug memory/crash_hotplug"))

        story.tell("The header that the capture kernel will read, as it lies in memory:")
        story.show(armed_header(machine, address))

        story.tell("Hot-adding 256 MiB. Nobody calls kexec again.")
        began = time.monotonic()
        _, start, end = machine.hot_add(256)
        story.show(f"online after {time.monotonic() - began:.1f} s at {start:#x}-{end - 1:#x}")

        story.tell("The same header now, rewritten by the kernel in place:")
        story.show(armed_header(machine, address))

        place = start + 64 * MIB
        machine.write_physical(place, MARKER)
        story.tell(f"Writing into the new memory, at {place:#x}:")
        story.show(f"\"{MARKER.decode()}\"")

        story.tell("Panic.")
        began = time.monotonic()
        machine.panic()
        machine.wait_capture()
        story.show("\n".join(line for line in machine.console().splitlines()
                             if "sysrq triggered crash" in line or "Bye!" in line
                             or line.startswith("purgatory:")))
        story.tell(f"The capture kernel is up, {time.monotonic() - began:.1f} s after the panic. "
                   "Its own memory, and the dump it offers:")
        story.show(machine.check("grep 'System RAM' /proc/iomem; ls -l /proc/vmcore"))
        header = machine.read_at("/proc/vmcore", 0, 64 * 1024)
        story.show(program_headers(header))

        offset = offset_in_vmcore(header, place)
        found = b"" if offset is None else machine.read_at("/proc/vmcore", offset, len(MARKER))
        story.tell(f"Looking for what stood at {place:#x}:")
        story.show("not in the dump" if offset is None else
                   f"at {offset:#x} of /proc/vmcore: \"{found.decode(errors='replace')}\"")
        if found != MARKER:
            story.tell("The new memory is NOT in the dump. This should not happen.")
            return False
        story.tell("The memory that came after the crash kernel was armed is in the dump: armed "
                   "once, true to the end.")
        return True


def scratch(name, data):
    """A file of the demo, below build/."""
    path = HERE.parents[1] / "build" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def output_of(script):
    """The last line of what a script of this folder prints."""
    text = subprocess.run([HERE / script], stdout=subprocess.PIPE, check=True, text=True).stdout
    return pathlib.Path(text.splitlines()[-1])


def arm64_stage():
    """A kernel with crash hotplug, which no distribution has for arm64 yet."""
    kernel = pathlib.Path(os.environ["KEXEC_TEST_KERNEL"]) \
        if "KEXEC_TEST_KERNEL" in os.environ else output_of("kernel/build")
    return Stage("an arm64 machine: UEFI and ACPI, 2 CPUs, 1 GiB, crashkernel=256M", qemu.Machine,
                 {}, Kernel(kernel / "Image"), output_of("guest-root"))


def x86_64_stage():
    """Debian's own kernel."""
    kernel = x86_64.kernel_of(x86_64.SUITE)
    return Stage(f"a PC with Debian's own kernel {kernel.release}: BIOS, 2 CPUs, 2 GiB, "
                 "crashkernel=512M", qemu.PC, {"cpu": "qemu64"} | ROOM, kernel,
                 x86_64.guest_root())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kexec", type=pathlib.Path, required=True, help="the machine's tool")
    parser.add_argument("machine", choices=["arm64", "x86_64"])
    args = parser.parse_args()
    stage = arm64_stage() if args.machine == "arm64" else x86_64_stage()
    return 0 if run(stage, args.kexec) else 1


if __name__ == "__main__":
    raise SystemExit(main())
