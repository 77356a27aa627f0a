#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure the tool next to Debian's kexec-tools, its peer, in the same emulated machine.

    silent   seconds from the panic to the first line of the capture kernel
    load     time and peak memory of kexec -p
    plan     time and peak memory of planning, by the number of memory ranges

Nothing is judged: what comes out is one table, in Markdown, and the single values behind it
as JSON, both below build/bench/. Runs of the two are interleaved, so that what else the host
does falls on both. ./bench builds what is needed and runs this.
"""

import argparse
import contextlib
import dataclasses
import datetime
import gzip
import json
import os
import pathlib
import platform
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import machines

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
VM = TOP / "tests/vm"
sys.path.insert(0, str(VM))
import initrd  # pylint: disable=wrong-import-position
import qemu  # pylint: disable=wrong-import-position

OUT = TOP / "build/bench"
MIB = 1 << 20
CROSS_CC = "aarch64-linux-gnu-gcc"
CAPTURE = "console=ttyAMA0 earlycon=pl011,0x9000000 nr_cpus=1 reset_devices"
VM_OPTIONS = {"kind": "dt", "cpu": "cortex-a57", "smp": 2, "memory": 1024,
              "crashkernel": "256M"}
COMMANDS = {"ours": "/sbin/kexec -c -p", "peer": "/sbin/kexec-peer -c -p"}
RANGES = (10, 1000, 10000, 60000)
# The console is a file that QEMU writes by the byte.
POLL = 0.001
PANIC, FIRST_LINE = "Kernel panic - not syncing", "Booting Linux on physical"


# --- what comes out -------------------------------------------------------------------

@dataclasses.dataclass
class Row:
    """One line of the table. ours and peer are lists of values, or a sentence why not."""
    what: str
    unit: str
    ours: list
    peer: object
    digits: int = 2

    def cells(self):
        return self.what, self.unit, self._cell(self.ours), self._cell(self.peer), self._ratio()

    def _cell(self, values):
        if isinstance(values, str):
            return values
        low, middle, high = (f"{value:.{self.digits}f}" for value in
                             (min(values), statistics.median(values), max(values)))
        return f"{middle} ({low}..{high})" if len(values) > 1 else middle

    def _ratio(self):
        if isinstance(self.peer, str) or isinstance(self.ours, str):
            return "-"
        middle = statistics.median(self.ours) / statistics.median(self.peer)
        # Run by run: what disturbed both does not count as spread.
        pairs = [ours / peer for ours, peer in zip(self.ours, self.peer)]
        return f"{middle:.2f} ({min(pairs):.2f}..{max(pairs):.2f})" if len(pairs) > 1 \
            else f"{middle:.2f}"


def table(rows):
    """Markdown that can be read as it is."""
    lines = [("what", "unit", "ours", "peer", "ours / peer"), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths))
                   + " |\n" for line in lines)


def said(text):
    """To the one who waits."""
    print(text, file=sys.stderr, flush=True)


def host_words():
    """What this ran on, for the reader of the table."""
    model = next((line.split(":", 1)[1].strip() for line in
                  pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    version = subprocess.run([qemu.QEMU, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()[0]
    return f"{len(os.sched_getaffinity(0))} CPUs ({model}), Linux {platform.release()}, {version}"


# --- the machine ----------------------------------------------------------------------

class Bench:
    """The kernel, the tools and the archives that all measurements share."""

    def __init__(self, args, scratch):
        self.runs = args.runs
        self.random = args.random
        self.scratch = scratch
        self.host_kexec = args.host_kexec
        self.root = output_of("guest-root")
        kernel = os.environ.get("KEXEC_TEST_KERNEL")
        self.kernel = (pathlib.Path(kernel) if kernel else output_of("kernel/build")) / "Image"
        self.helper = self._helper(CROSS_CC)
        image = self.kernel.read_bytes()
        programs = {"sbin/kexec": args.kexec, "sbin/kexec-peer": self.root / "usr/sbin/kexec"}
        self.files = initrd.base_files(self.root) | initrd.program_files(self.root, programs) | {
            "Image": image,
            "sbin/measure": self.helper.read_bytes(),
        }
        self.initrds = {mib: self._capture_initrd(mib) for mib in self.random}
        # What there is to hash; the device tree and the like add some kilobytes.
        self.bytes = {mib: len(image) + len(data) for mib, data in self.initrds.items()}

    def size(self, mib):
        return f"{self.bytes[mib] / 1e6:.0f} MB"

    def machine(self, more):
        """A machine, off, whose initrd has these files as well."""
        archive = self.scratch / "initrd"
        archive.write_bytes(initrd.cpio(self.files | more))
        return qemu.Machine(self.kernel, archive, **VM_OPTIONS)

    def _helper(self, compiler):
        target = self.scratch / f"measure-{compiler}"
        subprocess.run([compiler, "-static", "-O2", "-Wall", "-o", target, HERE / "measure.c"],
                       check=True)
        return target

    def host_helper(self):
        return self._helper("gcc")

    def _capture_initrd(self, mib):
        """The small archive, or one with so much that does not compress."""
        if not mib:
            return initrd.capture_initrd(self.root)
        noise = random.Random(mib).randbytes(mib * MIB)
        return initrd.cpio(initrd.base_files(self.root) | {"noise": noise})


def output_of(script):
    """The last line of what a script of tests/vm prints."""
    text = subprocess.run([VM / script], stdout=subprocess.PIPE, check=True, text=True).stdout
    return pathlib.Path(text.splitlines()[-1])


def load_command(who, options="", kernel="/Image"):
    return f"{COMMANDS[who]} {options} --initrd=/capture --append='{CAPTURE}' {kernel}".strip()


def alternating(count):
    """The two in turn, and who begins changes."""
    for number in range(count):
        yield from (("ours", "peer"), ("peer", "ours"))[number % 2]


# --- silent time ----------------------------------------------------------------------

def emulator_seconds():
    """CPU time of the one child that this has meanwhile, QEMU: all its threads."""
    (child,) = (pid for path in pathlib.Path("/proc/self/task").glob("*/children")
                for pid in path.read_text().split())
    return sum(int(path.read_text().split()[0])
               for path in pathlib.Path(f"/proc/{child}/task").glob("*/schedstat")) / 1e9


@contextlib.contextmanager
def promptly():
    """Run at once whenever there is something to do, where that is allowed: a watcher that
    waits for its turn sees what it watches for too late."""
    kind, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass
    try:
        yield
    finally:
        os.sched_setscheduler(0, kind, param)


def moments(machine, marks):
    """When the host saw each of these texts on the console, in this order, and the CPU time
    of the emulator then."""
    deadline = time.monotonic() + qemu.CAPTURE_TIMEOUT
    seen, at = [], 0
    while len(seen) < len(marks):
        text = machine.console()
        now = time.monotonic(), emulator_seconds()
        while len(seen) < len(marks) and (found := text.find(marks[len(seen)], at)) >= 0:
            at = found + len(marks[len(seen)])
            seen.append(now)
        if now[0] > deadline or not machine.running():
            raise qemu.MachineError(f"no {marks[len(seen)]!r} on the console:\n{text[-2000:]}")
        time.sleep(POLL)
    return seen


def silent_once(machine, who, options):
    """One boot, load and panic; returns seconds of wall clock and of the emulator."""
    with machine:
        machine.boot()
        machine.check(load_command(who, options))
        with promptly():
            machine.panic()
            panic, first = moments(machine, (PANIC, FIRST_LINE))
        # A number for a kernel that does not come up would be worth nothing.
        machine.wait_capture()
        return first[0] - panic[0], first[1] - panic[1]


def silent(bench):
    """Panic to capture kernel."""
    rows = []
    for mib in bench.random:
        took = {(who, options): [] for who in COMMANDS for options in ("", "-i")}
        for number in range(bench.runs):
            for options in ("", "-i"):
                for who in ("ours", "peer") if number % 2 else ("peer", "ours"):
                    machine = bench.machine({"capture": bench.initrds[mib]})
                    values = silent_once(machine, who, options)
                    took[who, options].append(values)
                    said(f"silent, {bench.size(mib)}, {options or 'digest'}, {who}: "
                         f"{values[0]:.3f} s, emulator {values[1]:.3f} s")
        for options, words in (("", "digest on"), ("-i", "no digest (-i)")):
            what = f"panic to first line, {bench.size(mib)}, {words}"
            for index, clock in enumerate(("wall clock", "CPU of the emulator")):
                rows.append(Row(f"{what}: {clock}", "s",
                                *([value[index] for value in took[who, options]]
                                  for who in ("ours", "peer")), digits=3))
        rows.append(Row(f"digest in purgatory, {bench.size(mib)}", "MB/s of CPU",
                        *(speeds(bench.bytes[mib], took[who, ""], took[who, "-i"])
                          for who in ("ours", "peer")), digits=1))
    return rows


def speeds(size, checked, unchecked):
    """MB/s of the digest, from the CPU time of the emulator with and without it."""
    rest = statistics.median(value[1] for value in unchecked)
    return [size / 1e6 / (value[1] - rest) for value in checked]


# --- load -----------------------------------------------------------------------------

class Failed(Exception):
    """A measured program did not succeed; the text says why."""


def measured(text):
    """(seconds of wall clock, of CPU, peak MiB) from what the helper prints."""
    wall, user, system, peak = (int(word) for word in text.split())
    return wall / 1e6, (user + system) / 1e6, peak / 1024


def emulated(machine, command):
    """As measured(), but the CPU time is that of the emulator, from the command's way into
    the machine to the answer: the guest's own clocks go on while the host does other things."""
    began = emulator_seconds()
    result = machine.sh(f"measure {command}")
    took = emulator_seconds() - began
    if result.rc:
        raise Failed((result.err.decode(errors="replace").strip() or "?").splitlines()[-1])
    wall, _, peak = measured(result.text)
    return wall, took, peak


