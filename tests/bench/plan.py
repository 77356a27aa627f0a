# SPDX-License-Identifier: GPL-2.0-only
"""What planning takes, by memory ranges and CPUs. kexec-tools cannot plan without loading."""

import shlex
import subprocess

import machines
from guest import said
from load import measured, rows_of, several

# Ranges, CPUs.
SCALES = ((10, 4), (1000, 4), (10000, 4), (60000, 4), (10, 4096), (60000, 4096))
CANNOT = "cannot plan without loading"


def command(kexec, folder, output="text"):
    return [str(kexec), "-p", f"--sysroot={folder}", f"--dry-run={output}", "--command-line=x",
            "/boot/Image"]


def here(helper, words):
    text = subprocess.run([helper, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    wall, user, system, peak = (int(word) for word in text.split())
    return wall / 1e6, (user + system) / 1e6, peak / 1024


def plan(bench):
    """kexec --dry-run for machines with many ranges and CPUs, here, and the largest of each in
    the machine; the first run of each is thrown away."""
    rows = []
    helper = bench.helper()
    for ranges, cpus in SCALES:
        folder = bench.scratch / f"plan-{ranges}-{cpus}"
        machines.write(folder, ranges, cpus)
        for output in ("text", "json"):
            what = f"plan, host, {ranges:,} ranges, {cpus:,} CPUs, {output}"
            said(what)
            took = [here(helper, command(bench.host_kexec, folder, output))
                    for _ in range(bench.runs + 1)]
            rows += rows_of(what, {"ours": took[1:], "peer": CANNOT},
                            ((1, "CPU time", "s", 3), (2, "peak memory", "MiB", 1)))
    chosen = SCALES[0], SCALES[3], SCALES[4]
    more = {f"plan/{ranges}-{cpus}/{path}": data for ranges, cpus in chosen
            for path, data in machines.files(ranges, cpus).items()}
    with bench.machine(more) as machine:
        machine.boot()
        for ranges, cpus in chosen:
            what = f"plan, emulated, {ranges:,} ranges, {cpus:,} CPUs, text"
            said(what)
            words = shlex.join(command("/sbin/kexec", f"/plan/{ranges}-{cpus}"))
            took = several(machine, bench.runs, {"ours": words}, measured)
            rows += rows_of(what, took | {"peer": CANNOT}, ((1, "CPU of the emulator", "s", 3),))
    return rows, ""
