# SPDX-License-Identifier: GPL-2.0-only
"""What the tests do with a machine: arm its crash kernel, mark its memory, crash it, and
hold the dump against the memory map of the moment before.
"""

import json
import os
import re
import secrets
import shlex
import subprocess

from memory_map import Ranges, memory_map
from vmcore import Vmcore, find_in_elf_dump, read_header

TOOL = "/sbin/kexec"
PEER = "/peer/kexec"        # Debian's kexec-tools
IMAGE = "/boot/Image"
INITRD = "/boot/initrd"
WHOLE = "/tmp/whole"       # see pack_whole()
MARKER_SIZE = 64
PAGE = 4096
MIB = 1 << 20
# Disks of each machine: where dumps are written to, and what makedumpfile is unpacked from.
DUMP_DISK, TOOLS_DISK = "/dev/vda", "/dev/vdb"


# --- loading --------------------------------------------------------------------------

def load_command(machine, *options, image=IMAGE, initrd=INITRD, cmdline=None, program=TOOL):
    """The command line of a crash load, for a machine or a class of them."""
    cmdline = machine.CAPTURE_CMDLINE if cmdline is None else cmdline
    words = [program, "-p", *options, f"--initrd={initrd}", f"--command-line={cmdline}", image]
    return shlex.join(words)


def load(machine, *options, **parts):
    """Arm the crash kernel with the tool under test; returns the Result."""
    result = machine.sh(load_command(machine, "-c", *options, **parts))
    assert result.rc == 0, result
    assert crash_loaded(machine), result
    return result


def load_with_peer(machine, *options):
    """The same with Debian's kexec-tools, which does not know the capture defaults."""
    command = load_command(machine, *options, program=PEER,
                           cmdline=f"{machine.CAPTURE_CMDLINE} acpi_no_memhotplug")
    result = machine.sh(command)
    assert result.rc == 0 and crash_loaded(machine), result
    return result


def plan_of(machine, command):
    """The plan that a command line of the tool prints."""
    return json.loads(machine.check(command))


def plan(machine, *options, **parts):
    """What the tool would load, as it says itself."""
    return plan_of(machine, load_command(machine, "--dry-run=json", *options, **parts))


def segment(of_plan, purpose):
    """(address, bufsz, memsz) of one segment of a plan."""
    (found,) = (item for item in of_plan["segments"] if item["purpose"] == purpose)
    return int(found["mem"], 0), found["bufsz"], found["memsz"]


def armed_header(machine, of_plan):
    """The elfcorehdr of the armed image, read from the crash region."""
    return read_header(machine, segment(of_plan, "elfcorehdr")[0])


def shown_header(machine, file=""):
    """What --elfcorehdr finds in the crash region, or a file, and thinks of it: (exit status,
    JSON)."""
    result = machine.sh(f"{TOOL} --elfcorehdr=json {file}")
    return result.rc, json.loads(result.out)


def assert_shown(shown, header):
    """The program headers that --elfcorehdr shows are those that another reader finds."""
    assert [(entry["type"], *(int(entry[key], 16) for key in ("offset", "vaddr", "paddr")),
             entry["filesz"], entry["memsz"], entry["flags"])
            for entry in shown["program_headers"]] == [
        (phdr.type, phdr.offset, phdr.vaddr, phdr.paddr, phdr.filesz, phdr.memsz, phdr.flags)
        for phdr in header.phdrs]


def pack_whole(machine):
    """An archive of all that the machine runs from, for a kernel that is to go on in its turn."""
    machine.check("cd /; ls -A | grep -vE '^(proc|sys|dev|tmp|run)$' | "
                  f"xargs find | cpio -o -H newc >{WHOLE} 2>/dev/null")


def crash_loaded(machine):
    """Whether the kernel has a crash image now."""
    return machine.check("cat /sys/kernel/kexec_crash_loaded") == "1\n"


def crash_hotplug(machine):
    """What the udev rules read: (cpu, memory)."""
    return tuple(machine.check("cd /sys/devices/system; "
                               "cat cpu/crash_hotplug memory/crash_hotplug").split())


# --- markers --------------------------------------------------------------------------

def mark_own_page(machine):
    """Put a marker in a page that a process owns; returns {address: marker}."""
    marker = secrets.token_bytes(MARKER_SIZE)
    machine.put("/run/marker", marker)
    where = machine.check("own-page </run/marker >/run/where 3>&- & "
                          "until [ -s /run/where ]; do sleep 0.05; done; cat /run/where")
    return {int(where): marker}


