# SPDX-License-Identifier: GPL-2.0-only
"""Crash loading end to end: a real kernel that changes, panics, and is dumped.

All loads are by kexec_load with the digest on. Each test ends with a panic, and the dump is
held against the memory map of the moment before it, see kdump.crash_and_check(). The number
in a test's name is that of the scenario in doc/testing.md. The models, of arm64 and of x86_64,
take turns: each scenario is on several, and each model in several scenarios.
"""

import re
import time

import pytest

import kdump
import models
from conftest import on
from kdump import MIB, PAGE
from memory_map import Ranges, memory_map
from models import ARM64
from vmcore import Vmcore

# Room for hot-adding.
HOTPLUG = {"slots": 8, "max_memory": 8192}
# Rounds of loading and hot-adding at once.
RACES = 12
SLOTS = 32
# makedumpfile 1.7.8 refuses 4 KiB pages with 52-bit addresses, which Debian's kernel has.
DEBIAN_KERNEL_FOR_MAKEDUMPFILE = False
# The release names of kernels whose header lists only memory that is online. Others list a
# DIMM that was unplugged until the next event (kernel interface reference 2.6).
EXACT_AFTER_REMOVE = re.compile(r"-kexec-test\b")


# --- 1, 2: load, panic, capture -------------------------------------------------------

def load_panic_capture(machine, model):
    """The whole way, looked at in the capture kernel; returns the markers and the log."""
    plan = kdump.plan(machine)
    kdump.load(machine)
    markers = kdump.mark_own_page(machine)
    kdump.say(machine)
    _, dump = kdump.crash_and_check(machine, markers)
    log = kdump.check_log(machine)
    # Here nobody knows the memory map that the dump should have; the rest of it is judged.
    covers, shown = kdump.shown_header(machine, dump.PATH)
    assert covers == 0 and not shown["coverage"]["compared"], shown["coverage"]
    assert kdump.shown_header(machine)[0] == 0
    kdump.assert_shown(shown, dump)
    record = kdump.purgatory_record(machine)
    nanoseconds = record.pop("nanoseconds")
    assert nanoseconds > 0 if model.arch.knows_time else nanoseconds is None
    # And a header and a tree, whose sizes may change a little from one look to the next.
    assert record.pop("bytes") > sum(kdump.segment(plan, purpose)[1]
                                     for purpose in ("kernel", "initrd"))
    assert record == {"result": "verified", "caches": "on", "sha256": model.sha256,
                      "bad_segments": 0, "first_bad": None}
    return markers, log


@on("el1", "pc")
def test_01_boot_load_panic_capture(boot, model, dump_disk):
    """And what makedumpfile makes of the dump, looked at on the host."""
    machine = boot()
    markers, log = load_panic_capture(machine, model)
    kdump.check_log_of_dumps(machine, dump_disk, log)
    kdump.check_full_dump(machine, markers, dump_disk)


@on("vhe-plain", "pc-max")
def test_02_uefi_boot_load_panic_capture(boot, model):
    load_panic_capture(boot(kind="uefi"), model)


# --- 3, 4, 5, 7, 8: memory comes and goes ---------------------------------------------

@on("el1", "el1-plain", "el2", "vhe", "max-el1", "pc-trixie", "pc-sid")
def test_03_hot_added_memory_is_captured(boot, model, dump_disk):
    """On sid's kernel CMA lends memory to the capture kernel, too, which is not dumped then."""
    machine = boot(**HOTPLUG)
    assert bool(memory_map(machine).lent) == (model.suite == "sid")
    kdump.load(machine, "--hotplug")
    assert kdump.crash_hotplug(machine) == ("1", "1")
    added = kdump.dimm_ranges([machine.hot_add(256)])
    covers, shown = kdump.shown_header(machine)
    assert (covers, shown["coverage"]["missing"]) == (0, []), shown
    markers = kdump.mark_fresh_memory(machine, added)
    before, _ = kdump.crash_and_check(machine, markers)
    assert not added - before.dumped
    kdump.read_log(machine)
    # By one of each architecture, here and in test_x86_64.py: that takes as long as all the rest.
    if model == models.find("el1"):
        kdump.check_full_dump(machine, markers, dump_disk)


