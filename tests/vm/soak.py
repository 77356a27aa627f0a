#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Crash many machines, each of its own kind, and account for every one.

    ./check soak 200                 two hundred cycles, by a seed that is printed
    soak.py --cycles 1 --first 17 --seed 5 --keep
                                     one of them again, with its console

A cycle is a CPU model, a kernel, a size of memory, a way to load, DIMMs that come and go, CPUs
that go and come, perhaps a bit that changes, and a moment for the panic: in peace, in the middle
of a hotplug event, in the middle of a load. All of it follows from the seed and the number of
the cycle; only the timing of the emulator does not.

What may become of a cycle: the dump is taken and holds what it should; it lacks what was said
beforehand to be missing; purgatory names what was damaged; or the kernel itself knew that nothing
was armed at that moment. Anything else is silence, and fails the run.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import datetime
import os
import pathlib
import random
import re
import sys
import tempfile
import time

import artifacts
import generated
import kdump
import models
import qemu
from memory_map import Ranges, memory_map
from vmcore import Vmcore

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
DOCUMENT = TOP / "doc/testing.md"
LOGS = TOP / "build/vm/soak"
MIB = 1 << 20

# Purgatory speaks, so that a machine that stays dark is told from one that never got there.
CONSOLE = "--console=pl011,0x9000000"
# A DIMM is where no other one is, so that none hides behind its neighbour in the header.
DIMM_BASE, DIMM_DISTANCE = 16 << 30, 2 << 30
SLOTS = 16
REMOVE_TIMEOUT = 15
# Said by an arm64 kernel that has a crash image, on its way to purgatory; and by one that ends.
JUMPS, VERIFIED = "Starting crashdump kernel", "purgatory: image verified"

CAPTURED = "captured, all memory in the dump"
STALE = "captured, and the gap was said before"
NAMED = "damage named by purgatory"
UNARMED = "nothing armed in the middle of a load, and the kernel knew"
BETWEEN = "nothing armed in the middle of an event, and the kernel knew"
OUTCOMES = (CAPTURED, STALE, NAMED, UNARMED, BETWEEN)


class Silence(AssertionError):
    """What was armed was neither captured nor named."""


# --- kernels ---------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Kind:
    """A kernel to boot, its archive, and what a cycle has to know of it."""
    name: str
    image: pathlib.Path
    archive: pathlib.Path
    hotplug: bool           # it can keep an elfcorehdr true
    open_memory: bool       # /dev/mem leads to all memory
    block: int              # MiB of a memory block, the least that can be plugged in
    cpus: tuple = ("cortex-a57", "cortex-a76", "max")
    plain: pathlib.Path = None  # its archive for models.Model.plain

    def runs_on(self, model):
        """Whether a CPU of models.MODELS has its page size, and the tool is there for it."""
        return model.cpu.split(",")[0] in self.cpus and (self.plain or not model.plain)


def kinds(made, directory):
    """Every kernel that there is."""
    pages = artifacts.page_kernels()
    archives = {name: made.archive_for(kernel, directory / f"initrd-{name}")
                for name, kernel in pages.items()}
    return (Kind("4K", made.kernel, made.initrd, True, True, 128, plain=made.plain_initrd),
            Kind("Debian's", made.unpatched_kernel, made.initrd, False, False, 128,
                 plain=made.plain_initrd),
            Kind("16K", pages["16k"].image, archives["16k"], True, True, 128,
                 cpus=("cortex-a76", "max")),
            Kind("64K", pages["64k"].image, archives["64k"], True, True, 512))


# --- drawing ---------------------------------------------------------------------------

