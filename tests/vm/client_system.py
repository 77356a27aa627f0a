# SPDX-License-Identifier: GPL-2.0-only
"""A Debian system on a disk, with our packages in place of kexec-tools, for real clients."""

import dataclasses
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import debian_root
import qemu

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "package"))
import packages  # noqa: E402  pylint: disable=wrong-import-position

PACKAGES = ("systemd-sysv", "udev", "kdump-tools", "makedumpfile", "libc6", "libfdt1",
            "libjson-c5", "zlib1g", "liblzma5", "libzstd1", "liblz4-1", "liblzo2-2")
SIZE = 2 << 30
HERE = packages.TOP / "tests/vm"
# What takes time at boot and has nothing to do here.
MASKED = ("systemd-networkd-wait-online.service", "systemd-timesyncd.service",
          "e2scrub_reap.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "systemd-journal-flush.service", "serial-getty@.service", "getty@.service",
          "getty-static.service")


@dataclasses.dataclass(frozen=True)
class Platform:
    """A suite of Debian on an architecture, by Debian's name and by ours, and the machine that it
    runs on."""
    suite: str
    debian: str
    arch: str
    board: type             # the class of its machine, of qemu
    options: dict           # of that
    root: str               # the disk, as its kernel calls it
    kernel: str = ""        # Debian's package; ours without
    ram_disks: bool = False  # else all that it needs is built in

    @property
    def packages(self):
        """What is installed before ours."""
        return (*PACKAGES, self.kernel, "initramfs-tools") if self.kernel else PACKAGES

    @property
    def host_arch(self):
        """What our packages are built for, None for this machine."""
        return self.debian if self.debian in packages.TRIPLETS else None


# Without what would have udev load KVM.
_PC = {"cpu": "EPYC,svm=off", "memory": 2048, "crashkernel": "512M"}
_CLOUD = "linux-image-cloud-amd64"
PLATFORMS = {
    "trixie-arm64": Platform("trixie", "arm64", "arm64", qemu.Machine, {"kind": "uefi"},
                             "/dev/vda"),
    "trixie-amd64": Platform("trixie", "amd64", "x86_64", qemu.PCWithNVMe, _PC, "/dev/nvme0n1",
                             _CLOUD),
    "sid-amd64": Platform("sid", "amd64", "x86_64", qemu.PC, _PC, "/dev/vda", _CLOUD, True),
}
# Nor is kdump-tools to make one, by an emulated CPU.
NO_RAM_DISKS = """
rm -f /boot/initrd*
[ ! -e /usr/sbin/mkinitramfs ] || chmod -x /usr/sbin/mkinitramfs
sed -i 's/^KDUMP_INITRD=.*/KDUMP_INITRD=/' /etc/default/kdump-tools
"""
# Made here, where they need not be made by an emulated CPU. For the machine that it will be: all
# that a chroot can tell is that it is one, and then kdump-tools' hook makes nothing.
RAM_DISKS = r"""
printf 'MODULES=list\nCOMPRESS=zstd\n' >/etc/initramfs-tools/conf.d/kexec
printf 'virtio_pci\nvirtio_blk\next4\n' >>/etc/initramfs-tools/modules
update-initramfs -u -k all
ln -s /bin/false /usr/local/bin/ischroot
PATH=/usr/local/bin:$PATH /etc/kernel/postinst.d/kdump-tools %s
rm /usr/local/bin/ischroot
"""


@dataclasses.dataclass(frozen=True)
class Made:
    """A disk, and what starts it: the kernel, which calls itself release, and maybe a RAM disk."""
    disk: pathlib.Path
    kernel: pathlib.Path
    initrd: pathlib.Path
    release: str


def make(platform, folder):
    """An ext4 file system in a file: the system, our packages, the kernel at its usual place."""
    built = packages.built(platform.host_arch)
    system = debian_root.Chroot(
        debian_root.prepare(platform.suite, platform.debian, platform.packages),
        folder / "system")
    for deb in built.debs:
        if "dbgsym" not in deb.name:
            shutil.copy(deb, system / f"root/{deb.name}")
    shutil.copy(HERE / "agent", system / "usr/sbin/agent")
    shutil.copy(HERE / "kexec-agent.service", system / "etc/systemd/system/kexec-agent.service")
    release = (system.must("ls /lib/modules").strip() if platform.kernel
               else install_own_kernel(system))
    ram_disks = RAM_DISKS % release if platform.ram_disks else NO_RAM_DISKS
    system.must("apt-get -y install /root/*.deb; rm /root/*.deb; "
                "chmod 755 /usr/sbin/agent; systemctl enable kexec-agent.service; "
                f"systemctl mask {' '.join(MASKED)}; {ram_disks}\n"
                "systemd-machine-id-setup; touch /etc/.updated /var/.updated; "
                "rm -f /usr/sbin/policy-rc.d")
    disk = folder / "disk"
    with open(disk, "wb") as file:
        file.truncate(SIZE)
    boot = folder / "boot"
    system.outside(f"cp -r $root/boot {boot}; "
                   f"umount $root/proc; umount -R $root/dev; rm -f $root/usr/sbin/policy-rc.d; "
                   f"mke2fs -q -t ext4 -E lazy_itable_init=1 -d $root {disk}")
    initrd = boot / f"initrd.img-{release}"
    return Made(disk, boot / f"vmlinuz-{release}",
                initrd if initrd.exists() else None, release)


def install_own_kernel(system):
    """Put our kernel where a package would; returns its release."""
    text = subprocess.run([HERE / "kernel/build", "--own"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    kernel = pathlib.Path(text.splitlines()[-1])
    release = kernel_release(kernel / "Image")
    shutil.copy(kernel / "Image", system / f"boot/vmlinuz-{release}")
    shutil.copy(kernel / "config", system / f"boot/config-{release}")
    return release


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


# Of a dump that makedumpfile wrote to where it could not seek: the header, and what each piece
# begins with, where it belongs and its size.
FLAT_HEADER, FLAT_PIECE = 4096, struct.Struct(">qq")


def unflattened(data):
    """A dump with its pieces in their places."""
    assert data.startswith(b"makedumpfile")
    found, at = bytearray(), FLAT_HEADER
    while True:
        offset, size = FLAT_PIECE.unpack_from(data, at)
        if offset < 0:
            return bytes(found)
        at += FLAT_PIECE.size
        found.extend(bytes(max(0, offset + size - len(found))))
        found[offset:offset + size] = data[at:at + size]
        at += size