@on("max-vhe", "pc-intel")
def test_04_seventy_dimms_are_captured(boot):
    """The header outgrows the page that it had when the image was loaded."""
    machine = boot(slots=80, max_memory=64 << 10)
    plan = kdump.plan(machine, "--hotplug")
    kdump.load(machine, "--hotplug")
    assert kdump.armed_header(machine, plan).byte_size < PAGE
    # Apart from each other, so that none is merged with the next.
    dimms = [machine.plug(128, addr=(8 << 30) + n * 256 * MIB) for n in range(70)]
    machine.wait_online(dimms)
    added = kdump.dimm_ranges(dimms)
    assert len(added) == 70
    assert kdump.shown_header(machine)[0] == 0
    header = kdump.armed_header(machine, plan)
    assert header.byte_size > PAGE
    header_memory = header.memory
    # A kernel may put what it needs for the others into the first of them.
    markers = kdump.mark_fresh_memory(machine, kdump.dimm_ranges(dimms[10:]))
    _, dump = kdump.crash_and_check(machine, markers)
    assert not added - dump.memory and dump.memory == header_memory


@on("el2-plain", "pc-amd")
def test_05_hot_remove_and_capture_kernels_own_memory(boot):
    """One DIMM stays, one goes; neither becomes memory of the capture kernel."""
    machine = boot(**HOTPLUG)
    kdump.load(machine, "--hotplug")
    stays, goes = machine.hot_add(256), machine.hot_add(128)
    machine.hot_remove(goes[0])
    added, removed = kdump.dimm_ranges([stays]), kdump.dimm_ranges([goes])
    release = machine.check("uname -r")
    markers = kdump.mark_fresh_memory(machine, added)
    before, dump = kdump.crash(machine)

    assert not added - before.dumped and not removed & before.dumped
    assert not before.dumped - dump.memory, "memory is missing from the dump"
    assert not dump.memory - before.dumped - removed, "too much in the dump"
    if EXACT_AFTER_REMOVE.search(release):
        dump.assert_memory(before.dumped)
    dump.assert_sane(cpus=2)
    dump.assert_markers(markers)
    kdump.check_capture_kernel(machine, before)
    assert not memory_map(machine).ram & (added | removed)
    kdump.check_filtered_dump(machine)


@on("max-el1", "pc-1g")
def test_07_without_hotplug_the_image_is_stale_and_says_so(boot):
    """Then a udev rule loads again, and all is well."""
    machine = boot(**HOTPLUG)
    plan = kdump.plan(machine)
    kdump.load(machine)
    assert kdump.crash_hotplug(machine) == ("0", "0")
    before = memory_map(machine).dumped
    added = kdump.dimm_ranges([machine.hot_add(256)])
    assert kdump.armed_header(machine, plan).memory == before
    assert memory_map(machine).dumped == before | added
    assert kdump.crash_hotplug(machine) == ("0", "0")
    covers, shown = kdump.shown_header(machine)
    assert covers == 1
    assert Ranges((int(gap["start"], 16), int(gap["end"], 16))
                  for gap in shown["coverage"]["missing"]) == added
    kdump.assert_shown(shown, kdump.armed_header(machine, plan))
    kdump.load(machine)
    assert kdump.shown_header(machine)[0] == 0
    kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, added))


@on("el1-plain")
def test_07_stale_dump_without_hotplug(boot):
    """What happens when nobody loads again: the digest holds, the new memory is missing."""
    machine = boot(**HOTPLUG)
    kdump.load(machine)
    added = kdump.dimm_ranges([machine.hot_add(256)])
    before, dump = kdump.crash(machine)
    assert before.dumped - dump.memory == added
    dump.assert_sane(cpus=2)
    kdump.check_capture_kernel(machine, before)


@on("el1", "pc")
def test_08_hot_add_racing_the_load(boot):
    """Whatever the order, a load that reports success has every DIMM in its header.

    In half of the rounds the load is held somewhere on its way while the DIMM arrives, which
    makes the gaps between its steps as wide as they can be; in the others both run freely,
    so that events also meet the kernel in the middle of the system call.
    """
    machine = boot(slots=SLOTS, max_memory=16 << 10)
    plan = kdump.plan(machine, "--hotplug")
    began = time.monotonic()
    kdump.load(machine, "--hotplug")
    duration = time.monotonic() - began
    added, reloads, successes = [], 0, 0
    for number in range(SLOTS):
        # On a host that is busy with other things the moments may all be missed at first.
        if number >= RACES and reloads and successes:
            break
        load = kdump.BackgroundCommand(machine, kdump.load_command(machine, "-c", "-d",
                                                                  "--hotplug"))
        # The tool itself needs less than half of what a round trip takes.
        moment = duration / 2 * (number // 2 % (RACES // 2)) / (RACES // 2)
        if number % 2:
            load.stop_after(moment)
        else:
            time.sleep(moment)
        added.append(machine.hot_add(128))
        load.finish()
        # With -d each plan is printed, so a second one means that a change was noticed.
        reloads += load.text.count("segments:") > 1
        if load.rc == 0:
            successes += 1
            assert kdump.crash_hotplug(machine) == ("1", "1")
            header = kdump.armed_header(machine, plan)
            assert header.memory == memory_map(machine).dumped, f"round {number}: {load.text}"
        else:
            assert "chang" in load.text, load.text
    assert successes
    assert reloads, "no DIMM came in the middle of a load"
    # The others are in use by now.
    ranges = [(start, end) for _, start, end in added[-2:]]
    kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, ranges))