@dataclasses.dataclass
class Cycle:
    """One machine and what happens to it."""
    number: int
    seed: int
    model: str
    kernel: Kind
    machine: dict           # options of qemu.Machine
    options: tuple          # of the load
    events: list
    moment: str             # "peace", "event", "load"
    pause: float            # seconds from the beginning of that to the panic
    damage: str             # "", "data", "tail"
    policy: str
    random: random.Random   # for what depends on the plan

    @property
    def by_plan(self):
        return "-s" not in self.options

    @property
    def follows(self):
        """Whether the kernel is to keep the header true."""
        return self.kernel.hotplug and ("--hotplug" in self.options or not self.by_plan)

    def __str__(self):
        size = f"{self.machine['memory']} MiB, {self.machine['crashkernel']}"
        return (f"{self.model}, {self.kernel.name}, {self.machine['kind']}, "
                f"{self.machine['smp']} CPUs, {size}, {' '.join(self.options)}, "
                f"{' '.join(self.events) or 'no event'}, panic in {self.moment}"
                + (f", {self.damage} damaged, {self.policy}" if self.damage else ""))


def draw(seed, number, kernels):
    """The cycle of this number: the same for the same seed."""
    dice = random.Random(f"{seed}/{number}")
    kernel = dice.choice(kernels)
    model = dice.choice([name for name in models.MODELS if kernel.runs_on(models.MODELS[name])])
    kind = dice.choice(("dt", "uefi", "uefi"))
    loads = [("-c",)]
    if kernel.hotplug:
        loads += [("-c", "--hotplug")] * 3 + [("-s",)]
    options = dice.choice(loads)
    moment = dice.choice(("peace", "peace", "peace", "event", "load"))
    kinds = ["cpu-off", "cpu-on", "reload"] + (["add", "add", "remove"] if kind == "uefi" else [])
    damage = ""
    if "-s" not in options and kernel.open_memory and moment == "peace":
        damage = dice.choice(("", "", "", "data", "tail"))
    return Cycle(
        number, seed, model, kernel,
        machine={
            "kind": kind, "smp": dice.randint(2, 4), "memory": dice.choice((1024, 1536, 2560)),
            "crashkernel": dice.choice(("256M", "320M", "384M")),
            **({"slots": SLOTS, "max_memory": 96 << 10} if kind == "uefi" else {}),
        },
        options=options, events=[dice.choice(kinds) for _ in range(dice.randint(0, 5))],
        moment=moment, pause=dice.random() * 0.6, damage=damage,
        policy=dice.choice(("halt", "reset", "boot")), random=dice)


# --- one cycle -------------------------------------------------------------------------

