# SPDX-License-Identifier: GPL-2.0-only
"""From the panic, or kexec -e, to the first line of the next kernel."""

import contextlib
import os
import pathlib
import tempfile
import time

from guest import MB, emulator_seconds, in_turn, said
import emulator
import purgatory
import qemu
from rows import Row

# The console is a file that QEMU writes by the byte.
POLL = 0.001
PANIC, LEAVING = "Kernel panic - not syncing", "Starting new kernel"


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


def moments(machine, marks, read):
    """What read() said when the host saw each of these texts on the console, in this order."""
    deadline = time.monotonic() + 2 * qemu.CAPTURE_TIMEOUT
    seen, at = [], 0
    while len(seen) < len(marks):
        text = machine.console()
        if (found := text.find(marks[len(seen)], at)) >= 0:
            at = found + len(marks[len(seen)])
            seen.append(read())
            continue
        if time.monotonic() > deadline or not machine.running():
            raise qemu.MachineError(f"no {marks[len(seen)]!r} on the console:\n{text[-2000:]}")
        time.sleep(POLL)
    return seen


def clocks():
    return time.monotonic(), emulator_seconds()


def crash(bench, machine, who, options="", read=clocks):
    """One boot, load and panic; returns how far what read() returns got meanwhile."""
    with machine:
        machine.boot()
        machine.check(bench.load_command(who, options), timeout=600)
        with promptly():
            machine.panic()
            panic, first = moments(machine, (PANIC, bench.family.first_line), read)
        # A number for a kernel that does not come up would be worth nothing.
        machine.wait_capture()
        return [late - early for early, late in zip(panic, first)]


def leave(bench, machine, who):
    """The same for one boot, load and restart."""
    with machine:
        machine.boot()
        machine.check(bench.load_command(who, kind="-l"))
        with promptly():
            machine.begin("/sbin/kexec -e -x")
            last, first = moments(machine, (LEAVING, bench.family.first_line), clocks)
        machine.wait_restarted()
        return [late - early for early, late in zip(last, first)]


def counted_crash(bench, size, who):
    """Instructions from the panic to the first line."""
    machine = bench.machine({"capture": bench.capture(size)}, who, counted=True, smp=1)
    (count,) = crash(bench, machine, who, "", lambda: [machine.qmp("query-replay")["icount"]])
    said(f"silent, {size} MB, {who}: {count / 1e6:.0f} million instructions")
    return count


def times_of(bench, size, whos, what, once):
    """{who: values of clocks()}"""
    took = {who: [] for who in whos}
    for who in in_turn(bench.runs, whos):
        values = once(bench.machine({"capture": bench.capture(size)}, who), who)
        took[who].append(values)
        said(f"{what}, {size} MB, {who}: {values[0]:.3f} s, emulator {values[1]:.3f} s")
    return took


def clock_rows(what, ours, others):
    """A row for each of clocks()."""
    for index, clock in enumerate(("wall clock", "CPU of the emulator")):
        yield Row(f"{what}: {clock}", "s", [value[index] for value in ours],
                  [value[index] for value in others], digits=3)


def times(bench, size, options=""):
    """The rows of one size."""
    verifiers = {"ours": ""} if options else bench.family.verifiers
    took = times_of(bench, size, [*verifiers, "peer"], f"silent{options}",
                    lambda machine, who: crash(bench, machine, who, options))
    for who, words in verifiers.items():
        words = "no digest (-i)" if options else f"digest on{words}"
        yield from clock_rows(f"panic to first line, {size} MB, {words}", took[who], took["peer"])
    if "kernel" in took:
        yield from clock_rows(f"panic to first line, {size} MB, digest on, ours / the kernel's own",
                              took["ours"], took["kernel"])


def counts(bench):
    """Instructions, and those for a byte, from two sizes."""
    small, large = bench.sizes[:2]
    verifiers = bench.family.verifiers
    total = {(who, size): counted_crash(bench, size, who)
             for who in (*verifiers, "peer") for size in (small, large)}
    per_byte = {who: (total[who, large] - total[who, small]) / ((large - small) * MB)
                for who in (*verifiers, "peer")}
    for who, words in verifiers.items():
        yield Row(f"panic to first line, {large} MB, digest on{words}: instructions", "million",
                  [total[who, large] / 1e6], [total["peer", large] / 1e6], digits=0)
        yield Row(f"digest{words}: instructions for a byte", "", [per_byte[who]],
                  [per_byte["peer"]])


def bare(bench):
    """The purgatory alone, between the neighbours of its own tests."""
    name, words = bench.family.board
    folder = bench.tool.resolve().parents[1] / "purgatory"
    with tempfile.TemporaryDirectory() as directory:
        board = emulator.Emulator(folder, pathlib.Path(directory))
        for path, more in purgatory.PATHS[name].items():
            said(f"purgatory, {path}")
            for of, value, digits in zip(("a byte", "a byte of zeros", "all the rest"),
                                         purgatory.measure(board, name, more), (3, 3, 0)):
                yield Row(f"{words}, {path}: instructions for {of}", "", [value],
                          "see above", digits=digits)


def silent(bench):
    """Panic to capture kernel."""
    rows = [row for size in bench.sizes for row in times(bench, size)]
    rows += times(bench, bench.sizes[1], "-i")
    return [*rows, *counts(bench), *bare(bench)], ""


def restart(bench):
    """kexec -l, then -e. By QEMU's usual cache, since what a store to memory costs that had code of
    the last kernel is part of it; see tests/vm/qemu.py."""
    bench.machine_class = type("Usual", (bench.family.machine,), {"CODE_CACHE": 1024})
    rows = []
    whos = ["ours", "peer", *(["before"] if bench.before else [])]
    for size in bench.sizes[:2]:
        took = times_of(bench, size, whos, "restart",
                        lambda machine, who: leave(bench, machine, who))
        for other in whos[1:]:
            words = "" if other == "peer" else ", ours / ours before"
            rows += clock_rows(f"restart to first line, {size} MB{words}", took["ours"],
                               took[other])
    return rows, ""
