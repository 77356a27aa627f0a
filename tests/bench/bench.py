#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure the tool next to Debian's kexec-tools, its peer, in the same emulated machine.

    silent      seconds and instructions from the panic to the first line of the capture kernel
    load        time, instructions and peak memory of kexec -p, and the system call in it
    storm       hot-adding memory, CPUs that go and come: reloads of kexec-tools, and --hotplug
    memory      memory of a load from a cold page cache, the files' in it
    restart     kexec -l and -e: as silent
    plan        time and peak memory of planning, by memory ranges and CPUs
    elfcorehdr  the same of --elfcorehdr=json, for as many program headers as a core may have
    hash        the digest on this machine, next to OpenSSL's

Nothing is judged: what comes out is a table for each and each architecture, in Markdown, and the
single values behind it as JSON, both below build/bench/. Runs of the two are interleaved, so that
what else the host does falls on both. --update-doc puts the tables, and plots of them, into doc/.
./bench builds what is needed and runs this.
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

import elfcorehdr
import families
import guest
import hashing
import load
import memory
import plan
import rows
import silent
import storm
import svg

OUT = guest.TOP / "build/bench"
DOC = guest.TOP / "doc"
PAGE = "performance.md"
ALL = tuple(families.FAMILIES)
BOTH = ("arm64", "x86_64")
HOST = "host"       # this machine, without a guest


@dataclasses.dataclass(frozen=True)
class Kind:
    """A thing to measure: returns rows and words behind them."""
    run: callable
    minutes: int            # that it takes on two idle cores, for each family
    families: tuple = BOTH


BENCHES = {
    "silent": Kind(silent.silent, 11, ALL), "load": Kind(load.load, 6, ALL),
    "storm": Kind(storm.storm, 8),
    "memory": Kind(memory.memory, 3), "restart": Kind(silent.restart, 3, ALL),
    "plan": Kind(plan.plan, 1, ("arm64",)),
    "elfcorehdr": Kind(elfcorehdr.elfcorehdr, 1, (HOST,)),
    "hash": Kind(hashing.hashing, 1, (HOST,)),
}


