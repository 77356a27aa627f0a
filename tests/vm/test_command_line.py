# SPDX-License-Identifier: GPL-2.0-only
"""The command line on a real kernel: both system calls, both images, exit codes, and the jump.

Exit codes are those of kexec-tools. One machine for all that does not end it.
"""

import json

import kdump
from kdump import IMAGE, INITRD, TOOL
from qemu import CONSOLE

NEXT_CMDLINE = f"console={CONSOLE} panic=-1 marker=next"
LOADED = {"-l": "/sys/kernel/kexec_loaded", "-p": "/sys/kernel/kexec_crash_loaded"}


def run(machine, *words, code=0, says=""):
    """Run the tool; returns the Result. says is in what it prints on stderr, "" is silence."""
    result = machine.sh(" ".join([TOOL, *words]))
    assert result.rc == code, result
    message = result.err.decode()
    assert says in message and (says or not message), result
    return result


def files(image=IMAGE, cmdline=NEXT_CMDLINE):
    return f"--initrd={INITRD}", f"'--command-line={cmdline}'", image


def assert_loaded(machine, action, wanted):
    """The kernel, and -S by its exit code, say whether this image is loaded."""
    assert machine.check(f"cat {LOADED[action]}") == f"{wanted}\n"
    run(machine, "-S", action, code=wanted)


def check_loads(machine):
    """Each image by each call, and away again, by each call too."""
    for action in ("-l", "-p"):
        for call, other in (("-s", "-c"), ("-c", "-s"), ("-a", "-s"), ("", "-a")):
            run(machine, call, action, *files())
            assert_loaded(machine, action, 1)
            run(machine, other, action, "-u")
            assert_loaded(machine, action, 0)
    run(machine, "-S")
    run(machine, "-p", "-u")  # nothing there is fine
    run(machine, "-u")


def check_file_call(machine):
    """Crash hotplug without asking, packed kernels, the debug flag, what it cannot do."""
    machine.check(f"gzip -c {IMAGE} >/tmp/Image.gz")
    run(machine, "-s", "-p", "-i", *files("/tmp/Image.gz"))
    assert kdump.crash_hotplug(machine) == ("1", "1")
    run(machine, "-s", "-p", "--hotplug", *files())
    status = json.loads(run(machine, "--status=json", code=1).text)
    assert status["crash"]["loaded"] is True and status["restart"]["loaded"] is False
    assert status["crash"]["reload_needed"] is False
    assert status["crash"]["elfcorehdr_size"] > 4096
    (region,) = status["crash"]["regions"]
    assert run(machine, "--print-ckr-size").text == f"{region['size']}\n"
    said = run(machine, "-s", "-d", "-p", *files(), says="kexec_file_load: flags = 0x2")
    assert b"kexec_file_load takes the kernel and the initrd, which was asked before" in said.err
    assert_loaded(machine, "-l", 0)
    assert "kexec_file" in machine.check("dmesg")
    run(machine, "-s", "-p", "--dtb=/sys/firmware/fdt", *files(), code=1, says="--dtb")
    run(machine, "-p", "-d", "--dtb=/sys/firmware/fdt", *files(), says="kexec_load, for --dtb")
    assert_loaded(machine, "-p", 1)


def check_header_after_other_calls(machine):
    """Each call leaves its header where the next image may not lie: the armed one is found."""
    for call, other in (("-s", "-c"), ("-c", "-s"), ("-c --hotplug", "-s"), ("-s", "-c --hotplug")):
        run(machine, call, "-p", *files())
        run(machine, "-p", "-u")
        run(machine, "--elfcorehdr", code=2)
        run(machine, other, "-p", *files())
        shown = run(machine, "--elfcorehdr=json")
        assert json.loads(shown.text)["coverage"]["missing"] == []
    run(machine, "-p", "-u")


def check_what_cpus_can(machine):
    """The emulated CPU has pages of 4 and 64 KiB and none of 16; the kernel knows and is asked. Of
    big-endian kernels it says nothing, and they are refused."""
    for flags, name in ((0o14, "16k"), (0o16, "64k"), (0o13, "big")):
        machine.check(f"cp {IMAGE} /tmp/{name}; printf '\\{flags:03o}' | "
                      f"dd of=/tmp/{name} bs=1 seek=24 conv=notrunc")
    run(machine, "-s", "-p", *files())
    for call in ("-s", "-c", "-a"):
        for action in ("-l", "-p"):
            run(machine, call, action, *files("/tmp/16k"), code=255, says="[image-page-size]")
            run(machine, call, action, *files("/tmp/big"), code=255, says="[image-big-endian]")
    assert_loaded(machine, "-l", 0)
    assert_loaded(machine, "-p", 1)
    run(machine, "-s", "-p", *files("/tmp/64k"))


