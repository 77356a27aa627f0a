# SPDX-License-Identifier: GPL-2.0-only
"""The same command lines through Debian's kexec-tools and this kexec, see compat.table."""

import collections
import errno
import os
import pathlib
import re
import shlex

import kdump

TABLE = pathlib.Path(__file__).with_name("compat.table")
STATES = ("none", "crash", "normal", "bare")
# Letters of the table that are words of their own, or follow a "=".
FILES = {"K": kdump.IMAGE, "I": kdump.INITRD, "T": "/init", "E": "/tmp/empty",
         "G": "/tmp/Image.gz", "D": "/tmp/dtb", "M": "/tmp/missing", "C": "/tmp/cut",
         "H": "/tmp/huge"}
# A command line that is too long, and one as kdumpctl makes it on arm64.
VALUES = FILES | {"LONG": "x" * 3000, "LINE": (
    "BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root rhgb "
    "quiet irqpoll nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 "
    "panic=10 swiotlb=noforce cma=0 novmcoredd hugetlb_cma=0 kfence.sample_interval=0 "
    "initramfs_options=size=90%")}
MAKE_FILES = (f": >/tmp/empty; cat /sys/firmware/fdt >/tmp/dtb; "
              "truncate -s 160M /tmp/huge; "
              f"dd if={kdump.IMAGE} of=/tmp/cut bs=4096 count=8 2>/dev/null; "
              f"gzip -c {kdump.IMAGE} >/tmp/Image.gz")
LOADED, CRASH_LOADED = "/sys/kernel/kexec_loaded", "/sys/kernel/kexec_crash_loaded"
HOTPLUG = "/sys/devices/system/memory/crash_hotplug"
SETUP = {"none": ":", "crash": f"{kdump.PEER} -s -p --append=x {kdump.IMAGE}",
         "normal": f"{kdump.PEER} -s -l -y --append=x {kdump.IMAGE}", "bare": ":"}
# Whether a kernel has a network is no matter of kexec.
STRERRORS = {os.strerror(number) for number in range(1, 134)
             if number not in (errno.ENOSYS, errno.EAFNOSUPPORT)}

Row = collections.namedtuple("Row", "state arguments reason")
# All as text: exit status, standard output, kind of message, what is loaded.
Answer = collections.namedtuple("Answer", "status output message loaded")


def rows():
    """The command lines of the table."""
    found, reasons = [], {"": ""}
    for line in TABLE.read_text().splitlines():
        if line.startswith("@"):
            word, _, reasons[word] = line.partition(" ")
        elif line and not line.startswith("#"):
            words, _, reason = line.partition("##")
            state, _, arguments = words.strip().partition(" ")
            assert state in STATES, line
            key = reason and f"@{reason.strip()}"
            found.append(Row(state, arguments.strip(), reasons[key].strip()))
    assert len({row[:2] for row in found}) == len(found), "a line stands there twice"
    return found


def command(program, arguments):
    """The command of the guest's shell."""
    def word(text):
        option, equals, value = text.rpartition("=")
        return shlex.quote(option + equals + VALUES.get(value, value))

    return " ".join([program, *(word(text) for text in arguments.split())])


def ask(machine, program, row):
    """Run one line from its state; returns the Answer."""
    result = machine.sh(
        f"{{ read was <{LOADED}; [ $was = 0 ] || {kdump.PEER} -s -u; "
        f"read was <{CRASH_LOADED}; [ $was = 0 ] || {kdump.PEER} -s -p -u; "
        f"{SETUP[row.state]}; }} >/dev/null 2>&1; "
        f"{command(program, row.arguments)}; status=$?; "
        f"read normal <{LOADED}; read crash <{CRASH_LOADED}; read hotplug <{HOTPLUG}; "
        "echo \"STATE $normal $crash $hotplug\" >&2; exit $status")
    message, _, state = result.err.decode(errors="replace").rpartition("STATE ")
    loaded = [word for word, yes in zip(("restart", "crash", "hotplug"), state.split())
              if yes == "1"]
    return Answer(str(result.rc), kind_of_output(result.text), kind_of_message(message),
                  "+".join(loaded) or "nothing")


def compare(machine, bare):
    """(row, Answer of kexec-tools, ours) for each line of the table; bare is a machine that has
    nothing reserved for a crash kernel."""
    answers = []
    for row in rows():
        where = bare if row.state == "bare" else machine
        theirs, ours = (ask(where, program, row) for program in (kdump.PEER, kdump.TOOL))
        answers.append((row, theirs, ours))
    return answers


def kind_of_output(text):
    """What scripts can see on the standard output."""
    if "Usage: kexec" in text:
        return "usage"
    if re.match(r"kexec-tools [\d.]+", text):
        return "version"
    if len(text.splitlines()) > 1:
        return "words"
    return text.strip() or "-"


def kind_of_message(text):
    """What scripts can see on the standard error: the name of an errno, if there is one."""
    if not text:
        return "-"
    named = sorted(words for words in STRERRORS if words in text)
    return named[0] if named else "words"


def differences(answers):
    """(row, Answer of kexec-tools, ours) where the two are not the same."""
    return [(row, theirs, ours) for row, theirs, ours in answers if theirs != ours]


def table(answers):
    """The differences in Markdown."""
    lines = ["| loaded before | command line | kexec-tools 2.0.32 | here | why |",
             "|---|---|---|---|---|"]
    for row, theirs, ours in differences(answers):
        shown = [", ".join(f"{name} {value}" for name, value in answer._asdict().items()
                           if value != getattr(other, name))
                 for answer, other in ((theirs, ours), (ours, theirs))]
        line = f"kexec {row.arguments}".strip()
        lines.append(f"| {row.state} | `{line}` | {shown[0]} | {shown[1]} | {row.reason} |")
    return "\n".join(lines) + "\n"