def host_words(emulator):
    """What this ran on, for the reader of the table."""
    model = next((line.split(":", 1)[1].strip() for line in
                  pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    words = [f"{len(os.sched_getaffinity(0))} CPUs ({model})", f"Linux {platform.release()}"]
    if emulator:
        text = subprocess.run([*emulator, "--version"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        words.append(text.splitlines()[0].split("(")[0].strip())
    return ", ".join(words)


def command(args, family, name):
    """What makes one of the tables again."""
    defaults = arguments().parse_args(["--kexec=", "--host-kexec=", "--ppc64le-kexec="])
    words = ["./bench"]
    if len(BENCHES[name].families) > 1:
        words += ["--arch", family]
    if args.runs != defaults.runs:
        words += ["--runs", str(args.runs)]
    if args.sizes != defaults.sizes:
        words += ["--sizes", ",".join(map(str, args.sizes))]
    if args.before:
        words += ["--before", "KEXEC"]
    return " ".join([*words, name])


def about(bench, args, name, seconds):
    """The words in front of a table."""
    load_average = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return textwrap.fill(
        f"{datetime.date.today().isoformat()}, `{command(args, bench.name, name)}`, "
        f"{bench.runs} runs, {seconds / 60:.0f} minutes. Host: {host_words(bench.emulator)}; "
        f"load average at the end {load_average}.{bench.peer}", 98,
        break_on_hyphens=False) + "\n"


# --- plots ----------------------------------------------------------------------------

def medians(found, pattern):
    """[(what the group in the pattern was, (ours, peer))] of the rows that match."""
    return [(match[1], tuple(statistics.median(values) if not isinstance(values, str) else None
                             for values in (row.ours, row.peer)))
            for row in found if (match := re.fullmatch(pattern, row.what))]


PLOTS = {
    "arm64 silent": [("silent-time", "Panic to the first line of the capture kernel", "s",
                      r"panic to first line, (\d+ MB, digest on.*): wall clock")],
    "arm64 load": [("load-instructions", "kexec -c -p, instructions", "million",
                    r"load, (.*): instructions"),
                   ("load-time", "kexec -c -p in the emulator, which runs SHA instructions slowly",
                    "s", r"load, (.*): CPU of the emulator")],
    "arm64 storm": [("storm", "No image armed, while 32 blocks of memory are added", "s",
                     r"32 blocks.* peer, (.*): no image armed, in sum")],
}


# --- documentation --------------------------------------------------------------------

# What was aimed at, as the rows are named for the default sizes.
SUMMARY = (
    ("arm64 silent", "panic to first line, 64 MB, digest on: wall clock", "at most 0.1"),
    ("arm64 silent", "panic to first line, 64 MB, digest on, no SHA instructions: wall clock",
     "at most 0.1"),
    ("arm64 silent", "digest: instructions for a byte", "ours at most 1.5"),
    ("arm64 silent", "digest, no SHA instructions: instructions for a byte", "ours at most 20"),
    ("arm64 silent", "purgatory at EL1, cached, CPU instructions: instructions for all the rest",
     "ours at most 50,000"),
    ("arm64 load", "load, 64 MB: instructions", "at most 0.5"),
    ("arm64 load", "load, 64 MB: CPU of the emulator", "at most 0.5"),
    ("arm64 load", "load, 64 MB: peak memory", "at most 0.5"),
    ("arm64 memory", "load, 256 MB, cold page cache: memory.peak", "at most 0.55"),
    ("arm64 storm", "32 blocks, 40 MB image, --hotplug / peer, each: copied into the crash region",
     "0"),
    ("arm64 storm", "32 blocks, 40 MB image, --hotplug / peer, each: no image armed, in sum",
     "at most 0.01"),
    ("arm64 storm", "one block: instructions with no image armed, at most", "at most 0.01"),
    ("arm64 restart", "restart to first line, 11 MB, ours / ours before: CPU of the emulator",
     "at most 0.2"),
    ("x86_64 silent", "panic to first line, 64 MB, digest on: CPU of the emulator",
     "at most 0.125"),
    ("x86_64 silent",
     "panic to first line, 64 MB, digest on, ours / the kernel's own: CPU of the emulator",
     "at most 0.125"),
    ("x86_64 silent", "digest: instructions for a byte", "ours at most 1.6"),
    ("x86_64 silent", "digest, no SHA instructions: instructions for a byte", "at most 0.9"),
    ("x86_64 load", "load, 64 MB: instructions", "at most 0.12"),
    ("x86_64 memory", "load, 256 MB, cold page cache: memory.peak", "at most 0.55"),
    ("ppc64le silent", "panic to first line, 64 MB, digest on: CPU of the emulator",
     "at most 0.6"),
    ("ppc64le silent", "digest: instructions for a byte", "at most 0.5"),
    ("ppc64le silent", "digest, no SHA instructions: instructions for a byte", "at most 0.9"),
    ("ppc64le load", "load, 64 MB: instructions", "at most 0.12"),
    ("host hash", "SHA-256 by SHA instructions / OpenSSL: time", "at most 1 / 0.95"),
    ("host hash", "SHA-256 without SHA instructions / OpenSSL: time", "at most 1 / 0.85"),
    ("host elfcorehdr", "--elfcorehdr=json, 1,048,576 program headers, memory: CPU time",
     "ours at most 2"),
    ("host elfcorehdr", "--elfcorehdr=json, 1,048,576 program headers, memory: peak memory",
     "ours at most 64"),
)


def summary(page):
    """A line for each aim: from what was measured last in this tree, else as in this page."""
    lines = ["| | what | unit | ours | peer | ours / peer | aim |\n", "| --- " * 7 + "|\n"]
    written = page.read_text().splitlines(keepends=True)
    for name, what, aim in SUMMARY:
        path, where = out_file(name, "json"), name.split()[0]
        if path.exists():
            lines += [f"| {where} | {' | '.join(rows.Row(**row).cells())} | {aim} |\n"
                      for row in json.loads(path.read_text()) if row["what"] == what]
        else:
            lines += [line for line in written
                      if line.startswith(f"| {where} | {what} |") and line.endswith(f"| {aim} |\n")]
    return "".join(lines)


def out_file(name, suffix):
    return OUT / f"{name.replace(' ', '-')}.{suffix}"


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
    parser.add_argument("--ppc64le-kexec", type=pathlib.Path, required=True, help="... for ppc64le")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of each (default 5)")
    parser.add_argument("--sizes", type=numbers, default="11,64,256", metavar="MB,...",
                        help="kernel and initrd together (default 11,64,256); counted are the "
                        "first two")
    parser.add_argument("--arch", default="all", choices=["all", HOST, *ALL],
                        help="of what has a table for each (default all)")
    parser.add_argument("--before", type=pathlib.Path, metavar="KEXEC",
                        help="another arm64 build of ours, for restart")
    parser.add_argument("--update-doc", action="store_true",
                        help="put what was measured into doc/performance.md")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], "all", *BENCHES],
                        help="all (the default), " + ", ".join(BENCHES))
    return parser


def measure(args, family, name, scratch):
    """One table."""
    began = time.monotonic()
    bench = guest.Host(args, scratch) if family == HOST else guest.Bench(args, family, scratch)
    found, words = BENCHES[name].run(bench)
    text = f"{about(bench, args, name, time.monotonic() - began)}\n{rows.table(found)}{words}"
    of = f"{family} {name}"
    out_file(of, "md").write_text(text)
    out_file(of, "json").write_text(json.dumps(
        [dataclasses.asdict(row) for row in found], indent=1) + "\n")
    print(text, flush=True)
    if args.update_doc:
        update_doc(DOC, of, text, found)
        update_doc(DOC, "summary", summary(DOC / PAGE), [])


def main():
    args = arguments().parse_args()
    names = list(BENCHES) if not args.names or "all" in args.names else args.names
    wanted = [(family, name) for name in names for family in BENCHES[name].families
              if args.arch in ("all", family) or len(BENCHES[name].families) == 1]
    guest.said(f"about {sum(BENCHES[name].minutes for _, name in wanted)} minutes with the "
               "default sizes and runs")
    OUT.mkdir(parents=True, exist_ok=True)
    for family, name in wanted:
        with tempfile.TemporaryDirectory(prefix="kexec-bench-") as scratch:
            measure(args, family, name, pathlib.Path(scratch))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