def check_refusals(machine):
    """What is wrong is found before the call, and leaves both images as they are."""
    run(machine, "-s", "-l", *files())
    machine.check("head -c 5000 /dev/urandom >/tmp/garbage; truncate -s 300M /tmp/huge")
    for call in ("-s", "-a"):
        for action in ("-l", "-p"):
            run(machine, call, action, "/tmp/garbage", code=255, says="garbage")
            run(machine, call, action, "/tmp/none", code=1, says="/tmp/none")
            run(machine, call, action, "--initrd=/tmp/none", IMAGE, code=255,
                says="Could not open initrd file")
            run(machine, call, action, *files(cmdline="x" * 2048), code=255, says="too long")
            run(machine, call, action, code=255, says="No kernel specified")
        run(machine, call, "-p", "--initrd=/tmp/huge", IMAGE, code=254, says="crash region")
    run(machine, "--bogus", code=1, says="unrecognized option '--bogus'")
    run(machine, "-d", "-S", "--reset-vga", code=1, says="--reset-vga has no effect here")
    run(machine, "--load-preserve-context", "-l", IMAGE, code=1, says="not possible: Only x86")
    for action in ("-l", "-p"):
        assert_loaded(machine, action, 1)
        run(machine, action, "-u")
    run(machine, "-e", code=1, says="Nothing has been loaded!")


def check_no_action(machine):
    """Without an action the kernel is loaded, and the system asked to restart."""
    machine.put("/sbin/shutdown", b"#!/bin/sh\necho \"$0 $*\" >/tmp/shutdown\n")
    machine.check("chmod +x /sbin/shutdown")
    run(machine, "-s", "--append=x", "/tmp/garbage", code=255, says="garbage")
    machine.check("[ ! -e /tmp/shutdown ]")
    run(machine, "-s", "--append=x", IMAGE)
    assert machine.check("cat /tmp/shutdown") == "/sbin/shutdown -r now\n"
    assert_loaded(machine, "-l", 1)
    machine.check("rm /sbin/shutdown")
    run(machine, IMAGE, code=255, says="cannot run /sbin/shutdown: No such file or directory")
    run(machine, "-l", "-u")


def assert_next(machine, added=""):
    """It is the kernel that was loaded that runs now."""
    assert machine.check("cat /proc/cmdline").split() == [*NEXT_CMDLINE.split(), *added.split()]


def test_one_machine_then_exec(boot):
    """All that does not end a machine; then a restart by the file call, with -l and -e and by -f
    alone, and from there one by kexec_load, whose purgatory leaves word of what it did."""
    machine = boot(kind="dt", append="retain_initrd")
    check_loads(machine)
    check_file_call(machine)
    check_header_after_other_calls(machine)
    check_what_cpus_can(machine)
    check_refusals(machine)
    check_no_action(machine)
    # The first initrd has the tool in it, which the next kernels need.
    added = "retain_initrd crashkernel=128M"
    run(machine, "-l", "--reuseinitrd",
        f"'--command-line=BOOT_IMAGE=/boot/x {NEXT_CMDLINE} {added}'", IMAGE)
    machine.leave(f"{TOOL} -e")
    assert machine.check("cat /proc/cmdline") == f"BOOT_IMAGE=/boot/x {NEXT_CMDLINE} {added}\n"
    machine.leave(f"{TOOL} -f --reuseinitrd --reuse-cmdline --append=second {IMAGE}")
    assert_next(machine, f"{added} second")
    assert json.loads(run(machine, "-l", "--status=json").text)["purgatory"] is None

    run(machine, "-c", "-l", *files(cmdline=f"{NEXT_CMDLINE} third"))
    machine.leave(f"{TOOL} -f -c -x -y --initrd={INITRD} '--append={NEXT_CMDLINE}' {IMAGE}")
    assert_next(machine)
    assert machine.check("[ -e /proc/device-tree/chosen/kexec,purgatory ] && echo yes") == "yes\n"


def test_kernel_without_the_file_call(boot, artifacts):
    """Debian's has kexec_load only: 253 with -s, and without it a fallback that -d explains."""
    machine = boot(kernel=artifacts.unpatched_kernel, kind="uefi")
    run(machine, "-s", "-p", *files(), code=253, says="syscall kexec_file_load not available")
    run(machine, "-s", "-p", "-u", code=253, says="kexec_file_load(unload) failed")
    assert_loaded(machine, "-p", 0)
    result = run(machine, "-d", "-p", *files(), says="falling back to kexec_load")
    assert "kexec_file_load failed: Function not implemented" in result.err.decode()
    assert_loaded(machine, "-p", 1)
    run(machine, "-p", "-u")
    assert_loaded(machine, "-p", 0)
