# SPDX-License-Identifier: GPL-2.0-only
"""What the VM tests boot. Nothing here skips: what is missing fails."""

import contextlib
import os
import pathlib
import re

import pytest

import artifacts
import models
from qemu import Machine

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
LOGS = TOP / "build/vm"
DUMP_DISK_SIZE = 8 << 30


@pytest.fixture(name="artifacts", scope="session")
def make_artifacts(tmp_path_factory):
    """Kernels, archives and disks, made once per run."""
    return artifacts.make(tmp_path_factory.mktemp("vm"))


@pytest.fixture(scope="session")
def page_kernels():
    """{"16k": Kernel, "64k": Kernel} with crash hotplug, as that of artifacts."""
    return artifacts.page_kernels()


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
def boot(artifacts, dump_disk, model, request):  # pylint: disable=redefined-outer-name
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