# Which value of measured() or emulated(), words, unit, digits.
EMULATED = ((0, "wall clock", "s", 3), (1, "CPU of the emulator", "s", 3),
            (2, "peak memory", "MiB", 1))
HERE_ONLY = ((1, "CPU time", "s", 3), (2, "peak memory", "MiB", 1))


def rows_of(what, took, quantities):
    """The rows for one thing that was measured."""
    def column(who, index):
        return took[who] if isinstance(took[who], str) else [one[index] for one in took[who]]

    for index, words, unit, digits in quantities:
        yield Row(f"{what}: {words}", unit, column("ours", index), column("peer", index), digits)


def load_case(machine, runs, commands):
    """Both in turn; the first run of each is thrown away."""
    took = {"ours": [], "peer": []}
    for who in alternating(runs + 1):
        if isinstance(took[who], str):
            continue
        try:
            took[who].append(emulated(machine, commands[who]))
        except Failed as error:
            took[who] = f"cannot: {error}"
    return {who: values if isinstance(values, str) else values[1:]
            for who, values in took.items()}


def load(bench):
    """kexec -p, each image size in one boot."""
    rows = []
    for mib in bench.random:
        more = {"capture": bench.initrds[mib],
                "Image.gz": gzip.compress(bench.files["Image"], 9, mtime=0)}
        with bench.machine(more) as machine:
            machine.boot()
            cases = {"": ("", "/Image"), ", no digest (-i)": ("-i", "/Image")}
            if not mib:
                cases[", gzip kernel"] = "", "/Image.gz"
            for words, (options, kernel) in cases.items():
                what = f"load, {bench.size(mib)}{words}"
                said(what)
                rows += rows_of(what, load_case(machine, bench.runs, {
                    who: load_command(who, options, kernel) for who in COMMANDS}), EMULATED)
            if not mib:
                idle = [emulated(machine, "true") for _ in range(bench.runs + 1)][1:]
                rows += rows_of("/bin/true, for comparison", {"ours": idle, "peer": idle}, EMULATED)
    return rows


