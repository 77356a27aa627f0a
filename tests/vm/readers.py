# SPDX-License-Identifier: GPL-2.0-only
"""Who can read the dump: `./check readers`, outside CI.

Each row makes a dump of a kind of kernel after a change, see dumps.py, and gives it to every
reader of Debian's stable and newest suites, see reader_programs.py. Rows are kept in build/readers;
a second run of the same tool takes only what is missing. No verdict is a failure, but for one about
the headers alone: those are ours. The tables of all rows that are there are written into
doc/dump-readers.md at the end.
"""

import datetime
import json
import os
import shutil
import textwrap

import pytest

import debian
import debian_root
import dumps
import generated
import reader_programs
from reader_programs import PACKAGE_OF, PACKAGES, READERS

SUITES = ("trixie", "sid")
DOCUMENT = dumps.TOP / "doc/dump-readers.md"
ROWS = [(kind, change) for kind in dumps.KINDS for change in dumps.CHANGES
        if dumps.KINDS[kind].hotplug or not dumps.CHANGES[change].rewrites]
HOST = "amd64"


def _results(kind, change):
    return dumps.KEPT / f"{kind}.{change}.readers"


def _lend(path, place):
    """The file, there too: it is not written to."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)


def run_readers(dump, suite, arch, folder):
    """The verdicts of a suite's readers that run on this architecture."""
    vmlinux = dumps.symbols(dump.kind)
    own = arch == dumps.KINDS[dump.kind].arch
    system = debian_root.Chroot(debian_root.prepare(suite, arch, PACKAGES), folder)
    _lend(dump.path, system / reader_programs.CORE.lstrip("/"))
    if vmlinux:
        _lend(vmlinux, system / reader_programs.VMLINUX.lstrip("/"))
    verdicts = {}
    for name, (read, of_its_own) in READERS.items():
        if own if of_its_own else arch == HOST:
            verdicts[name] = str(read(system, dump, bool(vmlinux)))
            print(f"{suite} {name}: {verdicts[name]}", flush=True)
    shutil.rmtree(folder)
    return verdicts


@pytest.mark.parametrize("kind, change, model", [
    pytest.param(kind, change, dumps.KINDS[kind].model, id=f"{kind}-{change}")
    for kind, change in ROWS], indirect=["model"])
def test_readers(boot, model, request, tmp_path, dump_disk, kind, change):
    made = request.getfixturevalue(model.arch.artifacts)
    dump = dumps.find(boot, made, tmp_path, kind, change, dump_disk)
    for suite in SUITES:
        path = _results(kind, change).with_suffix(f".{suite}.json")
        if path.exists() and path.stat().st_mtime > dump.path.stat().st_mtime:
            continue
        verdicts = {}
        for arch in dict.fromkeys((HOST, dumps.KINDS[kind].arch)):
            verdicts |= run_readers(dump, suite, arch, tmp_path / f"{suite}-{arch}")
        path.write_text(json.dumps({"date": str(datetime.date.today()), "verdicts": verdicts},
                                   indent=1) + "\n")
        for name in ("readelf", "eu-readelf"):
            assert verdicts[name] == reader_programs.ALL.outcome, f"{suite} {name}"


# --- the tables --------------------------------------------------------------------------

class Notes:
    """Words that take too much room for a table, by number."""

    def __init__(self):
        self._words = []

    def mark(self, words):
        """What stands for them."""
        if words not in self._words:
            self._words.append(words)
        return f"[{self._words.index(words) + 1}]"

    def __str__(self):
        return "".join(f"{number}. {words}\n" for number, words in enumerate(self._words, 1))


def _cell(verdicts, notes):
    """One reader and kind of kernel, by change."""
    by_verdict = {}
    for change, verdict in verdicts.items():
        by_verdict.setdefault(verdict, []).append(dumps.CHANGES[change].words)
    parts = []
    for verdict, changes in by_verdict.items():
        outcome, _, words = verdict.partition(": ")
        text = f"{outcome} {notes.mark(words)}" if words else outcome
        parts.append(text if len(by_verdict) == 1 else f"{text} ({', '.join(changes)})")
    return "; ".join(parts)


def _table(suite):
    """All rows of a suite that are there."""
    archive = debian.Archive(suite, arch=HOST, stale_ok=True)
    versions = archive.show(PACKAGES, "Version")
    found, dates, notes = {}, set(), Notes()
    for kind, change in ROWS:
        path = _results(kind, change).with_suffix(f".{suite}.json")
        if path.exists():
            row = json.loads(path.read_text())
            dates.add(row["date"])
            for name, verdict in row["verdicts"].items():
                found.setdefault(kind, {}).setdefault(name, {})[change] = verdict
    lines = ["| Kernel | Dumps | " + " | ".join(READERS) + " |\n",
             "|" + "---|" * (2 + len(READERS)) + "\n"]
    for kind, readers in found.items():
        changes = next(iter(readers.values()))
        lines.append(f"| {dumps.KINDS[kind].words} | "
                     f"{', '.join(dumps.CHANGES[change].words for change in changes)} | "
                     + " | ".join(_cell(readers.get(name, {}), notes) for name in READERS)
                     + " |\n")
    packages = ", ".join(f"{package} {versions[package]}"
                         for package in dict.fromkeys(PACKAGE_OF.values()))
    when = " to ".join(sorted({min(dates), max(dates)})) if dates else "never"
    head = textwrap.fill(f"{packages}; {when}:", 100)
    return f"{head}\n\n{''.join(lines)}\n{notes}"


@pytest.fixture(scope="module", autouse=True)
def tables():
    """When all is done, of this run and of those before."""
    yield
    for suite in SUITES:
        generated.write(DOCUMENT, f"readers {suite}", _table(suite))
