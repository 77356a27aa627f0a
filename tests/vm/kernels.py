# SPDX-License-Identifier: GPL-2.0-only
"""Every arm64 kernel that Debian has, on several CPUs: `./check kernels`, outside CI.

Each row is a whole crash: load, compare the header with the memory map, panic, read the dump. What
came of a row is kept in build/kernels, and a second run of the same tool takes only what is missing
or has failed. Several runs at once share the work: each takes the rows in an order of its own.
The table of all rows that are there is written into doc/testing.md at the end.
"""

import dataclasses
import datetime
import fcntl
import functools
import hashlib
import json
import random
import time

import pytest

import debian_kernels
import generated
import kdump
import models
import newer_qemu
from artifacts import TOP, tool

RESULTS = TOP / "build/kernels"
DOCUMENT, SECTION = TOP / "doc/testing.md", "kernels"
# What makedumpfile 1.7.8 says to kernels built for addresses of 52 bits, but with 64 KiB pages.
REFUSED = "VA Bits 52 not supported"


@dataclasses.dataclass(frozen=True)
class Cpu:
    """A CPU to run on, of the system's QEMU or of a newer one, and what is special about it."""
    model: models.Model
    newer: bool = False
    mte: bool = False
    words: str = ""

    def machine(self):
        """(options of qemu.Machine, QEMU's version)."""
        options = self.model.machine | {"mte": self.mte}
        if not self.newer:
            return options, "7.2"
        command, version = newer_qemu.find()
        return options | {"qemu": command}, version


CPUS = {
    "cortex-a57": Cpu(models.Model("cortex-a57"), words="EL1"),
    "cortex-a76": Cpu(models.Model("cortex-a76", el2=True), words="EL2 with VHE"),
    "neoverse-n1": Cpu(models.Model("neoverse-n1"), words="EL1"),
    "neoverse-v1": Cpu(models.Model("neoverse-v1"), newer=True, words="EL1, SVE"),
    "max": Cpu(models.Model("max,pauth-impdef=on", el2=True), newer=True, mte=True,
               words="EL2 with VHE, SVE, SME, MTE"),
}
# Pages of 16 KiB are more than a cortex-a57 has.
ROWS = [(suite, flavour, cpu) for suite in debian_kernels.SUITES
        for flavour in debian_kernels.FLAVOURS for cpu in CPUS
        if not (flavour == "arm64-16k" and cpu == "cortex-a57")]
ORDER = random.Random().sample(ROWS, len(ROWS))
COLUMNS = ("load", "header", "capture", "vmcore-dmesg", "makedumpfile", "purgatory")


@functools.cache
def tool_key():
    """Which tool a result is of."""
    return hashlib.sha256(tool().read_bytes()).hexdigest()[:16]


def result_path(kernel, cpu):
    return RESULTS / f"{kernel.release}_{cpu}.json"


def read_result(path):
    """A row, {} where there is none yet."""
    return json.loads(path.read_text()) if path.exists() else {}


def run_row(machine, row):
    """Fill the columns of a row, one after the other; what is left open did not work."""
    kdump.load(machine)
    row["load"] = "yes"
    covers, shown = kdump.shown_header(machine)
    assert covers == 0, shown
    row["header"] = "all RAM"
    markers = kdump.mark_own_page(machine)
    kdump.say(machine)
    _, dump = kdump.crash_and_check(machine, markers, with_makedumpfile=False)
    info = dump.vmcoreinfo
    row["pages"] = f"{int(info['PAGESIZE']) >> 10} KiB"
    row["bits"] = str(64 - int(info["NUMBER(TCR_EL1_T1SZ)"], 0))
    row["capture"] = "yes"
    record = kdump.purgatory_record(machine)
    assert record["result"] == "verified" and record["caches"] == "on", record
    row["purgatory"] = f"SHA-256 by {record['sha256']}"
    row["vmcore-dmesg"] = f"{len(kdump.read_log(machine).out.splitlines())} lines"
    result = machine.sh("makedumpfile -d 31 -c /proc/vmcore /tmp/filtered")
    refused = REFUSED in result.text + result.err.decode()
    assert result.rc == 0 or refused, result
    row["makedumpfile"] = "refuses it" if refused else "yes"


@pytest.mark.parametrize("suite, flavour, cpu", ORDER)
def test_kernel(boot, artifacts, tmp_path, suite, flavour, cpu):
    kernel = debian_kernels.find(suite, flavour)
    path = result_path(kernel, cpu)
    RESULTS.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        row = read_result(path)
        if row.get("tool") == tool_key() and not row["error"]:
            return
        options, version = CPUS[cpu].machine()
        row = {"tool": tool_key(), "qemu": version, "date": str(datetime.date.today()),
               "error": ""}
        began = time.monotonic()
        try:
            archive = artifacts.archive_for(kernel, tmp_path / "archive")
            run_row(boot(kernel.image, archive, **debian_kernels.ROOM | options), row)
        except Exception as error:
            row["error"] = str(error).strip().splitlines()[0] or repr(error)
            raise
        finally:
            row["seconds"] = round(time.monotonic() - began)
            if row["error"] or "makedumpfile" in row:
                path.write_text(json.dumps(row, indent=1) + "\n")


@pytest.fixture(scope="module", autouse=True)
def table():
    """When all is done, of this run and of those before."""
    yield
    lines = ["| Kernel | CPU | QEMU | Pages | Bits | " + " | ".join(COLUMNS) + " | Run |\n",
             "|" + "---|" * (6 + len(COLUMNS)) + "\n"]
    for suite, flavour, cpu in ROWS:
        kernel = debian_kernels.find(suite, flavour)
        row = read_result(result_path(kernel, cpu))
        cells = [f"{suite} {kernel.release}", f"{cpu} ({CPUS[cpu].words})",
                 *(row.get(name, "") for name in ("qemu", "pages", "bits", *COLUMNS, "date"))]
        lines.append("| " + " | ".join(cells) + " |\n")
    generated.write(DOCUMENT, SECTION, "".join(lines))
