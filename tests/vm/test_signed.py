# SPDX-License-Identifier: GPL-2.0-only
"""Signed kernels: what Debian's kernel takes that is locked down, by Secure Boot and without."""

import dataclasses

import collected
import kdump
import kernel_files
import secure_boot
import x86_64
from conftest import on
from kdump import IMAGE, INITRD
from qemu import PC
from test_armed import run

# A timer that comes late on a busy host is no reason to stop.
FILES = f"--initrd={INITRD} '--command-line={PC.CAPTURE_CMDLINE} no_timer_check'"
CHANGED = "/run/changed"
LOCKDOWN = "/sys/kernel/security/lockdown"
# What is refused where signatures are enforced, as under Secure Boot, with the answer of the kernel
# and the hint. The UKI is signed, but only as a whole.
ENFORCED = {
    "/boot/uki-outside": ("No data available", "signature of the UKI does not count"),
    "/boot/unsigned": ("No data available", "has no signature"),
    "/boot/foreign": ("Required key not available", "in none of the kernel's keyrings"),
    CHANGED: ("Key was rejected", "signature is not valid"),
}
# ... and where they are not, but the kernel is locked down.
LOCKED = {
    "/boot/uki-outside": ("Operation not permitted", "signature of the UKI does not count"),
    "/boot/unsigned": ("Operation not permitted", "locked down (integrity)"),
    "/boot/foreign": ("Operation not permitted", "signed with a key it trusts"),
    CHANGED: ("Operation not permitted", "signed with a key it trusts"),
}


def boot_signed(boot, made, directory, kind):
    """A kernel signed by a key that the firmware knows; it has one without a signature at hand,
    one with Debian's, which no firmware trusts but by way of a boot loader, one with a bit
    flipped, and unified ones that are signed inside and outside."""
    debian = x86_64.kernel_of(x86_64.SUITE)
    unsigned = secure_boot.unsigned(debian.image, directory / "unsigned")
    kernel = dataclasses.replace(
        debian, image=secure_boot.signed(unsigned, directory / "signed"))
    outside = secure_boot.signed(uki(directory, unsigned, "outside"), directory / "uki-outside")
    inside = uki(directory, kernel.image, "inside")
    archive = directory / "initrd"
    archive.write_bytes(kernel.archive(
        made.files | {"boot/unsigned": unsigned.read_bytes(),
                      "boot/foreign": debian.image.read_bytes(),
                      "boot/uki-outside": outside.read_bytes(),
                      "boot/uki-inside": inside.read_bytes()}, made.capture_initrd))
    machine = boot(kernel=kernel.image, archive=archive, kind=kind)
    flipped = kernel.image.read_bytes()[5000000] ^ 1
    machine.check(f"mount -t securityfs none /sys/kernel/security; cp {IMAGE} {CHANGED}; "
                  f"printf '\\{flipped:03o}' | "
                  f"dd of={CHANGED} bs=1 seek=5000000 conv=notrunc 2>/dev/null")
    return machine


def uki(directory, image, name):
    """A unified kernel image without a signature of its own; returns its path."""
    made = directory / f"uki-{name}-unsigned"
    parts = directory / name
    parts.mkdir()
    made.write_bytes(kernel_files.uki(parts, image.read_bytes(), "amd64"))
    return made


def check_panic(machine, refused):
    """What is signed goes in, by default and with -s, out of a UKI too; nothing else costs the
    armed image, and each answer is explained."""
    for call, image in (("-s", IMAGE), ("", IMAGE), ("", "/boot/uki-inside")):
        run(machine, call, "-p", FILES, image)
        assert kdump.crash_loaded(machine)
    for call, images in (("-s", refused), ("", list(refused)[:2])):
        for image in images:
            answer, hint = refused[image]
            refusal = run(machine, call, "-p", FILES, image, code=255, says=hint)
            assert f"still armed: kexec_file_load failed: {answer}" in refusal.err.decode()
            assert kdump.crash_loaded(machine)
    for words in (("-c", "-p", FILES, IMAGE), ("-c", "-p", "-u")):
        run(machine, *words, code=255, says="locked down (integrity)")
        assert kdump.crash_loaded(machine)


def check_restart(machine, refused):
    """The same of a load for a restart; a refusal leaves what was loaded."""
    for call, image in (("-s", IMAGE), ("", "/boot/uki-inside")):
        run(machine, call, "-l", "-y", FILES, image)
    answer, hint = refused["/boot/unsigned"]
    refusal = run(machine, "-l", "-y", FILES, "/boot/unsigned", code=255, says=hint)
    assert f"kexec_file_load failed: {answer}" in refusal.err.decode()
    run(machine, "-c", "-l", "-y", FILES, IMAGE, code=255, says="locked down (integrity)")
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    run(machine, "-u")
    assert machine.check("cat /sys/kernel/kexec_loaded") == "0\n"


@on("pc-trixie")
def test_secure_boot(boot, pc_artifacts, tmp_path):
    """Signatures are enforced then, and the kernel is locked down; and the panic is captured."""
    machine = boot_signed(boot, pc_artifacts, tmp_path, "secure")
    machine.check(f"grep -q '\\[integrity\\]' {LOCKDOWN}")
    check_panic(machine, ENFORCED)
    check_restart(machine, ENFORCED)
    run(machine, "-p", "-u")
    assert not kdump.crash_loaded(machine)
    run(machine, "-p", FILES, IMAGE)
    kdump.crash_and_check(machine)


@on("pc-trixie")
def test_lockdown_without_secure_boot(boot, pc_artifacts, tmp_path):
    """First nothing is locked down, and all goes in, also what has a wrong signature.
    Then the kernel is, as lockdown=integrity does it, and planned for as the real one in a folder;
    and at last IMA wants signatures of its own."""
    machine = boot_signed(boot, pc_artifacts, tmp_path, "keys")
    machine.check(f"grep -q '\\[none\\]' {LOCKDOWN}")
    for image in LOCKED:
        run(machine, "-p", FILES, image)
    assert kdump.crash_loaded(machine)
    machine.check(f"echo integrity >{LOCKDOWN}")
    check_panic(machine, LOCKED)
    files = {IMAGE: (tmp_path / "signed").read_bytes(),
             INITRD: x86_64.kernel_of(x86_64.SUITE).capture(pc_artifacts.capture_initrd)}
    collected.check_fixture(machine, tmp_path / "collected", "x86-vm-lockdown", "boot_params",
                            files=files)
    machine.check("echo 'appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig' "
                  ">/sys/kernel/security/ima/policy")
    for image in (IMAGE, "/boot/unsigned"):
        run(machine, "-p", FILES, image, code=255, says="security.ima")
    assert kdump.crash_loaded(machine)
