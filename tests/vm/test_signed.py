# SPDX-License-Identifier: GPL-2.0-only
"""Secure Boot: Debian's kernel, which is locked down by it, takes signed kernels only."""

import dataclasses

import pytest

import debian_kernels
import kdump
import secure_boot
import x86_64
from kdump import IMAGE, INITRD
from test_armed import run
from test_x86_64 import CMDLINE, boot  # pylint: disable=unused-import

FILES = f"--initrd={INITRD} '--command-line={CMDLINE}'"
# What is refused, with the answer of the kernel and the hint.
REFUSED = {
    "/boot/unsigned": ("No data available", "has no signature"),
    "/boot/foreign": ("Required key not available", "in none of the kernel's keyrings"),
    "/run/changed": ("Key was rejected", "signature is not valid"),
}


@pytest.fixture(scope="session")
def pc_artifacts(tmp_path_factory):
    """Debian's kernel, signed by a key that the firmware trusts; without a signature; and with
    Debian's, which no firmware trusts but by way of a boot loader."""
    directory = tmp_path_factory.mktemp("secure-boot")
    debian = debian_kernels.find(x86_64.SUITE, x86_64.FLAVOUR)
    unsigned = secure_boot.unsigned(debian.image, directory / "unsigned")
    kernel = dataclasses.replace(
        debian, image=secure_boot.signed(unsigned, directory / "signed"))
    return x86_64.make(directory, kernel, {"boot/unsigned": unsigned.read_bytes(),
                                           "boot/foreign": debian.image.read_bytes()})


def test_secure_boot(boot):
    """The signed one goes in, by default and with -s; nothing else costs the armed image, and each
    answer is explained; and the panic is captured."""
    machine = boot(kind="secure", cpu="max")
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
