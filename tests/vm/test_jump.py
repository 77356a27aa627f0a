# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that waits for another, is come back to, and jumped to again (KEXEC_PRESERVE_CONTEXT).

That takes a kernel with CONFIG_KEXEC_JUMP, which none of Debian's has: there the refusal is what is
tested.
"""

import re
import struct

import models  # that knows where the next one is
from board_x86_64 import machine_code  # pylint: disable=wrong-import-order
import kdump
import x86_64
from conftest import on
from kdump import IMAGE, INITRD, TOOL
from memory_map import Ranges, memory_map
from qemu import MIB, PC
from test_armed import run

assert models
# The kernel looks through all pages for each that lies among them: twice as much takes four times.
THERE = f"-l -c --load-preserve-context --serial={PC.CONSOLE} --mem-max=0x5ffffff"
GIVEN = Ranges([(0x1000, 96 * MIB)])
# A timer that comes late on a busy host is no reason to stop.
LINE = (f"'--command-line=console={PC.CONSOLE} panic=-1 {PC.AGENT} no_timer_check "
        "marker=there'")

# Writes the command line that it is given to the first serial line, changes itself and returns.
VISITOR = """
	movl 0x228(%rsi), %esi
	movl $0x3f8, %edx
1:	lodsb; testb %al, %al; jz 2f; outb %al, %dx; jmp 1b
2:	movb $'\\n', %al; outb %al, %dx
	incl 3f(%rip)
	ret
3:	.long 0
"""


def bzimage(instructions):
    """The least that is one, with such a 64-bit entry (Documentation/arch/x86/boot.rst)."""
    code = (bytes(0x200) + machine_code(instructions)).ljust(0x1000, b"\0")
    setup = bytearray(1024)
    setup[0x1f1] = 1
    for form, at, value in (("<I", 0x1f4, len(code) // 16), ("<H", 0x1fe, 0xaa55),
                            ("<H", 0x200, 0x6aeb), ("<4s", 0x202, b"HdrS"), ("<H", 0x206, 0x20f),
                            ("<B", 0x211, 1), ("<I", 0x22c, 0x7fffffff), ("<I", 0x230, 2 * MIB),
                            ("<B", 0x234, 1), ("<H", 0x236, 0x73), ("<I", 0x238, 2047),
                            ("<Q", 0x258, 16 * MIB), ("<I", 0x260, 2 * MIB)):
        struct.pack_into(form, setup, at, value)
    return bytes(setup) + code


def way_back(machine):
    """What purgatory has written behind the command line."""
    return int(re.search(r" kexec_jump_back_entry=(0x[0-9a-f]+)$",
                         machine.check("cat /proc/cmdline"), re.M)[1], 16)


class Waiting:
    """The first kernel, with a process and memory that have to be there later."""

    def __init__(self, machine):
        self.machine = machine
        self.markers = kdump.mark_own_page(machine)
        self.process = machine.check("sh -c 'while sleep 0.1; do date +%s >/run/alive; done' "
                                     "3>&- >/dev/null 2>&1 & echo $!").strip()
        self.boot = machine.check("cat /proc/sys/kernel/random/boot_id")
        self.memory = memory_map(machine).ram

    def check(self):
        """It is that kernel, as it was, and its processes go on."""
        machine = self.machine
        assert machine.check("cat /proc/sys/kernel/random/boot_id") == self.boot
        assert memory_map(machine).ram == self.memory
        for address, marker in self.markers.items():
            assert machine.read_physical(address, len(marker)) == marker
        machine.check(f"rm -f /run/alive; kill -0 {self.process}; "
                      "until [ -s /run/alive ]; do sleep 0.1; done")
        assert machine.check("nproc") == "2\n"
        assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"


def visit(machine, waiting):
    """One that returns at once, twice: its image is verified as it was loaded, and is as it left it
    when it is entered again."""
    machine.check(f"{TOOL} {THERE} --mem-max=0x1ffffff --command-line=hello /boot/visitor")
    for times in (1, 2):
        seen = len(machine.console())
        assert machine.check(f"{TOOL} -e -x") == ""
        said = machine.console()[seen:]
        assert ("image verified" in said) == (times == 1), said
        assert re.search(r"^hello kexec_jump_back_entry=0x[0-9a-f]+$", said, re.M), said
        waiting.check()


def jump(machine, waiting):
    """To a whole kernel, which has its own part of the memory, and the initrd of the first; and to
    and fro."""
    machine.check(f"{TOOL} {THERE} --reuseinitrd {LINE} {IMAGE}")
    machine.leave(f"{TOOL} -e -x")
    assert "marker=there" in machine.check("cat /proc/cmdline")
    assert not memory_map(machine).ram - GIVEN
    assert kdump.purgatory_record(machine)["result"] == "verified"
    boot = machine.check("cat /proc/sys/kernel/random/boot_id")
    machine.check("echo there >/run/here")
    run(machine, "--load-jump-back-helper", "--entry=0x1000000", code=1, says="[jump-entry]")
    run(machine, "--load-jump-back-helper", f"--entry={way_back(machine)}")
    run(machine, "--load-jump-back-helper", code=1, says="[jump-loaded]")
    for _ in range(2):
        assert machine.come_back(f"{TOOL} -e -x").rc == 0
        waiting.check()
        assert machine.come_back(f"{TOOL} -e -x").rc == 0
        assert machine.check("cat /proc/sys/kernel/random/boot_id /run/here") == boot + "there\n"
    assert machine.come_back(f"{TOOL} -e -x").rc == 0
    waiting.check()


def check_refused(machine):
    """What was loaded is loaded."""
    run(machine, "-s", "-l", f"--initrd={INITRD}", LINE, IMAGE)
    refusal = run(machine, THERE, f"--initrd={INITRD}", LINE, IMAGE, code=255,
                  says="CONFIG_KEXEC_JUMP")
    assert b"kexec_load failed: Invalid argument" in refusal.err
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"


@on("pc")
def test_there_and_back_again(boot, pc_artifacts, tmp_path):
    """First with a program that returns at once, then with a kernel that both call in turn."""
    kernel = x86_64.kernel_of("")
    archive = tmp_path / "initrd"
    archive.write_bytes(kernel.archive(
        pc_artifacts.files | {"boot/visitor": bzimage(VISITOR)}, pc_artifacts.capture_initrd))
    machine = boot(archive=archive, append="retain_initrd")
    if kernel.release:
        check_refused(machine)
        return
    waiting = Waiting(machine)
    visit(machine, waiting)
    jump(machine, waiting)
