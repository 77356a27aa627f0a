# SPDX-License-Identifier: GPL-2.0-only
"""What kexec -p takes, and how long no image is armed meanwhile."""

import random
import subprocess

from guest import MB, emulator_seconds, in_turn, said
from rows import Row

# Which value of measured(), words, unit, digits.
QUANTITIES = ((0, "wall clock", "s", 3), (1, "CPU of the emulator", "s", 3),
              (2, "peak memory", "MiB", 1))


class Failed(Exception):
    """A measured program did not succeed; the text says why."""


def in_guest(machine, command):
    result = machine.sh(f"measure {command}", timeout=600)
    if result.rc:
        raise Failed((result.err.decode(errors="replace").strip() or "?").splitlines()[-1])
    return [int(word) for word in result.text.split()]


def measured(machine, command):
    """(seconds of wall clock, of the emulator's CPU, peak MiB). The second is from the command's
    way into the machine to the answer: the guest's own clocks go on while the host does other
    things."""
    began = emulator_seconds()
    wall, _, _, peak = in_guest(machine, command)
    return wall / 1e6, emulator_seconds() - began, peak / 1024


def several(machine, runs, commands, measure):
    """{who: values, or a sentence why not}; the first run of each is thrown away."""
    took = {who: [] for who in commands}
    for who in in_turn(runs + 1, list(commands)):
        if isinstance(took[who], str):
            continue
        try:
            took[who].append(measure(machine, commands[who]))
        except Failed as error:
            took[who] = f"cannot: {error}"
    return {who: values if isinstance(values, str) else values[1:]
            for who, values in took.items()}


def rows_of(what, took, quantities):
    """The rows for one thing that was measured."""
    def column(who, index):
        return took[who] if isinstance(took[who], str) else [one[index] for one in took[who]]

    for index, words, unit, digits in quantities:
        yield Row(f"{what}: {words}", unit, column("ours", index), column("peer", index), digits)


def packed(bench, size):
    """{name: bytes} of a kernel that takes most of the size, packed in both ways, and of an
    initrd that takes the rest."""
    if not bench.family.packs:
        return {}
    plain = bench.scratch / "large-kernel"
    plain.write_bytes(bench.large_kernel(size * MB * 6 // 10))
    return {f"Image.{name}": subprocess.run([*command, plain], stdout=subprocess.PIPE,
                                            check=True).stdout
            for name, command in (("gz", ("gzip", "-6", "-c")), ("zst", ("zstd", "-q", "-c")))
            } | {"rest": random.Random(size).randbytes(size * MB * 4 // 10)}


def cases(bench, size):
    """{words: commands}. The peer of Debian has no zstd on arm64."""
    def both(ours, peer, options="", call=None):
        return {"ours": bench.load_command("ours", options, *ours, call),
                "peer": bench.load_command("peer", options, *peer, call)}

    plain = "/Image", "/capture"
    gzip, zstd = ("/Image.gz", "/rest"), ("/Image.zst", "/rest")
    found = {f"load, {size} MB": both(plain, plain),
             f"load, {size} MB, no digest (-i)": both(plain, plain, "-i"),
             f"load, {size} MB, kexec_file_load (-s)": both(plain, plain, call="-s")}
    if bench.family.packs:
        found |= {f"load, {size} MB, gzip kernel": both(gzip, gzip),
                  f"load, {size} MB, zstd kernel (peer: gzip)": both(zstd, gzip)}
    return found


def files(bench, size):
    return packed(bench, size) | {"capture": bench.capture(size)}


def times(bench, size):
    """One boot for a size."""
    with bench.machine(files(bench, size)) as machine:
        machine.boot()
        for what, commands in cases(bench, size).items():
            said(what)
            took = several(machine, bench.runs, commands, measured)
            yield from rows_of(what, took, QUANTITIES)
            if "-i" in what:
                continue
            calls = {who: f"-c {command}" for who, command in commands.items()}
            took = several(machine, bench.runs, calls, in_guest)
            for who, values in took.items():
                if not isinstance(values, str):
                    took[who] = [(call / 1000, faults) for _, call, faults, _ in values]
            yield from rows_of(what, took, ((0, "the system call", "ms", 1),
                                            (1, "page faults in it", "", 0)))


def counts(bench, size):
    """Instructions: the guest's CPU time where each takes a nanosecond."""
    with bench.machine(files(bench, size), counted=True, smp=1) as machine:
        machine.boot()
        for what, commands in cases(bench, size).items():
            said(f"{what}, counted")
            took = {}
            for who, command in commands.items():
                try:
                    _, user, system, _ = in_guest(machine, command)
                except Failed as error:
                    took[who] = f"cannot: {error}"
                    continue
                # The kernel knows the sum; how it splits it is a guess by its timer.
                took[who] = [[(user + system) / 1000]]
            yield from rows_of(what, took, ((0, "instructions", "million", 1),))


def load(bench):
    """kexec -p, each size in one boot."""
    rows = [row for size in bench.sizes for row in times(bench, size)]
    return [*rows, *counts(bench, bench.sizes[1])], ""
