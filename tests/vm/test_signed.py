# SPDX-License-Identifier: GPL-2.0-only
"""Secure Boot: Debian's kernel, which is locked down by it, takes signed kernels only."""

import dataclasses

import kdump
import secure_boot
import x86_64
from conftest import on
from kdump import IMAGE, INITRD
from qemu import PC
from test_armed import run

FILES = f"--initrd={INITRD} '--command-line={PC.CAPTURE_CMDLINE}'"
# What is refused, with the answer of the kernel and the hint.
REFUSED = {
    "/boot/unsigned": ("No data available", "has no signature"),
    "/boot/foreign": ("Required key not available", "in none of the kernel's keyrings"),
    "/run/changed": ("Key was rejected", "signature is not valid"),
}


def boot_signed(boot, made, directory):
    """A kernel signed by a key that the firmware trusts; it has one without a signature at hand,
    and one with Debian's, which no firmware trusts but by way of a boot loader."""
    debian = x86_64.kernel_of(x86_64.SUITE)
    unsigned = secure_boot.unsigned(debian.image, directory / "unsigned")
    kernel = dataclasses.replace(
        debian, image=secure_boot.signed(unsigned, directory / "signed"))
    archive = directory / "initrd"
    archive.write_bytes(kernel.archive(
        made.files | {"boot/unsigned": unsigned.read_bytes(),
                      "boot/foreign": debian.image.read_bytes()}, made.capture_initrd))
    return boot(kernel=kernel.image, archive=archive, kind="secure")


@on("pc-trixie")
def test_secure_boot(boot, pc_artifacts, tmp_path):
    """The signed one goes in, by default and with -s; nothing else costs the armed image, and each
    answer is explained; and the panic is captured."""
    machine = boot_signed(boot, pc_artifacts, tmp_path)
    machine.check("mount -t securityfs none /sys/kernel/security; "
                  "grep -q '\\[integrity\\]' /sys/kernel/security/lockdown; "
                  f"cp {IMAGE} /run/changed; "
                  "printf X | dd of=/run/changed bs=1 seek=5000000 conv=notrunc 2>/dev/null")
    for call in ("-s", "-a", ""):
        run(machine, call, "-p", FILES, IMAGE)
        assert kdump.crash_loaded(machine)
    for image, (answer, hint) in REFUSED.items():
        for call in ("-s", ""):
            refusal = run(machine, call, "-p", FILES, image, code=255, says=hint)
            assert f"still armed: kexec_file_load failed: {answer}" in refusal.err.decode()
        assert kdump.crash_loaded(machine)
    for words in (("-c", "-p", FILES, IMAGE), ("-c", "-p", "-u")):
        run(machine, *words, code=255, says="locked down (integrity)")
        assert kdump.crash_loaded(machine)
    run(machine, "-p", "-u")
    assert not kdump.crash_loaded(machine)
    run(machine, "-p", FILES, IMAGE)
    kdump.crash_and_check(machine)
