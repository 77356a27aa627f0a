#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""How large the tools are, and what they load, next to kexec-tools'.

    sizes.py            print the table of doc/compat.md
    sizes.py --update   put it there

Both as they are in the arm64 packages; the libraries are those of Debian sid. Counted is what is
loaded: files grow by leaps of 64 KiB, to which arm64 aligns.
"""

import io
import pathlib
import subprocess
import sys
import tempfile

from elftools.elf.elffile import ELFFile

import packages

import generated  # pylint: disable=wrong-import-order
import initrd  # pylint: disable=wrong-import-order

DOCUMENT = packages.TOP / "doc/compat.md"
SECTION = "sizes"
PROGRAMS = ("kexec", "vmcore-dmesg")


def guest_root():
    """arm64 programs and libraries, Debian's kexec-tools among them."""
    script = packages.TOP / "tests/vm/guest-root"
    text = subprocess.run([script], stdout=subprocess.PIPE, text=True, check=True).stdout
    return pathlib.Path(text.splitlines()[-1])


def loaded_bytes(data):
    """Code and data of an ELF file, as far as they lie in it."""
    return sum(segment["p_filesz"] for segment in ELFFile(io.BytesIO(data)).iter_segments()
               if segment["p_type"] == "PT_LOAD")


def measure(sbin, root):
    """{program: (bytes, {library: bytes})} of the programs in a folder."""
    found = {}
    for name in PROGRAMS:
        files = initrd.program_files(root, {name: sbin / name})
        own = files.pop(name)
        found[name] = (loaded_bytes(own), {path.rpartition("/")[2]: loaded_bytes(data)
                                           for path, data in sorted(files.items())})
    return found


def measure_both(deb):
    """What our arm64 package and Debian's come to."""
    root = guest_root()
    with tempfile.TemporaryDirectory() as scratch:
        packages.must(["dpkg-deb", "-x", deb, scratch], "/")
        ours = measure(pathlib.Path(scratch) / "usr/sbin", root)
    return ours, measure(root / "usr/sbin", root)


def table(ours, theirs):
    """The two as a Markdown table."""
    lines = ["| | kexec-utils | kexec-tools 2.0.32-3 |", "|---|---|---|"]
    for name in PROGRAMS:
        lines.append(f"| `{name}`, KiB | {kib(ours[name][0])} | {kib(theirs[name][0])} |")
        for words, show in (("its libraries", lambda libraries: ", ".join(libraries)),
                            ("these, KiB", lambda libraries: kib(sum(libraries.values())))):
            lines.append(f"| {words} | {show(ours[name][1])} | {show(theirs[name][1])} |")
    return "\n".join(lines) + "\n"


def kib(count):
    """Bytes as a whole number of KiB, rounded up."""
    return str(-(-count // 1024))


def main():
    text = table(*measure_both(packages.built("arm64").deb))
    if sys.argv[1:] == ["--update"]:
        generated.write(DOCUMENT, SECTION, text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
