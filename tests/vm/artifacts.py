# SPDX-License-Identifier: GPL-2.0-only
"""What the machines of the VM layer are made from: kernels, archives and disks."""

import dataclasses
import os
import pathlib
import subprocess

import initrd
import models
from debian_kernels import Kernel

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
COMPILER = "aarch64-linux-gnu-gcc"


@dataclasses.dataclass(frozen=True)
class Artifacts:
    """Everything a machine is made from."""
    kernel: pathlib.Path            # with crash hotplug
    unpatched_kernel: pathlib.Path  # Debian's own, without
    initrd: pathlib.Path
    plain_initrd: pathlib.Path      # with the tool for models.Model.plain
    tools_disk: pathlib.Path
    capture_initrd: bytes
    files: dict                     # of initrd

    def for_model(self, model):
        """(kernel, archive, more options of qemu.Machine) for one of models.MODELS."""
        return self.kernel, self.plain_initrd if model.plain else self.initrd, {}

    def archive_for(self, kernel, path):
        """Write to path an archive like initrd, for a debian_kernels.Kernel to load itself."""
        path.write_bytes(kernel.archive(self.files, self.capture_initrd))
        return path


def output_of(script, *options):
    """The path that a script of this directory prints last."""
    text = subprocess.run([HERE / script, *options], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return pathlib.Path(text.splitlines()[-1])


def tool():
    """The arm64 binary under test."""
    return pathlib.Path(os.environ.get("KEXEC_BIN") or os.environ.get("KEXEC")
                        or TOP / "build-arm64/sbin/kexec")


def make(directory):
    """Kernels, archives and disks, the latter two in a directory that the caller removes."""
    root = output_of("guest-root")
    kernel = output_of("kernel/build") / "Image"
    capture_initrd = initrd.capture_initrd(root)
    programs = {"sbin/kexec": tool(), "peer/kexec": root / "usr/sbin/kexec",
                "sbin/own-page": initrd.small_program(COMPILER, "own_page", directory)}
    files = initrd.base_files(root) | initrd.program_files(root, programs) | {
        "boot/Image": kernel.read_bytes(), "boot/initrd": capture_initrd}
    (directory / "initrd").write_bytes(initrd.cpio(files))
    blob = tool().parents[1] / "purgatory/arm64/purgatory.bin"
    (directory / "initrd-plain").write_bytes(initrd.cpio(files | {
        "sbin/kexec": models.without_sha256(tool().read_bytes(), blob.read_bytes())}))
    tools = initrd.tools_tar(root, {
        "sbin/makedumpfile": root / "usr/bin/makedumpfile",
        "sbin/kexec": tool(),
        "sbin/vmcore-dmesg": tool().with_name("vmcore-dmesg"),
        "sbin/copy-dump": initrd.small_program(COMPILER, "copy_dump", directory),
        "peer/vmcore-dmesg": root / "usr/sbin/vmcore-dmesg"})
    (directory / "tools").write_bytes(tools + bytes(-len(tools) % 512))
    return Artifacts(kernel, root / "boot/Image-debian", directory / "initrd",
                     directory / "initrd-plain", directory / "tools", capture_initrd, files)


def page_kernels():
    """{"16k": Kernel, "64k": Kernel} with crash hotplug, as that of Artifacts."""
    directory = output_of("kernel/build", "--pages")
    return {"16k": Kernel(directory / "Image-16k"), "64k": Kernel(directory / "Image")}
