# SPDX-License-Identifier: GPL-2.0-only
"""An armed image on a live kernel outlives what can be refused, printed or interrupted.

The rows of doc/errno.md that this kernel can be brought to say. After each step the image that was
armed is armed, or the loss is said.
"""

import subprocess

import kdump
import qemu
from kdump import IMAGE, INITRD, TOOL
from qemu import CONSOLE

CMDLINE = f"--command-line=console={CONSOLE}"
LIMIT = "/proc/sys/kernel/kexec_load_limit_"


def run(machine, *words, code=0, says=""):
    """Run the tool; returns the Result. says is in what it prints on stderr, "" is silence."""
    result = machine.sh(" ".join([TOOL, *words]))
    message = result.err.decode()
    assert result.rc == code and says in message and (says or not message), result
    return result


def check_busy_files(machine):
    """ETXTBSY, of the initrd and of the kernel: what the question alone finds out."""
    machine.check(f"cp {INITRD} /run/ird; cp {IMAGE} /run/img")
    for call, code in (("-s", 255), ("", 255), ("-a", 255), ("-c", 0)):
        for kernel, initrd, busy in ((IMAGE, "/run/ird", "ird"), ("/run/img", INITRD, "img")):
            machine.check(f"sleep 1000 3<>/run/{busy} >/dev/null 2>&1 & echo $! >/run/writer")
            run(machine, call, "-p", f"--initrd={initrd}", CMDLINE, kernel, code=code,
                says="is still armed: kexec_file_load failed: Text file busy" if code else "")
            machine.check("kill $(cat /run/writer); sleep 0.5")
            assert kdump.crash_loaded(machine)


def check_room(machine):
    """What does not fit is refused before the call; a file that is gone when it is read, too."""
    machine.check(f"cp {INITRD} /run/huge; truncate -s 300M /run/huge; : >/run/empty")
    for call in ("-s", ""):
        run(machine, call, "-p", "--initrd=/run/huge", CMDLINE, IMAGE, code=254,
            says="[crash-region-too-small]")
        run(machine, call, "-p", "--initrd=/run/empty", CMDLINE, IMAGE, code=1,
            says="[initrd-empty]")
        run(machine, call, "-p", "--initrd=/dev/zero", CMDLINE, IMAGE, code=255, says="/dev/zero")
    machine.check("rm /run/huge")
    assert kdump.crash_loaded(machine)


def check_output(machine):
    """Nobody reads, nobody can: the load is made, twice where need be."""
    load = f"{TOOL} -p -d --hotplug=auto --initrd={INITRD} {CMDLINE} {IMAGE}"
    for call in ("-c", "-s"):
        for output in ("2>&1 | true", ">/dev/full 2>&1", ">&- 2>&-", "2>&1 | head -1"):
            machine.check(f"{TOOL} -p -u")
            machine.check(f"( {load} {call}; echo $? >/run/rc ) {output}; "
                          "until [ -s /run/rc ]; do sleep 0.1; done")
            assert machine.check("cat /run/rc; rm /run/rc") == "0\n"
            assert kdump.crash_loaded(machine)
    # Nor does an unload, or what is said before anything is done.
    machine.check(f"( {TOOL} -d --reset-vga -p -u; echo $? >/run/rc ) 2>&1 | true; "
                  "until [ -s /run/rc ]; do sleep 0.1; done; [ $(cat /run/rc) = 0 ]; rm /run/rc")
    assert not kdump.crash_loaded(machine)


def check_signals(machine):
    """Sent again and again while it loads, it ends armed or has not begun."""
    for call in ("-c", "-s"):
        kdump.load(machine)
        for name in ("HUP", "TERM", "INT"):
            machine.check(f"{TOOL} {call} -p --initrd={INITRD} {CMDLINE} {IMAGE} >/dev/null 2>&1 & "
                          f"for i in $(seq 100); do kill -{name} $! 2>/dev/null; sleep 0.05; "
                          "done; wait $!; true")
            assert kdump.crash_loaded(machine), (call, name)


