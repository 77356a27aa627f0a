# SPDX-License-Identifier: GPL-2.0-only
"""A guest in a folder, by tests/fixtures/collect: it is planned for as the guest itself."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import kdump

TOP = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = TOP / "tests/fixtures"


def collect(machine, folder):
    """What the script makes of the machine."""
    machine.put("/run/collect", (FIXTURES / "collect").read_bytes())
    machine.check("sh /run/collect - >/run/fixture.tar")
    with tarfile.open(fileobj=io.BytesIO(machine.get("/run/fixture.tar"))) as tar:
        tar.extractall(folder)


def check(machine, folder, *keys, files=None):
    """These parts of the plan, and what every plan has, are the same there and, by the tool of this
    host, here. files are the kernel and the initrd, where they need not come out of the guest."""
    words = ("-p", "--hotplug", "--dry-run=json", "--seed=1", f"--initrd={kdump.INITRD}",
             "--command-line=quiet", kdump.IMAGE)
    there = kdump.plan_of(machine, " ".join([kdump.TOOL, *words]))
    collect(machine, folder)
    (folder / "boot").mkdir(exist_ok=True)
    for path in (kdump.IMAGE, kdump.INITRD):
        (folder / path.lstrip("/")).write_bytes((files or {}).get(path) or machine.get(path))
    tool = pathlib.Path(os.environ["VMCORE_DMESG_HOST"]).with_name("kexec")
    here = json.loads(subprocess.run([tool, f"--sysroot={folder}", *words],
                                     stdout=subprocess.PIPE, check=True).stdout)
    for key in ("running", "load_region", "hotplug", "program_headers", "command_line", *keys):
        assert here[key] == there[key], key


def update_fixture(folder, name):
    """Keep the files as those of a fixture; its plans are for run --update then."""
    for part in ("facts", "proc", "sys"):
        target = FIXTURES / name / part
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if (folder / part).is_dir() else shutil.copy)(folder / part, target)


def check_fixture(machine, folder, name, *keys, files=None):
    """The same, of one that can be kept as that fixture."""
    check(machine, folder, *keys, files=files)
    if os.environ.get("KEXEC_UPDATE_FIXTURES"):
        update_fixture(folder, name)
