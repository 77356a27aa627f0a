# SPDX-License-Identifier: GPL-2.0-only
"""Who can read the dump: `./check readers`, outside CI.

Each row is a dump of a kind of kernel after a change, see dumps.py, that every reader of Debian's
stable and newest suites is given, see reader_programs.py. All run on this machine: what reads the
dumps of its own architecture only is that architecture's program, by qemu-user. Dumps and what was
made of them are kept in build/readers; a second run of the same tool takes only what is missing.
No verdict is a failure, but for one about the headers alone: those are ours. The tables of all rows
that are there are written into doc/dump-readers.md at the end.
"""

import datetime
import json
import os
import shutil
import textwrap

import pytest

import debian
import debian_root
import dump_variants
import dumps
import generated
import reader_programs
from reader_programs import OF_ITS_OWN, PACKAGE_OF, PACKAGES, READERS

NEWEST = "sid"
SUITES = {"trixie": "stable", NEWEST: "newest"}
DOCUMENT = dumps.TOP / "doc/dump-readers.md"
ROWS = [(kind, change) for kind in dumps.KINDS
        for change in dumps.KINDS[kind].changes or dumps.CHANGES]
HOST = "amd64"
EMULATORS = {"arm64": "/usr/bin/qemu-aarch64-static", "ppc64el": "/usr/bin/qemu-ppc64le-static"}


def _results(kind, change, suite):
    return dumps.path_of(kind, change).with_suffix(f".{suite}.json")


def _variant_results(variant, suite):
    return dumps.KEPT / f"{variant.__name__}.{suite}.json"


def _keep(path, dump, run):
    """Let a file have the verdicts that run() returns, or has had them since the dump was made."""
    if path.exists() and path.stat().st_mtime > dump.path.stat().st_mtime:
        return json.loads(path.read_text())["verdicts"]
    verdicts = run()
    path.write_text(json.dumps({"date": str(datetime.date.today()), "verdicts": verdicts},
                               indent=1) + "\n")
    return verdicts


def _lend(path, place):
    """The file, there too: it is not written to."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)


def lend_programs(system, suite, arch):
    """Let the names of OF_ITS_OWN stand for another architecture's programs.

    With the libraries of the newest suite, since nothing that they do depends on these: a whole
    system would take an hour to make.
    """
    name, keep = f"readers-{arch}", ("usr/bin/", "usr/lib")
    place = system / "other/lib"
    for tree in (debian.programs(name, NEWEST, arch, (*OF_ITS_OWN, "zlib1g"), keep),
                 debian.programs(name, suite, arch, OF_ITS_OWN, keep, libraries=False)):
        shutil.copytree(tree, place.parent, symlinks=True, dirs_exist_ok=True)
    shutil.copy(EMULATORS[arch], place.parent / "emulator")
    for link in ("lib", "lib64"):
        (place.parent / link).symlink_to(f"usr/{link}")
    for program in OF_ITS_OWN:
        wrapper = system / f"usr/sbin/{program}"    # is looked at before usr/bin
        wrapper.write_text("#!/bin/sh\nexec /other/emulator -L /other "
                           f'/other/usr/bin/{program} "$@"\n')
        wrapper.chmod(0o755)


def run_readers(dump, suite, folder):
    """The verdicts of a suite's readers, by name."""
    vmlinux = dumps.symbols(dump.kind)
    arch = dumps.KINDS[dump.kind].arch
    system = debian_root.Chroot(debian_root.prepare(suite, HOST, PACKAGES), folder)
    _lend(dump.path, system / reader_programs.CORE.lstrip("/"))
    if vmlinux:
        _lend(vmlinux, system / reader_programs.VMLINUX.lstrip("/"))
    if arch != HOST:
        lend_programs(system, suite, arch)
    verdicts = {}
    for name, read in READERS.items():
        verdicts[name] = str(read(system, dump, bool(vmlinux)))
        print(f"{suite} {name}: {verdicts[name]}", flush=True)
    shutil.rmtree(folder)
    return verdicts


