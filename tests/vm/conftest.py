# SPDX-License-Identifier: GPL-2.0-only
"""What the VM tests boot. Nothing here skips: what is missing fails."""

import contextlib
import dataclasses
import gzip
import os
import pathlib
import re
import subprocess

import pytest

import initrd
import models
from debian_kernels import Kernel
from qemu import Machine

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
LOGS = TOP / "build/vm"
DUMP_DISK_SIZE = 8 << 30


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

    def archive_for(self, kernel, path):
        """Write to path an archive like initrd, for a debian_kernels.Kernel to load itself."""
        capture = self.capture_initrd + gzip.compress(initrd.cpio(kernel.modules), mtime=0)
        path.write_bytes(initrd.cpio(self.files | kernel.modules | {
            "boot/Image": kernel.image.read_bytes(), "boot/initrd": capture}))
        return path


def _output_of(script, *options):
    """The path that a script of this directory prints last."""
    text = subprocess.run([HERE / script, *options], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return pathlib.Path(text.splitlines()[-1])


def tool():
    """The arm64 binary under test."""
    return pathlib.Path(os.environ.get("KEXEC_BIN") or os.environ.get("KEXEC")
                        or TOP / "build-arm64/sbin/kexec")


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory):
    """Kernels, archives and disks, made once per run."""
    directory = tmp_path_factory.mktemp("vm")
    root = _output_of("guest-root")
    kernel = _output_of("kernel/build") / "Image"
    own_page = directory / "own-page"
    subprocess.run(["aarch64-linux-gnu-gcc", "-Os", "-Wall", "-Wextra", "-Werror", "-static",
                    HERE / "own_page.c", "-o", own_page], check=True)
    capture_initrd = initrd.capture_initrd(root)
    programs = {"sbin/kexec": tool(), "peer/kexec": root / "usr/sbin/kexec",
                "sbin/own-page": own_page}
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
        "peer/vmcore-dmesg": root / "usr/sbin/vmcore-dmesg"})
    (directory / "tools").write_bytes(tools + bytes(-len(tools) % 512))
    return Artifacts(kernel, root / "boot/Image-debian", directory / "initrd",
                     directory / "initrd-plain", directory / "tools", capture_initrd, files)


@pytest.fixture(scope="session")
def page_kernels():
    """{"16k": Kernel, "64k": Kernel} with crash hotplug, as that of artifacts."""
    directory = _output_of("kernel/build", "--pages")
    return {"16k": Kernel(directory / "Image-16k"), "64k": Kernel(directory / "Image")}


@pytest.fixture
def dump_disk(tmp_path):
    """The (sparse) file behind the guest's disk for dumps."""
    path = tmp_path / "dump"
    with open(path, "wb") as file:
        file.truncate(DUMP_DISK_SIZE)
    yield path
    path.unlink()


@pytest.fixture
def model(request):
    """The CPU model of this test, see on(); KEXEC_TEST_MODEL names one for all tests."""
    return models.MODELS[os.environ.get("KEXEC_TEST_MODEL") or getattr(request, "param", "el1")]


def on(*names):
    """Run a test on each of these models.MODELS, in place of the usual one."""
    return pytest.mark.parametrize("model", names, indirect=True)


@pytest.fixture
def boot(artifacts, dump_disk, model, request):
    """boot(**options of Machine) boots a machine that ends with the test.

    What was on its console is kept as build/vm/TEST.console.
    """
    machines = []
    with contextlib.ExitStack() as stack:
        def start(kernel=None, archive=None, **options):
            archive = archive or (artifacts.plain_initrd if model.plain else artifacts.initrd)
            disks = (dump_disk, artifacts.tools_disk)  # of one machine at a time
            machine = Machine(kernel or artifacts.kernel, archive,
                              **({"disks": disks} | model.machine | options))
            machines.append(stack.enter_context(machine))
            return machine.boot()

        yield start
        LOGS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.name)
        (LOGS / f"{name}.console").write_text(
            "\n".join(machine.console() for machine in machines))
