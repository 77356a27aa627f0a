# SPDX-License-Identifier: GPL-2.0-only
"""Multiboot kernels on x86_64: Debian's Xen, with its first domain's kernel and RAM disk.

The hypervisor takes the machine over as from a boot loader, and then starts Linux in a domain of
its own: that comes only when memory map, modules and both command lines have arrived.
"""

import json
import shlex

import kdump
from conftest import on
from kdump import TOOL
from test_normal import CHECKED

XEN = "/boot/xen.gz"
WORDS = "console=com1 com1=115200,8n1 loglvl=info dom0_mem=512M"
DOMAIN = "/boot/dom0 console=hvc0 earlyprintk=xen panic=-1 marker=domain"
RAM_DISK = "/boot/initrd"


def load_command(machine, *options, action="-l", program=TOOL):
    """Xen with its modules, and purgatory on a console that was named."""
    return shlex.join([program, action, *options, f"--command-line={WORDS}",
                       f"--module={DOMAIN}", f"--module={RAM_DISK}", XEN]) + (
                           f" --serial={machine.CONSOLE}" if program == TOOL else "")


def refused(machine, command, ident):
    """It fails, by that message, and nothing is loaded."""
    result = machine.sh(command)
    assert result.rc and f"[{ident}]".encode() in result.err, result
    assert machine.check("cat /sys/kernel/kexec_loaded") == "0\n"


def start(machine, command):
    """Load, go there, and see purgatory, Xen and Linux each say what they should."""
    machine.check(command)
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    seen = len(machine.console())
    machine.begin(f"{TOOL} -e -x")
    machine.wait_console("marker=domain")
    said = machine.console()[seen:]
    purgatory, _, xen = said.partition("Xen version")
    assert all(words in purgatory for words in CHECKED), said
    assert f"Command line: {WORDS}" in xen, said
    assert "Linux version" in xen and "Command line: console=hvc0 earlyprintk=xen" in xen, said


@on("pc")
def test_xen_is_started_with_its_modules(boot, pc_artifacts):
    """Multiboot 2, by kexec_load where the call is not named; the other one takes none."""
    machine = boot(archive=pc_artifacts.with_xen(), memory=2048, disks=())
    described = json.loads(machine.check(f"{TOOL} --identify=json {XEN}"))
    assert described["type"] == "multiboot2-x86" and not described["file_load"]
    refused(machine, load_command(machine, action="-p"), "multiboot-crash")
    refused(machine, f"{TOOL} -s -l --module='{DOMAIN}' {XEN}", "file-load-unusable")
    refused(machine, f"{TOOL} -l --initrd={RAM_DISK} {XEN}", "multiboot-initrd")
    plan = kdump.plan_of(machine, f"{load_command(machine)} --dry-run=json")
    assert [segment["purpose"] for segment in plan["segments"]].count("module") == 2
    start(machine, load_command(machine))