def check_limits(machine):
    """Where a question counts nothing is asked, and that is said."""
    machine.check(f"echo 5 >{LIMIT}reboot")
    files = f"--initrd={INITRD} {CMDLINE} {IMAGE}"
    run(machine, "-p", files, says="warning: syscall: kexec_load is tried first")
    assert kdump.crash_hotplug(machine) == ("1", "1")  # as kexec_file_load does it, unasked
    run(machine, "-s", "-p", files, says="warning: syscall: if this load fails, no crash kernel")
    run(machine, "-p", "--initrd=/run/none", IMAGE, code=255, says="Could not open")
    assert machine.check(f"cat {LIMIT}reboot") == "5\n"
    # A busy file is none of the first call's concern; of the one that cannot be asked it is.
    machine.check(f"cp {INITRD} /run/ird; sleep 1000 3<>/run/ird >/dev/null 2>&1 & "
                  "echo $! >/run/writer")
    busy = f"--initrd=/run/ird {CMDLINE} {IMAGE}"
    run(machine, "-p", busy, says="kexec_load is tried first")
    assert kdump.crash_loaded(machine)
    run(machine, "-s", "-p", busy, code=255, says="NO CRASH KERNEL IS ARMED NOW")
    machine.check("kill $(cat /run/writer)")
    # An unload counts as a load does, by either call.
    machine.check(f"echo 3 >{LIMIT}panic")
    run(machine, "-p", "-u")
    run(machine, "-c", "-p", "-u")
    assert machine.check(f"cat {LIMIT}panic") == "1\n"
    run(machine, "-s", "-p", files)
    for call in ("", "-c", "-s"):
        run(machine, call, "-p", "-u", code=255, says="kexec_load_limit_panic is 0")
        run(machine, call, "-p", files, code=255, says="is still armed")
    assert kdump.crash_loaded(machine)


def test_armed_image_outlives_it(boot):
    """All of it on one machine; the limits, which only fall, at the end."""
    machine = boot(kind="dt")
    run(machine, "-s", "-p", f"--initrd={INITRD}", CMDLINE, IMAGE)
    check_busy_files(machine)
    check_room(machine)
    check_output(machine)
    check_signals(machine)
    kdump.load(machine)
    check_limits(machine)


def test_without_memory(boot):
    """An initrd that fits into the crash region and not into what is free: the kernel would run out
    of memory when it takes it in, or kill the program. It is refused before the call."""
    machine = boot(kind="dt", crashkernel="512M")
    run(machine, "-s", "-p", f"--initrd={INITRD}", CMDLINE, IMAGE)
    free = int(machine.check("awk '/^MemAvailable/ { print $2 }' /proc/meminfo"))
    assert free < 460 << 10
    machine.check(f"truncate -s {free + (16 << 10)}K /run/large")
    run(machine, "-s", "-p", "--initrd=/run/large", CMDLINE, IMAGE, code=255,
        says="[memory-short]")
    assert kdump.crash_loaded(machine)


def test_lockdown(boot, artifacts):
    """Debian's kernel has kexec_load alone, and locked down not even that."""
    machine = boot(kernel=artifacts.unpatched_kernel, kind="uefi", append="lockdown=integrity")
    files = f"--initrd={INITRD} {CMDLINE} {IMAGE}"
    machine.check("mount -t securityfs none /sys/kernel/security || true")
    for call, code in (("-c", 255), ("", 255), ("-s", 253)):
        for words in (("-p", files), ("-p", "-u")):
            run(machine, call, *words, code=code,
                says="Function not implemented" if call == "-s" else "lacks the one call")


def spin_tree(path):
    """QEMU's own tree, in which firmware without PSCI has left the CPUs in a loop."""
    subprocess.run([qemu.QEMU, "-M", f"virt,gic-version=3,its=off,dumpdtb={path}", "-cpu",
                    "cortex-a57", "-smp", "2", "-m", "1024M", "-display", "none"], check=True)
    for cpu in ("/cpus/cpu@0", "/cpus/cpu@1"):
        for name, kind, *words in (("enable-method", "s", "spin-table"),
                                   ("cpu-release-addr", "x", "0", "0x40000100")):
            subprocess.run(["fdtput", "-t", kind, path, cpu, name, *words], check=True)
    return path


def test_spin_tables(boot, tmp_path):
    """EBUSY for good, said before the call, without a line in the kernel's log; not for a panic,
    and not where there is one CPU only."""
    tree = spin_tree(tmp_path / "spin.dtb")
    machine = boot(kind="dt", dtb=tree)
    files = f"--initrd={INITRD} {CMDLINE} {IMAGE}"
    for call in ("-c", "-s", "-a", "--dry-run"):
        run(machine, call, "-l", files, code=255, says="[cpus-cannot-stop]")
    assert "CPUs are stuck" not in machine.check("dmesg")
    run(machine, "-e", code=1, says="PSCI")
    for call in ("-c", "-s"):
        run(machine, call, "-p", files)
    machine.close()
    machine = boot(kind="dt", dtb=tree, append="nr_cpus=1")
    for call in ("-c", "-s"):
        run(machine, call, "-l", files)
