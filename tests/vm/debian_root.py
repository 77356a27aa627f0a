# SPDX-License-Identifier: GPL-2.0-only
"""Whole Debian systems: made once by mmdebstrap, kept in the cache, changed in copies.

Needs root, for chroot and mounts, which are made in mount namespaces of their own and end
with the command that needed them. A root of another architecture runs by qemu-user-static.
"""

import pathlib
import shlex
import subprocess

import debian

BINFMT = pathlib.Path("/proc/sys/fs/binfmt_misc")
EMULATORS = ("qemu-aarch64", "qemu-ppc64le")
# Documentation is half of a small system, and nobody reads it there.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
CHROOT = r"""
set -e
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
printf '#!/bin/sh\nexit 101\n' >"$2/root/usr/sbin/policy-rc.d"
chmod 755 "$2/root/usr/sbin/policy-rc.d"
exec %s
"""


def prepare(suite, arch, packages):
    """The directory of a minimal system with these packages."""
    key = debian.content_key(suite, arch, *packages, *LEFT_OUT)
    target = debian.cache_dir() / "root" / f"{suite}-{arch}-{key}"
    with debian.locked(f"root-{suite}-{arch}"):
        if not target.is_dir():
            register_emulators()
            with debian.published(target) as root:
                subprocess.run(
                    ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
                     f"--architectures={arch}", f"--keyring={debian.KEYRING}",
                     f"--include={','.join(packages)}",
                     # sid's Release files are short-lived and mirrors are not always fresh.
                     '--aptopt=Acquire::Check-Valid-Until "false"',
                     *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
                     "--dpkgopt=force-unsafe-io",
                     suite, root / "root", debian.MIRROR], check=True)
    return target / "root"


def register_emulators():
    """Let the kernel start programs of others, as systemd does on a Debian machine at boot."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    for name in EMULATORS:
        if not (BINFMT / name).exists():
            (BINFMT / "register").write_text(
                pathlib.Path(f"/usr/lib/binfmt.d/{name}.conf").read_text())


class Chroot:
    """A system of its own on top of a prepared one; folder holds what differs."""

    def __init__(self, below, folder):
        register_emulators()
        self._below, self.folder = below, folder
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)

    def __truediv__(self, path):
        """Where the system finds what this process puts at the path returned."""
        place = self.folder / "upper" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def sh(self, script):
        """Run a shell script in it; returns (exit status, everything it printed)."""
        return self._enter(f'chroot "$2/root" sh -ec {shlex.quote(script)}')

    def must(self, script):
        """Run a shell script that has to work; returns what it printed."""
        status, text = self.sh(script)
        assert status == 0, f"$ {script}\n{text}"
        return text

    def outside(self, script):
        """Run a shell script of this machine that finds the system at "$root"."""
        status, text = self._enter(f'env root="$2/root" sh -ec {shlex.quote(script)}')
        assert status == 0, f"$ {script}\n{text}"
        return text

    def _enter(self, command):
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", CHROOT.replace("%s", command), "sh", self._below,
             self.folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, errors="replace",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                 "DEBIAN_FRONTEND": "noninteractive"})
        return done.returncode, done.stdout