# --- 6: CPUs come and go --------------------------------------------------------------

@on("vhe", "pc-max-4-levels")
def test_06_cpus_offline_and_online_after_the_load(boot):
    """Each possible CPU has a note from the start, and its registers in the end."""
    machine = boot(smp=4, append="maxcpus=3")
    plan = kdump.plan(machine, "--hotplug")
    kdump.load(machine, "--hotplug")
    ours = kdump.armed_header(machine, plan)
    assert len(ours.notes) == 4 + 1

    # CPU 1 goes and comes, CPU 3 comes for the first time.
    machine.check("cd /sys/devices/system/cpu; echo 0 >cpu1/online; echo 1 >cpu3/online")
    kernels = kdump.armed_header(machine, plan)
    assert kernels.phdrs == ours.phdrs, "the kernel's own header differs from ours"
    machine.check("echo 1 >/sys/devices/system/cpu/cpu1/online")
    assert machine.check("cat /sys/devices/system/cpu/online") == "0-3\n"
    kdump.crash_and_check(machine, kdump.mark_own_page(machine), cpus=4)


@on("pc-vmware")
def test_06_hot_added_cpu_and_memory_by_virtio_are_captured(boot):
    """On a PC alone: arm64 has no CPUs to add, and no driver of virtio-mem in the kernels here.
    Memory that virtio-mem gives is not named as DIMMs are."""
    machine = boot(max_cpus=3, virtio_mem=1024, **HOTPLUG)
    kdump.load(machine, "--hotplug")
    assert machine.hot_add_cpu() == 2
    added = Ranges(machine.grow(512))
    assert kdump.shown_header(machine)[0] == 0
    before, _ = kdump.crash_and_check(machine, kdump.mark_fresh_memory(machine, added), cpus=3)
    assert not added - before.dumped


# --- 9: a damaged image ---------------------------------------------------------------

def arm_and_damage(machine, purpose, offset, *options):
    """Load, flip a bit, panic; returns the plan."""
    plan = kdump.plan(machine, *options)
    kdump.load(machine, *options)
    kdump.flip_bit(machine, plan, purpose, offset)
    machine.panic()
    machine.wait_console(f"digest mismatch: {purpose}")
    return plan


def named_segments(machine):
    """The segments that purgatory complained about."""
    return set(re.findall(r"digest mismatch: (\w+)", machine.console()))


@pytest.mark.parametrize("model, kind, named", [
    ("el1", "dt", False), ("el1", "uefi", True), ("pc", "bios", True),
], indirect=["model"])
def test_09_damaged_initrd_halts(boot, model, kind, named):
    """Halting is the default: purgatory says which segment is bad and stays where it is."""
    machine = boot(kind=kind)
    options = ("--on-corruption=halt", f"--serial={model.arch.board.CONSOLE}") if named else ()
    plan = arm_and_damage(machine, "initrd", 100_000, *options)
    machine.wait_console("on-corruption=halt")
    assert named_segments(machine) == {"initrd"}
    start, _, size = kdump.segment(plan, "purgatory")
    assert any(start <= pc < start + size for pc in machine.program_counters())
    assert machine.running()


@pytest.mark.parametrize("model, kind", [("el1", "dt"), ("el1", "uefi"), ("el2", "dt"),
                                         ("pc-amd", "bios")], indirect=["model"])
def test_09_damaged_kernel_resets(boot, kind):
    """Through PSCI, which is called by hvc here and by smc when the machine has an EL2; of a PC
    through what ACPI says."""
    machine = boot(kind=kind)
    arm_and_damage(machine, "kernel", 2 * MIB, "--on-corruption=reset")
    machine.wait_exit()
    assert named_segments(machine) == {"kernel"}
    assert "Linux version" not in machine.console().partition("digest mismatch")[2]


