# SPDX-License-Identifier: GPL-2.0-only
"""Kernels signed by the key that Debian's OVMF trusts in its variables for tests, and not by it."""

import pathlib
import shutil
import subprocess

CERTIFICATE = pathlib.Path("/usr/share/ovmf/PkKek-1-snakeoil.pem")
KEY = CERTIFICATE.with_suffix(".key")
PASSWORD = "snakeoil"  # as its own documentation says


def _run(*command):
    subprocess.run(command, check=True, capture_output=True)


def unsigned(image, target):
    """A copy without any signature; returns its path."""
    shutil.copy(image, target)
    _run("sbattach", "--remove", target)
    return target


def signed(image, target):
    """A copy of an unsigned image with a signature; returns its path."""
    key = target.with_suffix(".key")
    _run("openssl", "rsa", "-in", KEY, "-passin", f"pass:{PASSWORD}", "-out", key)
    _run("sbsign", "--key", key, "--cert", CERTIFICATE, "--output", target, image)
    key.unlink()
    return target
