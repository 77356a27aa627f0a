#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure the tool next to Debian's kexec-tools, its peer, in the same emulated machine.

    silent   seconds and instructions from the panic to the first line of the capture kernel
    load     time, instructions and peak memory of kexec -p, and the system call in it
    storm    hot-adding memory: reloads of kexec-tools, and --hotplug
    plan     time and peak memory of planning, by memory ranges and CPUs
    memory   memory of a load from a cold page cache, the files' in it

Nothing is judged: what comes out is a table for each, in Markdown, and the single values behind
it as JSON, both below build/bench/. Runs of the two are interleaved, so that what else the host
does falls on both. --update-doc puts the tables, and plots of them, into doc/. ./bench builds
what is needed and runs this.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile
import textwrap
import time

import guest
import load
import memory
import plan
import qemu
import rows
import silent
import storm
import svg

OUT = guest.TOP / "build/bench"
DOC = guest.TOP / "doc"
PAGE = "performance.md"
# Each with the minutes that it takes on two idle cores.
BENCHES = {"silent": (silent.silent, 11), "load": (load.load, 6), "storm": (storm.storm, 6),
           "plan": (plan.plan, 1), "memory": (memory.memory, 3)}


def host_words():
    """What this ran on, for the reader of the table."""
    model = next((line.split(":", 1)[1].strip() for line in
                  pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    version = subprocess.run([qemu.QEMU, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()[0].split("(")[0].strip()
    return f"{len(os.sched_getaffinity(0))} CPUs ({model}), Linux {platform.release()}, {version}"


def command(args, name):
    """What makes one of the tables again."""
    defaults = arguments().parse_args(["--kexec=", "--host-kexec="])
    words = ["./bench"]
    if args.runs != defaults.runs:
        words += ["--runs", str(args.runs)]
    if args.sizes != defaults.sizes:
        words += ["--sizes", ",".join(map(str, args.sizes))]
    return " ".join([*words, name])


def about(bench, args, name, seconds):
    """The words in front of a table."""
    peer = next(line for line in (bench.root / "versions").read_text().splitlines()
                if line.startswith("kexec-tools "))
    load_average = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return textwrap.fill(
        f"{datetime.date.today().isoformat()}, `{command(args, name)}`, {bench.runs} runs, "
        f"{seconds / 60:.0f} minutes. Host: {host_words()}; load average at the end "
        f"{load_average}. Peer: Debian {peer}, arm64.", 98,
        break_on_hyphens=False) + "\n"


# --- plots ----------------------------------------------------------------------------

def medians(found, pattern):
    """[(what the group in the pattern was, (ours, peer))] of the rows that match."""
    return [(match[1], tuple(statistics.median(values) if not isinstance(values, str) else None
                             for values in (row.ours, row.peer)))
            for row in found if (match := re.fullmatch(pattern, row.what))]


PLOTS = {
    "silent": [("silent-time", "Panic to the first line of the capture kernel", "s",
                r"panic to first line, (\d+ MB, digest on.*): wall clock")],
    "load": [("load-instructions", "kexec -c -p, instructions", "million",
              r"load, (.*): instructions"),
             ("load-time", "kexec -c -p in the emulator, which runs SHA instructions slowly", "s",
              r"load, (.*): CPU of the emulator")],
    "storm": [("storm", "No image armed, while 32 blocks of memory are added", "s",
               r".* peer, (.*): no image armed, in sum")],
    "plan": [],
    "memory": [],
}


# --- documentation --------------------------------------------------------------------

# What was aimed at, as the rows are named for the default sizes.
SUMMARY = (
    ("silent", "panic to first line, 64 MB, digest on: wall clock", "at most 0.1"),
    ("silent", "panic to first line, 64 MB, digest on, no SHA instructions: wall clock",
     "at most 0.1"),
    ("silent", "digest: instructions for a byte", "ours at most 1.5"),
    ("silent", "digest, no SHA instructions: instructions for a byte", "ours at most 20"),
    ("silent", "purgatory at EL1, cached, CPU instructions: instructions for all the rest",
     "ours at most 50,000"),
    ("load", "load, 64 MB: instructions", "at most 0.5"),
    ("load", "load, 64 MB: CPU of the emulator", "at most 0.5"),
    ("load", "load, 64 MB: peak memory", "at most 0.5"),
    ("memory", "load, 256 MB, cold page cache: memory.peak", "at most 0.55"),
    ("storm", "32 blocks, 40 MB image, --hotplug / peer, each: copied into the crash region", "0"),
    ("storm", "32 blocks, 40 MB image, --hotplug / peer, each: no image armed, in sum",
     "at most 0.01"),
    ("storm", "one block: instructions with no image armed, at most", "at most 0.01"),
)


def summary(page):
    """A line for each aim: from what was measured last in this tree, else as in this page."""
    lines = ["| what | unit | ours | peer | ours / peer | aim |\n", "| --- " * 6 + "|\n"]
    written = page.read_text().splitlines(keepends=True)
    for name, what, aim in SUMMARY:
        path = OUT / f"{name}.json"
        if path.exists():
            lines += [f"| {' | '.join(rows.Row(**row).cells())} | {aim} |\n"
                      for row in json.loads(path.read_text()) if row["what"] == what]
        else:
            lines += [line for line in written
                      if line.startswith(f"| {what} |") and line.endswith(f"| {aim} |\n")]
    return "".join(lines)


def update_doc(doc, name, text, found):
    """Replace in this folder's page what stands between the marks of this name; draw its plots."""
    page = doc / PAGE
    begin, end = f"<!-- bench {name} -->\n", f"<!-- end {name} -->\n"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + text + end + rest.split(end)[1])
    for file, title, unit, pattern in PLOTS.get(name, []):
        (doc / f"{file}.svg").write_text(svg.bars(title, unit, medians(found, pattern)))


def numbers(text):
    return [int(word) for word in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kexec", type=pathlib.Path, required=True, help="the arm64 tool")
    parser.add_argument("--host-kexec", type=pathlib.Path, required=True, help="the same for here")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of each (default 5)")
    parser.add_argument("--sizes", type=numbers, default="11,64,256", metavar="MB,...",
                        help="kernel and initrd together (default 11,64,256); counted are the "
                        "first two")
    parser.add_argument("--update-doc", action="store_true",
                        help="put what was measured into doc/performance.md")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], "all", *BENCHES],
                        help="all (the default), " + ", ".join(BENCHES))
    return parser


def main():
    args = arguments().parse_args()

    names = list(BENCHES) if not args.names or "all" in args.names else args.names
    guest.said(f"about {sum(BENCHES[name][1] for name in names)} minutes with the default sizes "
               "and runs")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kexec-bench-") as scratch:
        bench = guest.Bench(args, pathlib.Path(scratch))
        for name in names:
            began = time.monotonic()
            found, words = BENCHES[name][0](bench)
            head = about(bench, args, name, time.monotonic() - began)
            text = f"{head}\n{rows.table(found)}{words}"
            (OUT / f"{name}.md").write_text(text)
            (OUT / f"{name}.json").write_text(json.dumps(
                [dataclasses.asdict(row) for row in found], indent=1) + "\n")
            print(text, flush=True)
            if args.update_doc:
                update_doc(DOC, name, text, found)
                update_doc(DOC, "summary", summary(DOC / PAGE), [])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