def mark_fresh_memory(machine, ranges):
    """Put a marker in the middle of each range of newly added memory.

    Nobody is asked for the page, so it must be untouched, still zero, and the panic should
    follow soon.
    """
    markers = {}
    for start, end in ranges:
        address = (start + (end - start) // 2) // PAGE * PAGE
        assert not any(machine.read_physical(address, PAGE)), "new memory that is not zero"
        markers[address] = secrets.token_bytes(MARKER_SIZE)
    machine.write_all_physical(markers)
    assert all(machine.read_physical(address, MARKER_SIZE) == marker
               for address, marker in markers.items())
    return markers


def flip_bit(machine, plan, purpose, offset):
    """Change one bit of a loaded segment, behind the back of whoever loaded it."""
    address, bufsz, _ = segment(plan, purpose)
    assert offset < bufsz
    byte = machine.read_physical(address + offset, 1)[0]
    machine.write_physical(address + offset, bytes([byte ^ 0x10]))
    assert machine.read_physical(address + offset, 1) == bytes([byte ^ 0x10])


# --- crashing -------------------------------------------------------------------------

def crash(machine):
    """Panic and wait for the capture kernel.

    Returns (memory map at the time of the panic, dump).
    """
    before = memory_map(machine)
    machine.panic()
    machine.wait_capture()
    return before, Vmcore(machine)


def crash_and_check(machine, markers=None, cpus=2, with_makedumpfile=True):
    """Crash a machine with an armed image; assert what holds for every good dump.

    Returns (memory map at the time of the panic, dump).
    """
    before, dump = crash(machine)
    dump.assert_sane(cpus)
    dump.assert_memory(before.dumped)
    dump.assert_markers(markers or {})
    check_capture_kernel(machine, before)
    if with_makedumpfile:
        check_filtered_dump(machine)
    return before, dump


def check_capture_kernel(machine, before):
    """The capture kernel lives in the reserved memory only, and purgatory said nothing."""
    own = memory_map(machine).ram - Ranges([(0, 1 << 20)])
    others = own - before.crash - before.lent
    assert own and not others, f"capture kernel uses {others}"
    assert not before.lent - own, "what CMA lends is not used"
    assert "purgatory" not in machine.console_since_panic()


# --- makedumpfile ---------------------------------------------------------------------

def unpack_tools(machine):
    """What the capture kernel's archive does not have."""
    machine.check(f"[ -e /sbin/makedumpfile ] || tar -x -C / -f {TOOLS_DISK}")


def purgatory_record(machine):
    """In the capture kernel: what the tool says about the purgatory that started it."""
    unpack_tools(machine)
    return json.loads(machine.check(f"{TOOL} --status=json"))["purgatory"]


def makedumpfile(machine, options, output):
    """Run Debian's makedumpfile on /proc/vmcore in the capture kernel."""
    unpack_tools(machine)
    return machine.check(f"makedumpfile {options} /proc/vmcore {output}")


def check_filtered_dump(machine):
    """makedumpfile understands the old kernel's page tables and memory map, all of it.

    By LZO, since zlib takes an emulated machine eight times as long as all the rest of this.
    """
    text = makedumpfile(machine, "-d 31 -l", "/tmp/filtered")
    assert "The dumpfile is saved to /tmp/filtered." in text, text
    machine.check("rm /tmp/filtered")


def check_full_dump(machine, markers, dump_image):
    """The markers are in the ELF dump, without zero pages, that makedumpfile writes."""
    makedumpfile(machine, "-f -E -d 1", DUMP_DISK)
    machine.check("sync")
    for address, marker in markers.items():
        assert find_in_elf_dump(dump_image, address, len(marker)) == marker, f"{address:#x}"


# --- vmcore-dmesg ---------------------------------------------------------------------

# Said by user space before the crash. The escape is for UTF-8, the level is critical.
LOG_MESSAGE = "<10>vmcore-dmesg test: \u00e9 \u001b[0m"
# Address space in KiB that is enough for any log, the C library included.
LOG_ADDRESS_SPACE = 8 << 10


def say(machine):
    """Put LOG_MESSAGE into the kernel's log."""
    machine.put("/dev/kmsg", LOG_MESSAGE.encode())


def read_log(machine):
    """The log of the crashed kernel, as kexec-tools' program prints it too; the Result."""
    unpack_tools(machine)
    log = machine.sh(f"ulimit -v {LOG_ADDRESS_SPACE}; vmcore-dmesg /proc/vmcore")
    assert (log.rc, log.err) == (0, b""), log
    assert log.out == machine.sh("/peer/vmcore-dmesg /proc/vmcore").out
    assert b"Kernel panic - not syncing: sysrq triggered crash" in log.out
    return log


def _unindented(text):
    return re.sub(rb"(?m)^ +", b"", text)


def check_log(machine):
    """The same, and as makedumpfile prints it."""
    log = read_log(machine)
    # makedumpfile always has the caller, in a wider column than the kernel, which further lines of
    # a record begin at too; and where char is signed its escapes have more digits.
    makedumpfile(machine, "--dump-dmesg", "/tmp/log")
    theirs = re.sub(rb"(?m)^(\[ *[\d.]+\]) \[ *([TC]\d+)\]",
                    lambda match: match[1] + b"[" + match[2].rjust(6) + b"]",
                    machine.get("/tmp/log")).replace(rb"\xffffff", rb"\x")
    ours = machine.sh("vmcore-dmesg --caller /proc/vmcore").out
    assert _unindented(theirs) == _unindented(ours) and ours != log.out
    lines = log.out.splitlines()
    assert any(b"] Linux version " in line for line in lines[:2])
    assert any(line.endswith(rb"] vmcore-dmesg test: \xc3\xa9 \x1b[0m") for line in lines)

    records = [json.loads(line) for line in
               machine.check("vmcore-dmesg --json /proc/vmcore").splitlines()]
    assert len(records) == len([line for line in lines if line.startswith(b"[")])
    assert [record["seq"] for record in records] == list(range(len(records)))
    (said,) = (record for record in records if record["text"].startswith("vmcore-dmesg test"))
    assert (said["facility"], said["level"]) == (1, 2)
    assert said["text"] == "vmcore-dmesg test: \u00e9 \u001b[0m"
    leveled = machine.check("vmcore-dmesg --level --caller --utf8 /proc/vmcore").splitlines()
    (line,) = (line for line in leveled if "vmcore-dmesg test" in line)
    assert re.fullmatch(r"<10>\[ *\d+\.\d{6}\]\[ *T\d+\] vmcore-dmesg test: \u00e9 \\x1b\[0m", line)
    return log.out


def check_log_of_dumps(machine, dump_image, log):
    """The same log on the host, out of what makedumpfile writes: ELF, and compressed; and in the
    guest out of the disk that it writes the ELF dump to."""
    program = os.environ["VMCORE_DMESG_HOST"]
    for options in ("-f -E -d 31", "-f -c -d 31"):
        makedumpfile(machine, options, DUMP_DISK)
        machine.check("sync")
        done = subprocess.run([program, dump_image], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), done
        assert done.stdout == log, options
        if "-E" in options:
            assert machine.sh(f"vmcore-dmesg {DUMP_DISK}").out == log
            shown = machine.sh(f"kexec --elfcorehdr {DUMP_DISK}")
            assert shown.rc == 2 and b" vmcoreinfo" in shown.out and b" RAM" in shown.out, shown


# --- racing ---------------------------------------------------------------------------

class BackgroundCommand:
    """A command that runs in the guest while the test does something else."""

    def __init__(self, machine, command):
        self._machine = machine
        self.rc = self.text = None
        machine.check("rm -f /run/bg.*; "
                      f"{{ {command} >/run/bg.text 2>&1 & echo $! >/run/bg.pid; wait $!; "
                      "echo $? >/run/bg.new; mv /run/bg.new /run/bg.rc; } 3>&- "
                      "</dev/null >/dev/null 2>&1 & "
                      "until [ -s /run/bg.pid ]; do sleep 0.01; done")

    def stop_after(self, seconds):
        """Let it run for so long, then hold it where it is, unless it has ended."""
        self._machine.sh(f"sleep {seconds:.3f}; kill -STOP $(cat /run/bg.pid)")

    def finish(self):
        """Let it go on, wait for its end; sets rc and text."""
        self.rc = int(self._machine.check("kill -CONT $(cat /run/bg.pid) 2>/dev/null; "
                                          "until [ -e /run/bg.rc ]; do sleep 0.01; done; "
                                          "cat /run/bg.rc"))
        self.text = self._machine.check("cat /run/bg.text")


def dimm_ranges(dimms):
    """The memory of DIMMs given as (id, start, end)."""
    return Ranges((start, end) for _, start, end in dimms)
