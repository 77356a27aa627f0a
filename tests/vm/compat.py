# SPDX-License-Identifier: GPL-2.0-only
"""The same command lines through Debian's kexec-tools and this kexec, see compat.table."""

import base64
import collections
import dataclasses
import errno
import os
import pathlib
import re
import shlex
import struct

import kdump

TABLE = pathlib.Path(__file__).with_name("compat.table")
STATES = ("none", "crash", "normal", "bare")
# Letters of the table that are words of their own, or follow a "=".
FILES = {"K": kdump.IMAGE, "I": kdump.INITRD, "T": "/init", "E": "/tmp/empty",
         "G": "/tmp/Image.gz", "D": "/tmp/dtb", "M": "/tmp/missing", "C": "/tmp/cut",
         "H": "/tmp/huge"}
# What kdumpctl makes of a command line, but for the end.
LINE = ("BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root rhgb "
        "quiet irqpoll nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 "
        "panic=10 {} hugetlb_cma=0 kfence.sample_interval=0 initramfs_options=size=90%")
# A tree with nothing in it, for machines that have none (Devicetree Specification 0.4, chapter 5).
EMPTY_TREE = base64.b64encode(struct.pack(
    ">10I2Q4I", 0xd00dfeed, 72, 56, 72, 40, 17, 16, 0, 0, 16, 0, 0, 1, 0, 2, 9)).decode()


@dataclasses.dataclass(frozen=True)
class Family:
    """What an architecture puts into the table."""
    words: dict     # for these words of it
    line: str       # for LINE
    tree: str       # a command that writes the machine's device tree


FAMILIES = {
    "arm64": Family({"TYPE": "Image", "TTY": "ttyAMA0", "LOW": "0x50000000", "HIGH": "0x60000000"},
                    LINE.format("swiotlb=noforce cma=0 novmcoredd"), "cat /sys/firmware/fdt"),
    "x86_64": Family({"TYPE": "bzImage64", "TTY": "ttyS0", "LOW": "0x10000000",
                      "HIGH": "0x20000000"},
                     LINE.format("mce=off numa=off acpi_no_memhotplug transparent_hugepage=never "
                                 "nokaslr hest_disable novmcoredd cma=0"),
                     f"echo {EMPTY_TREE} | base64 -d"),
}
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


def rows(arch, every=False):
    """The command lines of the table for that architecture, in ./check or every one."""
    found, reasons = [], {}
    ours = re.compile(r"\b(" + "|".join(FAMILIES[arch].words) + r")\b")
    for line in TABLE.read_text().splitlines():
        if line.startswith("@"):
            word, _, text = line[1:].partition(" ")
            reasons[word] = text.strip()
        elif line and not line.startswith("#"):
            words, _, reason = line.partition("##")
            where, _, arguments = words.strip().partition(" ")
            state = where.lstrip("+")
            assert state in STATES and where in (state, "+" + state), line
            if every or arch == "arm64" or where == state:
                arguments = ours.sub(lambda word: FAMILIES[arch].words[word[0]], arguments.strip())
                found.append(Row(state, arguments, _reason(reason, arch, reasons, line)))
    assert len({row[:2] for row in found}) == len(found), "a line stands there twice"
    return found


def _reason(words, arch, reasons, line):
    """Of words such as "usage" or "arm64:superset x86_64:text" that for this architecture."""
    found = ""
    for word in words.split():
        only, _, name = word.rpartition(":")
        assert only in ("", *FAMILIES) and name in reasons, line
        if only in ("", arch):
            found = reasons[name]
    return found


def make_files(arch):
    """The command that makes the files that letters name, but kernel and RAM disk."""
    return (f": >/tmp/empty; {FAMILIES[arch].tree} >/tmp/dtb; truncate -s 160M /tmp/huge; "
            f"dd if={kdump.IMAGE} of=/tmp/cut bs=4096 count=8 2>/dev/null; "
            f"gzip -c {kdump.IMAGE} >/tmp/Image.gz")


def command(program, arguments, arch):
    """The command of the guest's shell."""
    values = FILES | {"LONG": "x" * 3000, "LINE": FAMILIES[arch].line}

    def word(text):
        option, equals, value = text.rpartition("=")
        return shlex.quote(option + equals + values.get(value, value))

    return " ".join([program, *(word(text) for text in arguments.split())])


def ask(machine, program, row, arch):
    """Run one line from its state; returns the Answer."""
    result = machine.sh(
        f"{{ read was <{LOADED}; [ $was = 0 ] || {kdump.PEER} -s -u; "
        f"read was <{CRASH_LOADED}; [ $was = 0 ] || {kdump.PEER} -s -p -u; "
        f"{SETUP[row.state]}; }} >/dev/null 2>&1; "
        f"{command(program, row.arguments, arch)}; status=$?; "
        f"read normal <{LOADED}; read crash <{CRASH_LOADED}; read hotplug <{HOTPLUG}; "
        "echo \"STATE $normal $crash $hotplug\" >&2; exit $status")
    message, _, state = result.err.decode(errors="replace").rpartition("STATE ")
    loaded = [word for word, yes in zip(("restart", "crash", "hotplug"), state.split())
              if yes == "1"]
    return Answer(str(result.rc), kind_of_output(result.text), kind_of_message(message),
                  "+".join(loaded) or "nothing")


def compare(machine, bare, arch, wanted):
    """(row, Answer of kexec-tools, ours) for each of these lines; bare is a machine that has
    nothing reserved for a crash kernel, or None where no line asks for one."""
    answers = []
    for each in (machine, bare) if bare else (machine,):
        each.check(make_files(arch))
    for row in wanted:
        where = bare if row.state == "bare" else machine
        theirs, ours = (ask(where, program, row, arch) for program in (kdump.PEER, kdump.TOOL))
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


def shown_command(row):
    """The cells of the table in doc/compat.md that name a line."""
    return f"| {row.state} | `{f'kexec {row.arguments}'.strip()}` |"


def table(answers):
    """The differences in Markdown."""
    lines = ["| loaded before | command line | kexec-tools 2.0.32 | here | why |",
             "|---|---|---|---|---|"]
    for row, theirs, ours in differences(answers):
        shown = [", ".join(f"{name} {value}" for name, value in answer._asdict().items()
                           if value != getattr(other, name))
                 for answer, other in ((theirs, ours), (ours, theirs))]
        lines.append(f"{shown_command(row)} {shown[0]} | {shown[1]} | {row.reason} |")
    return "\n".join(lines) + "\n"
