# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark decides nothing, and runs for minutes: here only that it can make its page."""

import sys
import types
import xml.etree.ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/bench"))
# pylint: disable=wrong-import-position
import bench  # noqa: E402
from rows import Row, table  # noqa: E402


def test_every_part_has_its_place_in_the_page(tmp_path, monkeypatch):
    text = (bench.DOC / bench.PAGE).read_text()
    (tmp_path / bench.PAGE).write_text(text)
    assert all(f"({file}.svg)" in text for plots in bench.PLOTS.values() for file, *_ in plots)
    monkeypatch.setattr(bench, "PLOTS", {})
    names = ["summary", *(f"{family} {name}" for name, kind in bench.BENCHES.items()
                          for family in kind.families)]
    for name in names:
        bench.update_doc(tmp_path, name, f"{name} was here\n", [])
    changed = (tmp_path / bench.PAGE).read_text()
    assert sorted(line for line in changed.splitlines() if line.endswith(" was here")) == sorted(
        f"{name} was here" for name in names)
    assert changed.count("<!--") == text.count("<!--")
    assert (bench.DOC / bench.PAGE).read_text() == text


def test_summary_keeps_what_was_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "OUT", tmp_path)
    written = "".join(f"| {name.split()[0]} | {what} | s | 1 | 10 | 0.1 | {aim} |\n"
                      for name, what, aim in bench.SUMMARY)
    (tmp_path / bench.PAGE).write_text(written)
    assert bench.summary(tmp_path / bench.PAGE).endswith(f"|\n{written}")


def test_each_table_says_how_to_repeat_it():
    for words, told in (("", ""), ("--runs 9 --sizes 11,64 load", "--runs 9 --sizes 11,64 "),
                        ("--sizes=7 --update-doc all", "--sizes 7 "),
                        ("--runs=5 --sizes=11,64,256 silent load", "")):
        args = bench.arguments().parse_args(
            ["--kexec=k", "--host-kexec=k", "--ppc64le-kexec=k", *words.split()])
        lent = types.SimpleNamespace(name="x86_64", runs=args.runs, emulator=None, peer="")
        said = bench.about(lent, args, "load", 60).replace("\n", " ")
        assert f", `./bench --arch x86_64 {told}load`, {args.runs} runs," in said


def test_rows_and_plots_tell_the_same():
    rows = [Row("load, 7 MB: instructions", "million", [1.0, 2.0, 3.0], [20.0, 40.0, 30.0]),
            Row("load, 8 MB: instructions", "million", [0], "cannot: a & b")]
    assert "| 2.00 (1.00..3.00) | 30.00 (20.00..40.00) | 0.067 (0.05..0.10) |" in table(rows)
    found = bench.medians(rows, r"load, (.*): instructions")
    assert found == [("7 MB", (2.0, 30.0)), ("8 MB", (0, None))]
    root = xml.etree.ElementTree.fromstring(bench.svg.bars("a < b", "million", found))
    words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a < b" in words and "7 MB" in words and "30" in words