@on("el1", "pc-intel")
def test_09_damaged_kernel_boots_when_told_so(boot, model):
    """The bit is in the PE header's timestamp, or the entry of 32-bit code, which nobody reads:
    the dump is as good."""
    machine = boot()
    arm_and_damage(machine, "kernel", 0x48, "--on-corruption=boot",
                   f"--console={model.arch.board.UART}")
    machine.wait_capture()
    assert named_segments(machine) == {"kernel"}
    Vmcore(machine).assert_sane(cpus=2)
    record = kdump.purgatory_record(machine)
    assert (record["result"], record["first_bad"]) == ("corrupt", "kernel")


# --- 10: refusals leave the armed image alone -----------------------------------------

@pytest.fixture
def broken_files(model):
    """Shell commands that make files nobody should load."""
    at, width = model.arch.memory_size
    patched_size = (512 * MIB).to_bytes(width, "little")
    octal = "".join(f"\\{byte:03o}" for byte in patched_size)
    return ("cd /tmp; head -c 100000 /dev/urandom >garbage; "
            f"cp {kdump.IMAGE} too-big; printf '{octal}' | "
            f"dd of=too-big bs=1 seek={at} conv=notrunc; "
            f"head -c {model.arch.truncated} {kdump.IMAGE} >truncated; : >empty; "
            "{ printf '\\177ELF'; head -c 8000 /dev/zero; } >elf; "
            f"cp {kdump.INITRD} huge; truncate -s 255M huge")


def refusals(arch, hotplug):
    """(name, arguments of load_command, exit code, words of the message)."""
    option = ("-c", *hotplug)
    cases = [
        ("bad Image", (option, {"image": "/tmp/garbage"}), 255, "garbage"),
        ("truncated Image", (option, {"image": "/tmp/truncated"}), 255, "truncated"),
        ("empty Image", (option, {"image": "/tmp/empty"}), 1, "empty"),
        ("no Image", (option, {"image": "/tmp/missing"}), 1, "missing"),
        ("Image too big", (option, {"image": "/tmp/too-big"}), 254, "crash"),
        ("region too small", (option, {"initrd": "/tmp/huge"}), 254, "crash"),
        ("no initrd", (option, {"initrd": "/tmp/missing"}), 1, "missing"),
        ("command line too long", (option, {"cmdline": "x" * 2048}), 255, "too long"),
        ("no known console", ((*option, "--console=bogus,0x3f8"), {}), 1, "bogus"),
        ("unknown option", ((*option, "--bogus"), {}), 1, "bogus"),
    ]
    if arch is ARM64:
        cases += [("bad DTB", ((*option, "--dtb=/tmp/garbage"), {}), 255, "garbage"),
                  ("no DTB", ((*option, "--dtb=/tmp/missing"), {}), 1, "missing")]
    if hotplug:
        cases.append(("second ELF segment", (option, {"initrd": "/tmp/elf"}), 255, "ELF"))
    return cases


def armed_bytes(machine, plan):
    """The beginning of each armed segment."""
    return {item["purpose"]: machine.read_physical(int(item["mem"], 0), PAGE)
            for item in plan["segments"]}


def assert_refusals(machine, cases, still_armed):
    """Each load fails as it should and still_armed() holds after each."""
    wrong = []
    for name, (options, parts), code, words in cases:
        result = machine.sh(kdump.load_command(machine, *options, **parts))
        message = result.err.decode()
        if result.rc != code or words.lower() not in message.lower():
            wrong.append(f"{name}: wanted exit code {code} and {words!r}\n{result}")
        assert still_armed(), f"{name}: the armed image is gone or changed\n{result}"
    assert not wrong, "\n\n".join(wrong)


@on("el1", "pc-max-no-1g")
def test_10_refusals_with_hotplug_kernel(boot, model, broken_files):
    machine = boot(**HOTPLUG)
    machine.check(broken_files)
    plan = kdump.plan(machine, "--hotplug")
    kdump.load(machine, "--hotplug")
    armed = armed_bytes(machine, plan)

    def still_armed():
        return (kdump.crash_loaded(machine) and kdump.crash_hotplug(machine) == ("1", "1")
                and armed_bytes(machine, plan) == armed)

    assert_refusals(machine, refusals(model.arch, ["--hotplug"]), still_armed)
    kdump.crash_and_check(machine, kdump.mark_own_page(machine))


def test_10_refusals_without_hotplug_in_the_kernel(boot, artifacts, broken_files):
    """Debian's kernel; /dev/mem is closed there, so only its word counts before the panic."""
    machine = boot(kernel=artifacts.unpatched_kernel, kind="uefi")
    machine.check(broken_files)
    kdump.load(machine)
    no_hotplug = ("no hotplug support", (("-c", "--hotplug"), {}), 1, "hotplug")
    assert_refusals(machine, [no_hotplug, *refusals(ARM64, [])],
                    lambda: kdump.crash_loaded(machine))

    result = kdump.load(machine, "--hotplug=auto")
    assert "hotplug" in result.err.decode(), result
    kdump.crash_and_check(machine, kdump.mark_own_page(machine),
                          with_makedumpfile=DEBIAN_KERNEL_FOR_MAKEDUMPFILE)


