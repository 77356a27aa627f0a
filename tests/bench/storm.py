# SPDX-License-Identifier: GPL-2.0-only
"""Memory blocks are added, or a CPU goes and comes, as fast as the machine takes it. What does the
crash kernel cost?

    each        kexec-tools, unloaded and loaded again for every event, as the udev rules do it
                that know no better
    throttled   the same, but after waiting for a second, and then for all events of meanwhile
    hotplug     ours, loaded once with --hotplug: the kernel keeps the header true

The reloads run one after the other in the guest, as udev and the scripts' locks have it.
"""

import dataclasses
import shlex
import statistics

from guest import MB, in_turn, said
import kdump
from load import in_guest
from memory_map import memory_map
from rows import Row

BLOCKS, BLOCK, STRIDE = 32, 128, 256  # MiB
FIRST = 0x2_0000_0000
SIZE = 40  # MB, as in the article
# A CPU that goes offline and comes back so often: two events each.
CPU_CYCLES = 32
# Oracle's: 480 GiB in blocks of 128 MiB.
EVENTS = 3840
MEMORY = "/sys/devices/system/memory"
WAYS = ("each", "throttled", "hotplug")

# handled counts events that a reload has seen to; the file stop ends the loop when all are.
LOOP = """
{events}
handled=0; reloads=0
: >/run/ready
while :; do
	last=$([ -e /run/stop ] && echo yes)
	pending=$(($(events) - handled))
	if [ $pending -gt 0 ]; then
		{take}
		{peer} -p -u && {load} || echo $? >>/run/failed
		reloads=$((reloads + 1))
		cut -d' ' -f1 /proc/uptime >/run/true
	elif [ "$last" ]; then
		break
	else
		sleep 0.02
	fi
done
echo $reloads >/run/reloads
"""
BLOCK_EVENTS = """
events() {{ set -- {memory}/memory[0-9]*; echo $(($# - first)); }}
set -- {memory}/memory[0-9]*; first=$#""".format(memory=MEMORY)
CPU_EVENTS = """
events() { cat /run/events; }
echo 0 >/run/events"""
# Counts before the next one begins; what cannot be counted is no event.
CYCLE_CPU = f"""
count=0
event() {{
	echo $1 >/sys/devices/system/cpu/cpu1/online || exit 1
	count=$((count + 1))
	echo $count >/run/events.new && mv /run/events.new /run/events
}}
while [ $count -lt {2 * CPU_CYCLES} ]; do
	event 0
	event 1
done
cut -d' ' -f1 /proc/uptime"""
TAKE = {"each": "handled=$((handled + 1))", "throttled": "sleep 1; handled=$(events)"}


def background(machine, name, script):
    machine.put(f"/run/{name}.sh", script.encode())
    machine.check(f"sh /run/{name}.sh >/run/{name}.log 2>&1 3>&- </dev/null & true")


def add_all(machine):
    """Plug in all blocks without waiting, then until all are online; returns the guest's clock
    of that moment."""
    before = int(machine.check(f"set -- {MEMORY}/memory[0-9]*; echo $#"))
    for number in range(BLOCKS):
        name = f"storm{number}"
        machine.qmp("object-add", **{"qom-type": "memory-backend-ram", "id": f"{name}-memory",
                                     "size": BLOCK << 20})
        machine.qmp("device_add", driver="pc-dimm", id=name, memdev=f"{name}-memory",
                    addr=FIRST + number * (STRIDE << 20))
    return float(machine.check(
        f"until [ $(cat {MEMORY}/memory[0-9]*/state | grep -c '^online') -ge "
        f"{before + BLOCKS} ]; do sleep 0.02; done; cut -d' ' -f1 /proc/uptime", timeout=600))


def cycle_cpu(machine):
    """Take a CPU off and on again and again; returns the guest's clock behind the last time."""
    return float(machine.check(CYCLE_CPU, timeout=600))


@dataclasses.dataclass(frozen=True, eq=False)
class Storm:
    """A kind of event."""
    words: str      # of so many
    what: str       # of the first one
    count: int
    events: str     # defines a function for the guest's shell that counts those so far
    make: callable  # with a machine, all; returns its clock then
    room: dict      # options of the machine


MEMORY_STORM = Storm(f"{BLOCKS} blocks", "block", BLOCKS, BLOCK_EVENTS, add_all,
                     {"slots": BLOCKS, "max_memory": 64 << 10})
CPU_STORM = Storm(f"{2 * CPU_CYCLES} CPU events", "event", 2 * CPU_CYCLES, CPU_EVENTS, cycle_cpu,
                  {})


def assert_true(bench, machine):
    """The header that is armed is that of the machine as it is now."""
    armed = kdump.armed_header(machine, kdump.plan(
        machine, "--hotplug", image="/Image", initrd="/capture",
        cmdline=bench.family.command_line("-p")))
    assert armed.memory == memory_map(machine).dumped


