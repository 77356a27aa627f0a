# SPDX-License-Identifier: GPL-2.0-only
"""From the panic to the first line of the capture kernel."""

import contextlib
import os
import pathlib
import tempfile
import time

from guest import MB, Bench, emulator_seconds, in_turn, load_command, said
import emulator
import purgatory
import qemu
from rows import Row

# The console is a file that QEMU writes by the byte.
POLL = 0.001
PANIC, FIRST_LINE = "Kernel panic - not syncing", "Booting Linux on physical"
WORDS = {"ours": "", "plain": ", no SHA instructions"}


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


def crash(machine, who, options="", read=clocks):
    """One boot, load and panic; returns how far what read() returns got meanwhile."""
    with machine:
        machine.boot()
        machine.check(load_command(who, options))
        with promptly():
            machine.panic()
            panic, first = moments(machine, (PANIC, FIRST_LINE), read)
        # A number for a kernel that does not come up would be worth nothing.
        machine.wait_capture()
        return [late - early for early, late in zip(panic, first)]


def counted_crash(bench, size, who):
    """Instructions from the panic to the first line."""
    machine = bench.machine({"capture": bench.capture(size)}, counted=True, smp=1)
    (count,) = crash(machine, who, "", lambda: [machine.qmp("query-replay")["icount"]])
    said(f"silent, {size} MB, {who}: {count / 1e6:.0f} million instructions")
    return count


def times(bench, size, options=""):
    """The rows of one size."""
    took = {"ours": [], "peer": []} if options else {"ours": [], "plain": [], "peer": []}
    for who in in_turn(bench.runs, list(took)):
        values = crash(bench.machine({"capture": bench.capture(size)}), who, options)
        took[who].append(values)
        said(f"silent, {size} MB, {options or 'digest'}, {who}: {values[0]:.3f} s, "
             f"emulator {values[1]:.3f} s")
    for who in list(took)[:-1]:
        words = "no digest (-i)" if options else f"digest on{WORDS[who]}"
        for index, clock in enumerate(("wall clock", "CPU of the emulator")):
            yield Row(f"panic to first line, {size} MB, {words}: {clock}", "s",
                      *([value[index] for value in took[one]] for one in (who, "peer")), digits=3)


def counts(bench):
    """Instructions, and those for a byte, from two sizes."""
    small, large = bench.sizes[:2]
    total = {(who, size): counted_crash(bench, size, who)
             for who in ("ours", "plain", "peer") for size in (small, large)}
    per_byte = {who: (total[who, large] - total[who, small]) / ((large - small) * MB)
                for who in (*WORDS, "peer")}
    for who, words in WORDS.items():
        yield Row(f"panic to first line, {large} MB, digest on{words}: instructions", "million",
                  [total[who, large] / 1e6], [total["peer", large] / 1e6], digits=0)
        yield Row(f"digest{words}: instructions for a byte", "", [per_byte[who]],
                  [per_byte["peer"]])


def bare(bench):
    """The purgatory alone, between the neighbours of its own tests."""
    with tempfile.TemporaryDirectory() as directory:
        board = emulator.Emulator(bench.blob.parents[1], pathlib.Path(directory))
        for name, more in purgatory.PATHS["el1"].items():
            said(f"purgatory, {name}")
            for words, value, digits in zip(("a byte", "a byte of zeros", "all the rest"),
                                            purgatory.measure(board, "el1", more), (3, 3, 0)):
                yield Row(f"purgatory at EL1, {name}: instructions for {words}", "", [value],
                          "see above", digits=digits)


def silent(bench: Bench):
    """Panic to capture kernel."""
    rows = [row for size in bench.sizes for row in times(bench, size)]
    rows += times(bench, bench.sizes[1], "-i")
    return [*rows, *counts(bench), *bare(bench)], ""