@pytest.mark.parametrize("kind, change, model", [
    pytest.param(kind, change, dumps.KINDS[kind].model, id=f"{kind}-{change}")
    for kind, change in ROWS], indirect=["model"])
def test_dump(boot, model, request, tmp_path, dump_disk, kind, change):
    """A machine is run, if there is no dump. Its header is what the tool would make."""
    dump = dumps.kept(kind, change) or dumps.make(
        boot, request.getfixturevalue(model.arch.artifacts), tmp_path, kind, change, dump_disk)
    # Memory that has gone the kernel may list until the next event; and by its own call it chooses
    # where the beginning of ppc64le's memory is copied to.
    assert dump.alike or change in ("file", "removed"), dump.header.hex()


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("kind, change", ROWS)
def test_readers(tmp_path, kind, change, suite):
    """What each makes of it, if that is not known yet."""
    dump = dumps.kept(kind, change)
    assert dump, "there is no such dump: test_dump makes it"
    verdicts = _keep(_results(kind, change, suite), dump,
                     lambda: run_readers(dump, suite, tmp_path / "system"))
    for name in ("readelf", "eu-readelf"):
        assert verdicts[name] == reader_programs.ALL.outcome, name


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("variant", dump_variants.VARIANTS)
def test_variants(tmp_path, variant, suite):
    """What each makes of a header that is made otherwise."""
    dump = dumps.kept("x86_64-4", "plain")
    assert dump, "there is no such dump: test_dump makes it"
    _keep(_variant_results(variant, suite), dump, lambda: run_readers(
        dump_variants.make(dump, variant, tmp_path / "core"), suite, tmp_path / "system"))


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
        return "".join(
            textwrap.fill(f"{number}. {words}", 100, subsequent_indent="   ",
                          break_long_words=False, break_on_hyphens=False) + "\n"
            for number, words in enumerate(self._words, 1))


def _cell(verdicts, notes):
    """One reader's verdicts, of which there may be one for each of some words."""
    by_verdict = {}
    for words, verdict in verdicts.items():
        by_verdict.setdefault(verdict, []).append(words)
    parts = []
    for verdict, words in by_verdict.items():
        outcome, _, more = verdict.partition(": ")
        text = f"{outcome} {notes.mark(more)}" if more else outcome
        parts.append(text if len(by_verdict) == 1 else f"{text} ({', '.join(words)})")
    return "; ".join(parts)


def _head(*columns):
    return [f"| {' | '.join(columns)} |\n", f"|{'---|' * len(columns)}\n"]


def _variants():
    """What each reader of either suite makes of each variant."""
    notes, lines = Notes(), _head("With", *READERS)
    for variant in dump_variants.VARIANTS:
        row = {}
        for suite, words in SUITES.items():
            path = _variant_results(variant, suite)
            if path.exists():
                for name, verdict in json.loads(path.read_text())["verdicts"].items():
                    row.setdefault(name, {})[words] = verdict
        lines.append(f"| {dump_variants.words(variant)} | "
                     + " | ".join(_cell(row.get(name, {}), notes) for name in READERS) + " |\n")
    return f"{''.join(lines)}\n{notes}"


def _table(suite):
    """All rows of a suite that are there."""
    archive = debian.Archive(suite, arch=HOST, stale_ok=True)
    versions = archive.show(PACKAGES, "Version")
    found, dates, notes = {}, set(), Notes()
    for kind, change in ROWS:
        path = _results(kind, change, suite)
        if path.exists():
            row = json.loads(path.read_text())
            dates.add(row["date"])
            for name, verdict in row["verdicts"].items():
                words = dumps.CHANGES[change].words
                found.setdefault(kind, {}).setdefault(name, {})[words] = verdict
    lines = _head("Kernel", "Dumps", *READERS)
    for kind, readers in found.items():
        lines.append(f"| {dumps.KINDS[kind].words} | {', '.join(next(iter(readers.values())))} | "
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
    generated.write(DOCUMENT, "variants", _variants())
