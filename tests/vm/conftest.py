# SPDX-License-Identifier: GPL-2.0-only
"""What the VM tests boot. Nothing here skips: what is missing fails."""

import contextlib
import os
import pathlib
import re

import pytest

import artifacts
import models
import ppc64le
import x86_64

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
LOGS = TOP / "build/vm"
DUMP_DISK_SIZE = 8 << 30
ARCHITECTURES = ("arm64", "x86_64", "ppc64le")


def pytest_configure(config):
    """The mark of each machine that there is."""
    for name in ARCHITECTURES:
        config.addinivalue_line("markers", f"{name}: boots such a machine")


def pytest_collection_modifyitems(items):
    """Each test is marked with the machine that it boots, so that -m chooses one: its model's, or
    what its file says; arm64 without either."""
    for item in items:
        if not any(mark.name in ARCHITECTURES for mark in item.iter_markers()):
            params = item.callspec.params if hasattr(item, "callspec") else {}
            item.add_marker(model_named(params.get("model")).arch.name)


def model_named(name):
    """A model; KEXEC_TEST_MODEL names one for all tests."""
    return models.find(os.environ.get("KEXEC_TEST_MODEL") or name or "el1")


@pytest.fixture(name="artifacts", scope="session")
def make_artifacts(tmp_path_factory):
    """Kernels, archives and disks, made once per run."""
    return artifacts.make(tmp_path_factory.mktemp("vm"))


@pytest.fixture(scope="session")
def pc_artifacts(tmp_path_factory):
    """The same for x86_64."""
    return x86_64.make(tmp_path_factory.mktemp("pc"))


@pytest.fixture(scope="session")
def power_artifacts(tmp_path_factory):
    """The same for ppc64le."""
    return ppc64le.make(tmp_path_factory.mktemp("ppc64le"))


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
    """The model of this test, see on()."""
    return model_named(getattr(request, "param", None))


def on(*names):
    """Run a test on each of these models, in place of the usual one."""
    return pytest.mark.parametrize("model", names, indirect=True)


@pytest.fixture
def boot(dump_disk, model, request):  # pylint: disable=redefined-outer-name
    """boot(**options of Machine) boots a machine that ends with the test; board is another class
    than the model's.

    What was on its console is kept as build/vm/TEST.console.
    """
    made = request.getfixturevalue(model.arch.artifacts)
    machines = []
    with contextlib.ExitStack() as stack:
        def start(kernel=None, archive=None, board=model.arch.board, **options):
            usual, its_archive, room = made.for_model(model)
            disks = (dump_disk, made.tools_disk)  # of one machine at a time
            machine = board(kernel or usual, archive or its_archive,
                            **({"disks": disks} | room | model.machine | options))
            machines.append(stack.enter_context(machine))
            return machine.boot()

        yield start
        LOGS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.name)
        (LOGS / f"{name}.console").write_text(
            "\n".join(machine.console() for machine in machines))