class Run:
    """A cycle on its machine."""

    def __init__(self, cycle, machine):
        self.cycle, self.machine = cycle, machine
        self.plugged = {}        # number: (id, start, end)
        self.removed = Ranges()
        self.loaded_map = None   # the memory when the image was loaded
        self.next_dimm = 0

    def load_command(self):
        return kdump.load_command(self.machine, *self.cycle.options, CONSOLE,
                                  f"--on-corruption={self.cycle.policy}") \
            if self.cycle.by_plan else kdump.load_command(self.machine, *self.cycle.options)

    def load(self):
        result = self.machine.sh(self.load_command())
        if result.rc or not kdump.crash_loaded(self.machine):
            raise Silence(f"not loaded: {result}")
        self.loaded_map = memory_map(self.machine).dumped

    def dimm_size(self):
        return self.cycle.kernel.block * self.cycle.random.choice((1, 1, 2))

    def add(self, wait=True):
        if self.next_dimm == SLOTS:
            return
        addr = DIMM_BASE + self.next_dimm * DIMM_DISTANCE
        self.next_dimm += 1
        if wait:
            self.plugged[self.next_dimm] = self.machine.hot_add(self.dimm_size(), addr=addr)
        else:
            self.machine.plug(self.dimm_size(), addr=addr)

    def remove(self):
        if not self.plugged:
            return
        number = self.cycle.random.choice(sorted(self.plugged))
        name, start, end = self.plugged[number]
        try:
            self.machine.hot_remove(name, timeout=REMOVE_TIMEOUT)
        except qemu.MachineError:
            if not self.machine.running():
                raise
            return  # the guest has pages there that cannot move, and keeps it
        del self.plugged[number]
        self.removed |= Ranges([(start, end)])

    def set_cpu(self, online):
        """The last CPU, so that the others need no account."""
        self.machine.check(f"echo {online} >/sys/devices/system/cpu/"
                           f"cpu{self.cycle.machine['smp'] - 1}/online")

    def event(self, kind):
        {"add": self.add, "remove": self.remove, "reload": self.load,
         "cpu-off": lambda: self.set_cpu(0), "cpu-on": lambda: self.set_cpu(1)}[kind]()

    def begin_event(self):
        """Something that the panic is to fall into."""
        if self.cycle.machine["kind"] == "uefi" and self.next_dimm < SLOTS:
            self.add(wait=False)
            return
        cpu = f"/sys/devices/system/cpu/cpu{self.cycle.machine['smp'] - 1}/online"
        self.machine.check("{ while :; do echo 0; echo 1; done | while read -r state; do "
                           f"echo $state >{cpu}; done; }} 3>&- </dev/null >/dev/null 2>&1 &")

    def begin_load(self):
        """Another load of the same, held where it is when the time has come."""
        load = kdump.BackgroundCommand(self.machine, self.load_command())
        if self.cycle.random.random() < 0.5:
            load.stop_after(self.cycle.pause)
            self.cycle.pause = 0

    def spoil(self):
        """Change a byte that purgatory is to check; returns the segment's name."""
        cycle, machine = self.cycle, self.machine
        purposes = ["kernel", "initrd", "dtb"] + ([] if cycle.follows else ["elfcorehdr"])
        plan = kdump.plan_of(machine, self.load_command().replace(
            " -p ", " -p --dry-run=json ", 1))
        purpose = cycle.random.choice(purposes)
        address, data, memory = kdump.segment(plan, purpose)
        at = cycle.random.randrange(data) if cycle.damage == "data" or data == memory \
            else cycle.random.randrange(data, memory)
        byte = machine.read_physical(address + at, 1)[0]
        machine.write_physical(address + at, bytes([byte ^ 1 << cycle.random.randrange(8)]))
        return purpose

    def what_is_missing(self):
        """What --elfcorehdr says of the armed header: the memory that it does not cover."""
        status, shown = kdump.shown_header(self.machine)
        missing = Ranges((int(gap["start"], 16), int(gap["end"], 16))
                         for gap in shown["coverage"]["missing"])
        if (status == 1) != bool(missing):
            raise Silence(f"--elfcorehdr ends with {status} and says {missing} is missing")
        return missing

    # --- before and after the panic ---

    def go(self):
        cycle, machine = self.cycle, self.machine
        self.load()
        for kind in cycle.events:
            self.event(kind)
        before = memory_map(machine)
        missing = self.what_is_missing()
        if cycle.follows and missing:
            raise Silence(f"the kernel follows, but {missing} is missing")
        spoiled = self.spoil() if cycle.damage else None
        markers = kdump.mark_own_page(machine)
        online = len(re.findall("processor", machine.check("cat /proc/cpuinfo")))
        if cycle.moment == "event":
            self.begin_event()
        elif cycle.moment == "load":
            self.begin_load()
        if cycle.moment != "peace":
            time.sleep(cycle.pause)
        machine.panic()
        if spoiled:
            return self.after_damage(spoiled)
        return self.after_panic(before, missing, markers, online)

    def after_damage(self, spoiled):
        machine = self.machine
        machine.wait_console(f"digest mismatch: {spoiled}")
        machine.wait_console(f"on-corruption={self.cycle.policy}")
        if self.cycle.policy == "reset":
            machine.wait_exit()
        return NAMED

    def after_panic(self, before, missing, markers, online):
        cycle, machine = self.cycle, self.machine
        try:
            machine.wait_capture()
        except qemu.MachineError as error:
            said = machine.console()
            if cycle.moment != "peace" and JUMPS not in said and has_ended(machine):
                return UNARMED if cycle.moment == "load" else BETWEEN
            raise Silence(str(error)) from error
        if cycle.by_plan and VERIFIED not in machine.console():
            raise Silence("purgatory did not say that it had verified")
        lost = self.check_dump(before, missing, markers, online)
        return STALE if lost else CAPTURED

    def check_dump(self, before, missing, markers, online):
        """Returns the memory that the dump lacks."""
        dump = Vmcore(self.machine)
        dump.assert_markers({address: marker for address, marker in markers.items()
                             if not missing & Ranges([(address, address + len(marker))])})
        if sum(1 for values in dump.registers if any(values)) < min(online, 2):
            raise Silence("CPUs without registers")
        lost = before.dumped - dump.memory
        # A load that was complete before the panic has seen what the one before it had not.
        if lost != missing and (lost or self.cycle.moment != "load"):
            raise Silence(f"missing from the dump: {lost}; said to be missing: {missing}")
        extra = dump.memory - before.dumped - self.removed
        # A DIMM that was on its way at the panic may be there or not.
        if any(start < DIMM_BASE for start, _ in extra) or (extra and
                                                            self.cycle.moment != "event"):
            raise Silence(f"too much in the dump: {extra}")
        own = memory_map(self.machine).ram
        if own - before.crash:
            raise Silence(f"the capture kernel uses {own - before.crash}")
        return lost


