#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The main job, told as a story: ./demo builds the tool and runs this.

A machine arms its crash kernel once, gains memory, panics, and is captured with the new
memory in the dump, without anything being loaded again.
"""

import argparse
import io
import json
import os
import pathlib
import subprocess
import time

from elftools.elf.elffile import ELFFile

import initrd
import qemu

HERE = pathlib.Path(__file__).parent
MIB = 1 << 20
MARKER = b"This page was written after the crash kernel had been armed."
ARM = ("kexec -p --hotplug --console=pl011,0x9000000 --initrd=/capture "
       "--command-line='console=ttyAMA0 nr_cpus=1 reset_devices' /Image")


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
    for header in ELFFile(io.BytesIO(data)).iter_segments():
        what = "notes"
        if header["p_type"] == "PT_LOAD":
            what = f"RAM, {header['p_memsz'] / MIB:.3g} MiB"
            if header["p_vaddr"] >= 0xffff800000000000:
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


def run(kernel, kexec, root):
    """Tell the story; returns whether it ended well."""
    story = Story()
    files = initrd.base_files(root) | initrd.program_files(root, {"sbin/kexec": kexec}) | {
        "Image": kernel.read_bytes(),
        "capture": initrd.capture_initrd(root),
    }
    archive = scratch("demo-initrd", initrd.cpio(files))

    with qemu.Machine(kernel, archive, kind="uefi", slots=8, max_memory=8192) as machine:
        story.tell("Booting an arm64 machine: UEFI and ACPI, 2 CPUs, 1 GiB, crashkernel=256M.")
        machine.boot()
        story.show(machine.check("uname -sr; grep -E 'System RAM|Crash kernel' /proc/iomem"))

        story.tell("Arming the crash kernel, once:")
        story.show("# " + ARM)
        machine.check(ARM)
        plan = json.loads(machine.check(ARM.replace("kexec -p", "kexec -p --dry-run=json")))
        address = next(int(segment["mem"], 0) for segment in plan["segments"]
                       if segment["purpose"] == "elfcorehdr")
        story.show(machine.check("cd /sys/devices/system; grep . "
                                 "/sys/kernel/kexec/crash_loaded "
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kexec", type=pathlib.Path, required=True, help="the arm64 tool")
    args = parser.parse_args()
    kernel = pathlib.Path(os.environ["KEXEC_TEST_KERNEL"]) \
        if "KEXEC_TEST_KERNEL" in os.environ else output_of("kernel/build")
    return 0 if run(kernel / "Image", args.kexec, output_of("guest-root")) else 1


if __name__ == "__main__":
    raise SystemExit(main())