def once(bench, kind, way):
    """One machine and storm; returns what it took, by name."""
    who = "ours" if way == "hotplug" else "peer"
    with bench.machine({"capture": bench.capture(SIZE)}, **bench.family.hotplug,
                       **kind.room) as machine:
        machine.boot()
        words = bench.load_command(who, "--hotplug" if way == "hotplug" else "")
        _, _, _, handed_over = in_guest(machine, f"-c {words}")
        if way != "hotplug":
            background(machine, "loop", LOOP.format(
                events=kind.events, take=TAKE[way], peer="/sbin/kexec-peer", load=words))
            machine.check("until [ -e /run/ready ]; do sleep 0.02; done")
        background(machine, "armed", "exec measure -a /run/end >/run/unarmed\n")
        began = float(machine.check("cut -d' ' -f1 /proc/uptime"))
        made = kind.make(machine)
        if way == "hotplug":
            # The kernel writes the header before it says that something came or went.
            done, reloads = made, 0
            assert_true(bench, machine)
        else:
            machine.check(": >/run/stop; until [ -e /run/reloads ]; do sleep 0.1; done",
                          timeout=900)
            assert machine.sh("cat /run/failed").rc, "a reload failed"
            done = float(machine.check("cat /run/true"))
            reloads = int(machine.check("cat /run/reloads"))
        unarmed, windows, _ = (int(word) for word in machine.check(
            ": >/run/end; until [ -s /run/unarmed ]; do sleep 0.02; done; cat /run/unarmed"
            ).split())
        assert kdump.crash_loaded(machine)
    found = {"adding": made - began, "true": done - began, "reloads": reloads,
             "bytes": reloads * handed_over / MB, "unarmed": unarmed / 1e6, "windows": windows}
    said(f"storm, {kind.words}, {way}: {found}")
    return found


def window(bench):
    """Instructions for one block in which no image is armed: (ours, the peer's).

    Ours is at most what the kernel takes to make and put in place a new header: the difference
    between bringing a block offline and online, two events, with an image that wants it and with
    one that does not. The peer's is a load, which comes after an unload.
    """
    with bench.machine({"capture": bench.capture(SIZE)}, **bench.family.hotplug, slots=1,
                       max_memory=64 << 10, counted=True, smp=1) as machine:
        machine.boot()
        machine.hot_add(BLOCK)
        block = machine.check(f"ls -d {MEMORY}/memory[0-9]* | sort -V | tail -n 1").strip()
        cycle = shlex.join(["sh", "-c", f"echo offline >{block}/state && "
                                        f"echo online >{block}/state"])
        took = []
        for options in ("", "--hotplug"):
            machine.check(bench.load_command("ours", options))
            took.append(statistics.median(in_guest(machine, cycle)[2] for _ in range(41)))
        _, user, system, _ = in_guest(machine, bench.load_command("peer"))
    said(f"storm, offline and online: {took} us of system time, a load {user + system}")
    return (took[1] - took[0]) * 1000 / 2, (user + system) * 1000


def arithmetic(took):
    """The same for as many events as in the article, in words and numbers."""
    def middle(way, key):
        return statistics.median(one[key] for one in took[way])

    def cells(way):
        adding = middle("hotplug", "adding") / BLOCKS
        if way == "hotplug":
            return f"{EVENTS} x 0 = 0", "0", f"{EVENTS} x {adding:.3f} = {EVENTS * adding:.0f}", "0"
        reloads = middle(way, "reloads")
        one = {key: middle(way, key) / reloads for key in ("true", "bytes", "unarmed")}
        if way == "each":
            count = EVENTS
            words = f"{count}"
        else:
            count = round(EVENTS * adding / one["true"])
            words = f"{EVENTS} x {adding:.3f} s / {one['true']:.2f} s = {count}"
        return (words, f"{count} x {one['bytes']:.1f} = {count * one['bytes'] / 1000:.0f} GB",
                f"{count} x {one['true']:.2f} = {count * one['true']:.0f}",
                f"{count} x {one['unarmed']:.2f} = {count * one['unarmed']:.0f}")

    lines = ["", f"{EVENTS} events, 480 GiB in blocks of 128 MiB, at this machine's speed:", "",
             "| way | reloads | MB copied | seconds to a true header | seconds unarmed |",
             "| --- | --- | --- | --- | --- |",
             *(f"| {way} | {' | '.join(cells(way))} |" for way in WAYS), ""]
    return "\n".join(lines)


def ways(bench, kind):
    """All of them in turn, each in a machine of its own: {way: what once() returns}."""
    took = {way: [] for way in WAYS}
    for way in in_turn(bench.runs, list(WAYS)):
        took[way].append(once(bench, kind, way))
    return took


def rows_of(kind, took):
    for way in WAYS[:2]:
        what = f"{kind.words}, {SIZE} MB image, --hotplug / peer, {way}"
        for key, words, unit, digits in (
                ("reloads", "reloads", "", 0), ("bytes", "copied into the crash region", "MB", 0),
                ("true", f"from the first {kind.what} to a true header", "s", 2),
                ("unarmed", "no image armed, in sum", "s", 3)):
            yield Row(f"{what}: {words}", unit, [one[key] for one in took["hotplug"]],
                      [one[key] for one in took[way]], digits)


def storm(bench):
    """Each kind of storm; then what it comes to for more blocks."""
    took = {kind: ways(bench, kind) for kind in (MEMORY_STORM, CPU_STORM)}
    found = [row for kind, of in took.items() for row in rows_of(kind, of)]
    ours, peer = window(bench)
    found.append(Row("one block: instructions with no image armed, at most", "thousand",
                     [ours / 1000], [peer / 1000], 0))
    return found, arithmetic(took[MEMORY_STORM])
