# SPDX-License-Identifier: GPL-2.0-only
"""What fits into the crash region, to the page: our word, and the kernel's.

The kernel frees the armed image before it finds that the new one does not fit, so that is refused
before the call, by a placement that has to be the kernel's own: neither is an image offered that
the kernel then has no room for, nor one refused that it would have taken. What the kernel takes is
asked by kexec-tools, which looks at nothing before its kexec_file_load(2).
"""

import json
import re

import pytest

import kdump
from conftest import on
from kdump import PAGE, PEER, TOOL

LARGE = "/tmp/large"
# Of what the region leaves beside the kernel so many pages may be in the others' way.
SEARCHED = 1 << 11
NO_ROOM = b"[crash-region-too-small]"
NO_PAGES = b"[crash-region-full]"


def set_size(machine, pages):
    """The initrd's; what is in it is nobody's business before it is unpacked."""
    machine.check(f"truncate -s {pages * PAGE} {LARGE}")


def load(machine, call, *options, tool=TOOL):
    return machine.sh(kdump.load_command(machine, call, "-i", *options, initrd=LARGE, program=tool))


def fits(machine, call, pages):
    """By a dry run."""
    set_size(machine, pages)
    result = load(machine, call, "--dry-run")
    assert result.rc == 0 or (result.rc == 254 and (NO_ROOM in result.err
                                                    or NO_PAGES in result.err)), result
    return result.rc == 0


def most_pages(machine, call, high):
    """The largest initrd that a dry run has room for, less than high."""
    low = high - SEARCHED
    assert fits(machine, call, low) and not fits(machine, call, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(machine, call, middle) else (low, middle)
    return low


def armed_after(machine, call, *options, tool=TOOL):
    """The exit status of a load where nothing was armed, and what is armed then."""
    machine.check(f"{TOOL} -p -u")
    return load(machine, call, *options, tool=tool).rc, kdump.crash_loaded(machine)


def segments_of_kernel(machine):
    """Where the kernel says, under its debug flag, that it has put things."""
    machine.check(f"dmesg -c >/dev/null; {TOOL} -p -u")
    assert load(machine, "-s", "-d").rc == 0
    found = re.findall(r"segment\[\d+\].* mem=0x([0-9a-f]+),? memsz=0x([0-9a-f]+)",
                       machine.check("dmesg"))
    assert len(found) == 4, machine.check("dmesg")
    return sorted((int(mem, 16), int(memsz, 16)) for mem, memsz in found)


def foretold(machine):
    plan = json.loads(load(machine, "-s", "--dry-run=json").text)
    assert plan["call"] == "kexec_file_load"
    return sorted((int(item["mem"], 16), item["memsz"]) for item in plan["segments"])


def check_limit(machine, call, most):
    """At the limit, and a page above."""
    set_size(machine, most)
    assert armed_after(machine, call) == (0, True)
    if call == "-s":
        assert foretold(machine) == segments_of_kernel(machine)
        assert armed_after(machine, call, tool=PEER) == (0, True)
    # What was armed outlives it.
    set_size(machine, most + 1)
    for options in ((), ("--dry-run",)):
        result = load(machine, call, *options)
        assert result.rc == 254 and NO_ROOM in result.err, result
    assert kdump.crash_loaded(machine)
    if call == "-s":
        assert armed_after(machine, call, tool=PEER) == (255, False)


@pytest.mark.parametrize("crashkernel", ("32M", "33000K"))
def test_limit_is_that_of_the_kernel(boot, crashkernel):
    """Regions that end on a 2 MiB line, and a little behind one."""
    machine = boot(kind="dt", crashkernel=crashkernel)
    plan = kdump.plan(machine, "-s")
    region = plan["load_region"]
    _, _, kernel = kdump.segment(plan, "kernel")
    high = (int(region["end"], 16) - int(region["start"], 16) - kernel) // PAGE
    limits = {call: most_pages(machine, call, high) for call in ("-s", "-c")}
    print(limits, high)
    for call, most in (*limits.items(), ("-a", max(limits.values()))):
        check_limit(machine, call, most)


@on("pc")
def test_page_tables_are_counted(boot):
    """6 GiB and no pages of 1 GiB: the kernel takes the tables for all of that out of the region,
    and what we have room for leaves enough."""
    machine = boot(crashkernel="64M", memory=6144, disks=())
    plan = kdump.plan(machine, "-c")
    region = plan["load_region"]
    _, _, kernel = kdump.segment(plan, "kernel")
    high = (int(region["end"], 16) - int(region["start"], 16) - kernel) // PAGE
    most = most_pages(machine, "-c", high)
    set_size(machine, most)
    assert armed_after(machine, "-c") == (0, True)
    # A page more leaves room for all that we load, and not for the tables.
    set_size(machine, most + 1)
    result = load(machine, "-c")
    assert result.rc == 254 and NO_PAGES in result.err, result
    assert kdump.crash_loaded(machine)