@on("el1", "pc")
def test_10_no_reservation(boot):
    """Nothing to load into, no image, and the exit code scripts know."""
    machine = boot(crashkernel=None)
    result = machine.sh(kdump.load_command(machine, "-c"))
    assert result.rc == 1 and "crashkernel" in result.err.decode(), result
    assert not kdump.crash_loaded(machine)


@on("el1", "pc-amd")
def test_10_unload(boot):
    """-p -u takes the image away, and says nothing when there is none; the next one is not
    verified, and says so afterwards."""
    machine = boot()
    kdump.load(machine, "--hotplug")
    for _ in range(2):
        result = machine.sh(f"{kdump.TOOL} -p -u")
        assert result.rc == 0 and not result.out + result.err, result
        assert not kdump.crash_loaded(machine)
    kdump.load(machine, "--no-checks")
    kdump.crash_and_check(machine)
    record = kdump.purgatory_record(machine)
    assert (record["result"], record["caches"], record["bytes"]) == ("skipped", "none", 0)


# --- 11, 12: other machines -----------------------------------------------------------

@on("el1", "pc")
def test_11_high_region_with_a_low_one(boot, model, artifacts):
    """Loaded into the high region; both belong to the capture kernel and not to the dump.

    On arm64 with Debian's kernel: without a DMA zone, as in the small one, nothing is high.
    """
    kernel = artifacts.unpatched_kernel if model.arch is ARM64 else None
    machine = boot(kernel=kernel, memory=5120, crashkernel="256M,high crashkernel=64M,low")
    low, high = memory_map(machine).crash
    assert low[1] <= 4 << 30 <= high[0]
    region = kdump.plan(machine)["load_region"]
    assert (int(region["start"], 0), int(region["end"], 0)) == high
    kdump.load(machine)
    kdump.crash_and_check(
        machine, kdump.mark_own_page(machine),
        with_makedumpfile=model.arch is not ARM64 or DEBIAN_KERNEL_FOR_MAKEDUMPFILE)
    assert not Ranges([low]) - memory_map(machine).ram, "the low region is not used"


@on("el2", "el2-plain", "vhe", "max-vhe", "pc-max-no-1g")
def test_12_what_cpus_have(boot, model):
    """The old kernel, purgatory and the capture kernel at EL2, without and with VHE; or with page
    tables of five levels."""
    machine = boot()
    model.assert_seen(machine, "main")
    kdump.load(machine, "--hotplug")
    kdump.crash_and_check(machine, kdump.mark_own_page(machine))
    model.assert_seen(machine, "capture")
    record = kdump.purgatory_record(machine)
    assert (record["result"], record["sha256"]) == ("verified", model.sha256)


# --- 13: every segment, on every way through the purgatory -----------------------------

def damage_tail(machine, plan, purpose):
    """Spoil the last byte of a segment's memory, which should be zero and which nobody reads."""
    address, bufsz, memsz = kdump.segment(plan, purpose)
    assert bufsz < memsz
    machine.write_physical(address + memsz - 1, b"\x01")


def damage_data(machine, plan, purpose):
    """Flip a bit of the last byte that was loaded."""
    kdump.flip_bit(machine, plan, purpose, kdump.segment(plan, purpose)[1] - 1)


@pytest.mark.parametrize("model, purpose, damage", [
    ("max-el1", "initrd", damage_tail),
    ("el1-plain", "kernel", damage_tail),
    ("el1", "elfcorehdr", damage_data),
    ("el2", "dtb", damage_data),
    ("el2-plain", "kernel", damage_data),
    ("vhe", "initrd", damage_data),
    ("vhe-plain", "elfcorehdr", damage_tail),
    ("max-vhe", "dtb", damage_tail),
    ("pc", "boot_params", damage_data),
    ("pc-max-4-levels", "kernel", damage_tail),
    ("pc-1g", "elfcorehdr", damage_data),
], indirect=["model"])
def test_13_damage_anywhere_is_seen(boot, purpose, damage):
    """Without --hotplug, so that the digest covers the elfcorehdr as well."""
    machine = boot()
    plan = kdump.plan(machine)
    kdump.load(machine)
    damage(machine, plan, purpose)
    machine.panic()
    machine.wait_console("on-corruption=halt")
    assert named_segments(machine) == {purpose}