# --- plan -----------------------------------------------------------------------------

def plan_command(kexec, folder, output):
    return [str(kexec), "-p", f"--sysroot={folder}", f"--dry-run={output}", "--command-line=x",
            "/boot/Image"]


def plan(bench):
    """kexec --dry-run for machines with many ranges, here and in the machine; as in
    load_case() the first run of each is thrown away."""
    cannot = "cannot plan without loading"
    rows = []
    folders = {count: bench.scratch / f"ranges-{count}" for count in RANGES}
    for count, folder in folders.items():
        machines.write(folder, count)
    helper = bench.host_helper()
    for output in ("text", "json"):
        for count, folder in folders.items():
            command = [helper, *plan_command(bench.host_kexec, folder, output)]
            took = [measured(subprocess.run(command, stdout=subprocess.PIPE, text=True,
                                            check=True).stdout) for _ in range(bench.runs + 1)]
            said(f"plan, host, {count} ranges, {output}")
            rows += rows_of(f"plan, host, {count:,} ranges, {output}",
                            {"ours": took[1:], "peer": cannot}, HERE_ONLY)
    more = {f"plan/{count}/{path}": data for count in RANGES
            for path, data in machines.files(count).items()}
    with bench.machine(more) as machine:
        machine.boot()
        for count in RANGES:
            command = shlex.join(plan_command("/sbin/kexec", f"/plan/{count}", "text"))
            took = [emulated(machine, command) for _ in range(bench.runs + 1)]
            said(f"plan, emulated, {count} ranges, text")
            rows += rows_of(f"plan, emulated, {count:,} ranges, text",
                            {"ours": took[1:], "peer": cannot}, EMULATED[1:2])
    return rows


def numbers(text):
    return [int(word) for word in text.split(",")]


BENCHES = {"silent": silent, "load": load, "plan": plan}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kexec", type=pathlib.Path, required=True, help="the arm64 tool")
    parser.add_argument("--host-kexec", type=pathlib.Path, required=True, help="the same for here")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of each (default 5)")
    parser.add_argument("--random", type=numbers, default="0,24", metavar="MIB,...",
                        help="random MiB in the initrd, each its own case (default 0,24)")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHES],
                        help=", ".join(BENCHES))
    args = parser.parse_args()

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kexec-bench-") as scratch:
        bench = Bench(args, pathlib.Path(scratch))
        rows = [row for name in args.names or BENCHES for row in BENCHES[name](bench)]
    about = {"date": datetime.date.today().isoformat(), "host": host_words(),
             "load average at the end": os.getloadavg(), "runs": args.runs, "vm": VM_OPTIONS,
             "peer": next(line for line in (bench.root / "versions").read_text().splitlines()
                          if line.startswith("kexec-tools ")),
             "seconds": round(time.monotonic() - began)}
    text = table(rows)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "results.md").write_text(text)
    (OUT / "results.json").write_text(json.dumps(
        {"about": about, "rows": [dataclasses.asdict(row) for row in rows]}, indent=1) + "\n")
    print("\n".join(f"{name}: {value}" for name, value in about.items()) + "\n\n" + text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
