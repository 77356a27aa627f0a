# SPDX-License-Identifier: GPL-2.0-only
"""A Debian system on a disk, with our packages in place of kexec-tools, for real clients."""

import re
import shutil
import subprocess

import debian_root
import packages

SUITE = "trixie"    # its systemd still calls kexec
SYSTEM = ("systemd-sysv", "udev", "kdump-tools", "makedumpfile", "libc6", "libfdt1", "libjson-c5",
          "zlib1g", "liblzma5", "libzstd1", "liblz4-1", "liblzo2-2")
SIZE = 2 << 30
ROOT_DISK = "/dev/vda"
HERE = packages.TOP / "tests/vm"
# What takes time at boot and has nothing to do here.
MASKED = ("systemd-networkd-wait-online.service", "systemd-timesyncd.service",
          "e2scrub_reap.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "systemd-journal-flush.service", "serial-getty@.service", "getty@.service")


def make_disk(folder, kernel):
    """An ext4 file system in a file: the system, our packages, the kernel at its usual place.

    kernel is a directory with Image and config. Returns (the file, the kernel's release).
    """
    built = packages.build_deb(folder / "packages", arch="arm64")
    system = debian_root.Chroot(debian_root.prepare(SUITE, "arm64", SYSTEM), folder / "system")
    for deb in built.debs:
        if "dbgsym" not in deb.name:
            shutil.copy(deb, system / f"root/{deb.name}")
    shutil.copy(HERE / "agent", system / "usr/sbin/agent")
    shutil.copy(HERE / "kexec-agent.service", system / "etc/systemd/system/kexec-agent.service")
    release = kernel_release(kernel / "Image")
    shutil.copy(kernel / "Image", system / f"boot/vmlinuz-{release}")
    shutil.copy(kernel / "config", system / f"boot/config-{release}")
    system.must("apt-get -y install /root/*.deb; rm /root/*.deb; "
                "chmod 755 /usr/sbin/agent; systemctl enable kexec-agent.service; "
                f"systemctl mask {' '.join(MASKED)}; "
                # No RAM disk: the kernel has all that it needs built in.
                "sed -i 's/^KDUMP_INITRD=.*/KDUMP_INITRD=/' /etc/default/kdump-tools; "
                "systemd-machine-id-setup; rm -f /usr/sbin/policy-rc.d")
    disk = folder / "disk"
    with open(disk, "wb") as file:
        file.truncate(SIZE)
    system.outside(f"umount $root/proc; umount -R $root/dev; rm -f $root/usr/sbin/policy-rc.d; "
                   f"mke2fs -q -t ext4 -E lazy_itable_init=1 -d $root {disk}")
    return disk, release


def kernel_release(image):
    """What uname -r says of an uncompressed kernel."""
    return re.search(rb"Linux version (\S+)", image.read_bytes())[1].decode()


def read_disk(disk, path):
    """The bytes of a file on a disk that no machine has in use."""
    return subprocess.run(["debugfs", "-R", f"cat {path}", disk], capture_output=True,
                          check=True).stdout


def list_disk(disk, path):
    """The names in a folder on a disk that no machine has in use."""
    text = subprocess.run(["debugfs", "-R", f"ls -p {path}", disk], capture_output=True,
                          text=True, check=True).stdout
    return [line.split("/")[5] for line in text.splitlines() if line.startswith("/")]