def has_ended(machine):
    """Whether QEMU is gone, or will be: it closes the agent's line a moment before."""
    try:
        machine.wait_exit(timeout=10)
    except qemu.MachineError:
        return False
    return True


def run(cycle, keep):
    """One cycle: (outcome or None, words, seconds)."""
    began = time.monotonic()
    model = models.MODELS[cycle.model]
    archive = cycle.kernel.plain if model.plain else cycle.kernel.archive
    with qemu.Machine(cycle.kernel.image, archive, **(cycle.machine | model.machine)) as machine:
        try:
            machine.boot()
            outcome, words = Run(cycle, machine).go(), ""
        except (Silence, qemu.MachineError, AssertionError) as error:
            outcome, words = None, f"{type(error).__name__}: {error}"
        if outcome is None or keep:
            LOGS.mkdir(parents=True, exist_ok=True)
            (LOGS / f"{cycle.seed}-{cycle.number}.console").write_text(
                f"{cycle}\n{outcome or words}\n\n{machine.console()}")
    return outcome, words, time.monotonic() - began


# --- all of them -----------------------------------------------------------------------

def table(seed, results):
    """What became of the cycles, as the document shows it."""
    counted = collections.Counter((cycle.moment, outcome) for cycle, outcome, *_ in results)
    moments = ("peace", "event", "load")
    day = datetime.date.today().isoformat()
    kinds = len({(cycle.model, cycle.kernel.name) for cycle, *_ in results})
    lines = [f"{day}, seed {seed}, {len(results)} cycles on {kinds} pairs of CPU model and "
             "kernel:", "",
             "| What became of it | in peace | in an event | in a load |", "|---|---|---|---|"]
    for outcome in (*OUTCOMES, None):
        numbers = [counted[moment, outcome] for moment in moments]
        lines.append(f"| {outcome or '**silence**'} | "
                     + " | ".join(str(number) for number in numbers) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first cycle")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", action="store_true", help="keep every console")
    parser.add_argument("--update-doc", action="store_true", help="write the table")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(10 ** 6) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)

    results = []
    with tempfile.TemporaryDirectory(prefix="kexec-soak-") as directory:
        kernels = kinds(artifacts.make(pathlib.Path(directory)), pathlib.Path(directory))
        cycles = [draw(seed, args.first + n, kernels) for n in range(args.cycles)]
        # Threads that live as long as their machines, which end with whoever started them.
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            waiting = {pool.submit(run, cycle, args.keep): cycle for cycle in cycles}
            for future in concurrent.futures.as_completed(waiting):
                cycle = waiting[future]
                outcome, words, seconds = future.result()
                results.append((cycle, outcome, words, seconds))
                print(f"{len(results)}/{args.cycles} [{seconds:3.0f} s] {cycle.number}: {cycle}: "
                      f"{outcome or 'SILENCE'}", flush=True)
                if outcome is None:
                    print(f"    {words}", flush=True)
    text = table(seed, results)
    print(text)
    if args.update_doc:
        generated.write(DOCUMENT, "soak", text)
    failed = sum(1 for _, outcome, *_ in results if outcome is None)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
