# SPDX-License-Identifier: GPL-2.0-only
"""vmcore-dmesg on cores of every layout, class and byte order, sound and spoilt, next to
kexec-tools' own."""

import json
import random
import re
import struct

import core
import pytest
from logs import PHYSICAL, Record, Records, Ring, Text, base, overlapping, shown

SHAPES = pytest.mark.parametrize("shape", core.SHAPES, ids=str)
LE64 = core.SHAPES[0]
FILL_FREED = "max_free_fill_size=65536"     # so that a library's use of freed memory shows
MESSAGES = [
    Record(b"Linux version 6.12"),
    Record(b"tab\there \x1b[0m \xc3\xa9 \\ \"end\"", 1234567890, 5, 1, 77),
    Record(b"two\nlines", 270221617123, 3, 2, 0x80000003),
    Record(b"", 5 * 10**9),
    Record(b"trailing\n", 10**14),
    Record(b"nul\0in", 7),
    Record(b"being written", 8, state=0),
    Record(b"could be continued", 9, state=1),
    Record(b"given up", 9, state=3),
    Record(b"\r\x0b\x0c\x7f\xff\xf0\x9f\x90\xa7\xe2\x82", 10),
]


def layouts(shape, records, text=None):
    """The same messages in each layout."""
    text = text or b"".join(b"<%d>%s\n" % (one.level, one.text) for one in records)
    return {
        "ring": Ring(shape, records),
        "ring to its end": Ring(shape, records, exact_end=True),
        "records": Records(shape, records),
        "old records": Records(shape, records, struct="log"),
        "records with callers": Records(shape, records, caller=True),
        "text": Text(shape, text),
    }


def random_records(seed):
    """Enough of them, of any bytes, that rings go round."""
    rng = random.Random(seed)
    return [Record(rng.randbytes(rng.randrange(90)), rng.randrange(1 << rng.randrange(1, 60)),
                   rng.randrange(8), rng.randrange(4), rng.randrange(1 << 32),
                   rng.choice([2, 2, 2, 2, 1, 0, 3])) for _ in range(rng.randrange(1, 300))]


# --- what it prints -------------------------------------------------------------------

@SHAPES
def test_every_layout_is_printed(program, shape):
    for name, log in layouts(shape, MESSAGES).items():
        answer = program.dump(log.core())
        assert (answer.out, answer.status, answer.err) == (log.expected(), 0, ""), name


@SHAPES
def test_rings_that_went_round_are_printed_from_the_oldest(native, shape):
    for seed in range(12):
        records = random_records(seed)
        for name, log in layouts(shape, records).items():
            answer = native.dump(log.core())
            assert (answer.out, answer.status) == (log.expected(), 0), (name, seed)


@SHAPES
def test_ids_wrap_and_rings_may_be_tiny(program, shape):
    records = [Record(b"message %d" % number, number) for number in range(9)]
    top = (1 << shape.bits - 2) - 3
    log = Ring(shape, records, count_bits=2, size_bits=8, first_id=top)
    assert program.dump(log.core()).out == log.expected()
    assert log.expected().count(b"\n") == 4


@SHAPES
def test_empty_logs_are_empty(native, shape):
    for log in (Records(shape, []), Text(shape, b"")):
        answer = native.dump(log.core())
        assert (answer.out, answer.status) == (b"", 0)


def test_dictionaries_of_old_records_are_left_out(native):
    log = Records(LE64, [])
    log.add(Record(b"usb 1-1: new device", 1), b"SUBSYSTEM=usb\0DEVICE=c189:1")
    assert native.dump(log.core()).out == log.expected()


# --- next to kexec-tools --------------------------------------------------------------

def without_wrap_marker(text):
    """kexec-tools prints a record that is none where old records go round to the start."""
    return text.replace(b"[    0.000000] \n", b"", 1)


@SHAPES
def test_the_same_as_kexec_tools(native, peer, shape):
    marker_seen = False
    for seed in range(12):
        records = [one for one in random_records(seed) if one.text]
        for name, log in layouts(shape, records).items():
            if name == "ring to its end":
                continue        # of kernels newer than that tool: it loses the text
            ours, theirs = native.dump(log.core()), peer.dump(log.core())
            assert ours.status == theirs.status == 0
            wanted = shown(theirs.out)      # which prints some of it raw
            if "records" in name and ours.out != wanted:
                marker_seen = True
                assert ours.out == without_wrap_marker(wanted), (name, seed)
            else:
                assert ours.out == wanted, (name, seed)
    assert marker_seen


def test_both_refuse_what_is_no_core(native, peer):
    good = Ring(LE64, MESSAGES).core()
    for data in (b"", good[:10], good[:20], good[:100], b"X" + good[1:],
                 *(good[:at] + b"\x07" + good[at + 1:] for at in (4, 5, 6)),
                 core.elf_core(LE64, core.note(LE64, "CORE", b"x", 1), [])):
        ours, theirs = native.dump(data), peer.dump(data)
        assert ours.status and theirs.status and not ours.out and not theirs.out


@SHAPES
def test_damaged_notes_do_not_cost_the_log(program, shape):
    """Notes are memory of the crashed machine too; kexec-tools goes on at a NUL byte."""
    cpu = core.note(shape, "CORE", b"registers" * 20, 1)
    for name, log in layouts(shape, MESSAGES).items():
        info = log.vmcoreinfo()
        good = core.note(shape, "VMCOREINFO", info)
        loads = [(base(shape), PHYSICAL, bytes(log.memory))]
        for notes in (cpu[:4] + shape.pack("I", 1 << 31) + cpu[8:] + good,
                      cpu[:4] + shape.pack("I", 13) + cpu[8:] + good,
                      shape.pack("I", 1 << 31) + cpu[4:] + good,
                      core.note(shape, "VMCOREINFO", bytes(99)) + good,
                      core.note(shape, "VMCOREINFO", b"OSRELEASE=x\nSYMBOL(prb)=x\n") + good,
                      core.note(shape, "VMCOREINFO", info.replace(b"PAGESIZE", b"PAGE\0IZE")),
                      core.note(shape, "VMCOREINFO", info.replace(b"\n", b"\0", 1))):
            answer = program.dump(core.elf_core(shape, notes, loads, machine=log.machine))
            assert (answer.out, answer.status) == (log.expected(), 0), name


def damaged(log, start, end, rng):
    """The log with one bit flipped in [start, end) of its memory."""
    bit = rng.randrange(8 * start, 8 * end)
    log.memory[bit // 8] ^= 1 << bit % 8
    data = log.core()
    log.memory[bit // 8] ^= 1 << bit % 8
    return data, bit


@pytest.mark.parametrize("layout", ["ring", "ends of the ring", "records", "ends of the records"])
def test_no_fewer_sound_lines_than_kexec_tools(native, peer, layout):
    """On damaged copies. tests/unit/test_printk.c has thousands of them, without that program."""
    records = [Record(b"message %d %s" % (number, b"x" * (number * 7 % 40)), number * 10**6)
               for number in range(400)]
    if "ring" in layout:
        log = Ring(LE64, records, count_bits=8, size_bits=13, exact_end=False)
        start, end = log.descs, len(log.memory)
        if "ends" in layout:
            start, end = log.rb + 3 * 8, log.rb + 5 * 8
    else:
        log = Records(LE64, records, size=1 << 13)
        start, end = log.buffer, len(log.memory)
        if "ends" in layout:
            start, end = log.first, log.next + 4
    whole = log.expected().splitlines()
    assert native.dump(log.core()).out.splitlines() == whole
    rng = random.Random(3)
    more = 0
    for _ in range(25):
        data, bit = damaged(log, start, end, rng)
        theirs = set(peer.begin_of(data, 1 << 17).splitlines())
        ours = set(native.dump(data).out.splitlines())
        lost = [line for line in whole if line in theirs and line not in ours]
        assert not lost, (bit, lost)
        more += any(line in ours and line not in theirs for line in whole)
    assert more or layout == "ring"


# --- options --------------------------------------------------------------------------

@SHAPES
def test_level_and_caller(program, shape):
    records = [Record(b"a thread", 10**9, 4, 0, 12345), Record(b"a CPU", 2 * 10**9, 6, 3, 1 << 31)]
    for log in (Ring(shape, records), Records(shape, records, caller=True)):
        data = log.core()
        assert program.dump(data, "--level").out == \
            b"<4>[    1.000000] a thread\n<30>[    2.000000] a CPU\n"
        assert program.dump(data, "--caller").out == \
            b"[    1.000000][T12345] a thread\n[    2.000000][    C0] a CPU\n"
        assert program.dump(data, "--level", "--caller").out.startswith(
            b"<4>[    1.000000][T12345] a")


def test_what_was_not_recorded_is_said(native):
    answer = native.dump(Records(LE64, MESSAGES[:1]).core(), "--caller", "--level")
    assert answer.out == b"<6>[    0.000000] Linux version 6.12\n"
    assert (answer.status, answer.err) == \
        (0, "vmcore-dmesg: this kernel has not recorded the callers\n")
    log = Ring(LE64, MESSAGES[:1])
    log.describe("printk_info", caller_id=24)   # no longer next to the level
    answer = native.dump(log.core(), "--level")
    assert (answer.out, answer.status) == (log.expected(), 0)
    assert answer.err == "vmcore-dmesg: this kernel has not recorded the levels\n"


@SHAPES
def test_records_that_may_have_another_form_give_no_level(native, shape):
    for release, known in (("3.5.0", False), ("3.5.0-rc3", False), ("3.5", False),
                           ("3.6.11", True), ("3.50.0", True)):
        log = Records(shape, MESSAGES[:1], struct="log")
        log.info["OSRELEASE"] = release
        answer = native.dump(log.core(), "--level")
        assert answer.out == (b"<6>" if known else b"") + log.expected(), release
        assert answer.err == ("" if known else
                              "vmcore-dmesg: this kernel has not recorded the levels\n")
        assert (b"level" in native.dump(log.core(), "--json").out) == known


def test_only_kernels_that_record_callers_have_them(native):
    """Before 3.11 there is something else of a vendor behind the level, if anything."""
    answer = native.dump(Records(LE64, MESSAGES[:1], struct="log", caller=True).core(), "--caller")
    assert answer.out == b"[    0.000000] Linux version 6.12\n"
    assert answer.err == "vmcore-dmesg: this kernel has not recorded the callers\n"


def test_the_text_of_old_kernels_is_not_raw(program):
    """A character lies across the end of the buffer, where the text goes round."""
    text = b"x" * 255 + "é\u202e€".encode() + b"<4>\x1b]0;\x07\x9b2J\xff\tok\r\n"
    log = Text(LE64, text)
    assert program.dump(log.core()).out == log.expected()
    assert log.expected().endswith(
        "xé".encode() + rb"\xe2\x80\xae" + "€".encode() + rb"<4>\x1b]0;\x07\x9b2J\xff"
        + b"\tok" + rb"\x0d" + b"\n")


def test_utf8(program):
    texts = {
        "é €🐧".encode(): "é €🐧".encode(),
        b"\xc0\x80\xe0\x80\x80": rb"\xc0\x80\xe0\x80\x80",        # longer than needed
        b"\xed\xa0\x80\xf4\x90\x80\x80": rb"\xed\xa0\x80\xf4\x90\x80\x80",
        b"\xc2\x9b2J\xc2\xa0": b"\\xc2\\x9b2J\xc2\xa0",           # C1 control
        b"\xe2\x82": rb"\xe2\x82",                                # cut
        "\u202edlo\u2066\u2069\u2028".encode():                   # turns the line around
            rb"\xe2\x80\xaedlo\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xa8",
    }
    log = Ring(LE64, [Record(text) for text in texts])
    expected = b"".join(b"[    0.000000] %s\n" % text for text in texts.values())
    assert program.dump(log.core(), "--utf8").out == expected


@SHAPES
def test_json(program, shape):
    log = Ring(shape, MESSAGES)
    answer = program.dump(log.core(), "--json")
    lines = [json.loads(line, parse_float=str) for line in answer.out.decode().splitlines()]
    assert [line["time"] for line in lines] == \
        [f"{one.ns // 10**9}.{one.ns % 10**9:09}" for one in log.kept]
    assert [(line["facility"], line["level"]) for line in lines] == \
        [(one.facility, one.level) for one in log.kept]
    assert [line["caller"] for line in lines][:3] == ["T1", "T77", "C3"]
    assert [line["seq"] for line in lines] == [0, 1, 2, 3, 4, 5, 7, 9]
    assert lines[1]["text"] == "tab\there \x1b[0m é \\ \"end\""
    assert lines[2]["text"] == "two\nlines"
    assert lines[5]["text"] == "nul\0in"
    assert lines[7]["text"] == "\r\x0b\x0c\x7f\\xff🐧\\xe2\\x82"

    lines = program.dump(Records(shape, MESSAGES[:1]).core(), "--json").out.splitlines()
    assert json.loads(lines[0]) == \
        {"time": 0.0, "facility": 0, "level": 6, "text": "Linux version 6.12"}
    answer = program.dump(Text(shape, b"<6>plain\n").core(), "--json")
    assert (answer.out, answer.status, answer.id) == (b"", 52, "log-plain")


def test_usage(native):
    usage = "usage: vmcore-dmesg [OPTION]... FILE"
    for words in ([], ["one", "two"], ["--no-such", "one"], ["--"], ["--", "--json", "x"]):
        answer = native.run(*words)
        assert answer.status == 1 and answer.out == b""
        assert answer.err.splitlines()[-1] == usage
    answer = native.run("--help", "--no-such")
    assert (answer.status, answer.err) == (0, "")
    assert set(re.findall(r"--(\w+)", answer.out.decode())) == \
        {"level", "caller", "json", "utf8", "help", "version"}
    assert native.run("--version").out.startswith(b"kexec-tools ")


# --- exit statuses --------------------------------------------------------------------

def test_exit_statuses_of_files(native, tmp_path):
    good = Ring(LE64, MESSAGES).core()

    def changed(offset, form, value):
        data = bytearray(good)
        struct.pack_into(form, data, offset, value)
        return bytes(data)

    answer = native.run(str(tmp_path / "none"))
    assert (answer.status, answer.id) == (2, "file-not-found")
    answer = native.run(str(tmp_path))
    assert (answer.status, answer.id) == (2, "file-type")
    for data, status, name in (
            (b"", 3, "elfcore-empty"),
            (good[:10], 3, "elfcore-empty"),
            (b"X" + good[1:], 4, "elfcore-magic"),
            (changed(6, "B", 3), 5, "elfcore-version"),
            (changed(4, "B", 3), 6, "elfcore-class"),
            (changed(5, "B", 3), 7, "elfcore-data"),
            (good[:40], 10, "file-short"),
            (changed(54, "<H", 55), 12, "elfcore-phentsize"),
            (changed(56, "<H", 0), 13, "elfcore-phnum"),
            (changed(32, "<Q", 2**64 - 1), 16, "elfcore-phoff"),
            (core.elf_core(LE64, core.note(LE64, "CORE", b"x", 1), []), 20, "elfcore-vmcoreinfo"),
            (changed(64 + 8, "<Q", 1 << 40), 22, "file-short"),
            (core.elf_core(LE64, core.note(LE64, "VMCOREINFO", b"OSRELEASE=1\n"), []), 50,
             "log-missing"),
            (b"\x7fELF" + good[4:16] + struct.pack("<H", 2) + good[18:56] + bytes(8), 11,
             "elfcore-type")):
        answer = native.dump(data)
        assert (answer.status, answer.id, answer.out) == (status, name, b"")
        assert str(native.file) in answer.err


def test_compressed_dumps_are_told(program, monkeypatch):
    """Without libkdumpfile what it is and what reads it; with it, what the library says."""
    monkeypatch.setenv("ASAN_OPTIONS", FILL_FREED)
    for head, hint in ((b"KDUMP   ", "makedumpfile --dump-dmesg FILE LOG"),
                       (b"makedumpfile\0\0\0\0", "makedumpfile -R COPY <FILE")):
        answer = program.dump(head + b"\1" * 5000)
        assert (answer.status, answer.id) in ((4, "dumpfile-missing"), (10, "dumpfile"))
        assert hint in answer.err.splitlines()[1]
        assert "--with-libkdumpfile" in answer.err or "libkdumpfile: " in answer.err
        assert answer.out == b""


def test_compressed_dumps_are_read(program, monkeypatch):
    """Sound or cut; of a cut one what is still there, in its order, and nothing else."""
    monkeypatch.setenv("ASAN_OPTIONS", FILL_FREED)
    image = base(LE64)
    log = Ring(LE64, MESSAGES)
    log.info |= {"NUMBER(VA_BITS)": "48", "NUMBER(PHYS_OFFSET)": hex(PHYSICAL),
                 "NUMBER(kimage_voffset)": hex(image - PHYSICAL), "SYMBOL(_stext)": f"{image:x}"}
    data = core.compressed_dump(LE64, log.vmcoreinfo(), bytes(log.memory), PHYSICAL)
    answer = program.dump(data)
    if not program.reads_compressed and answer.id == "dumpfile-missing":
        assert (answer.status, answer.out) == (4, b"")
        return
    assert (answer.out, answer.status, answer.err) == (log.expected(), 0, "")
    for size in (12, 464, 5000, len(data) - 5000, len(data) - 10):
        answer = program.dump(data[:size])
        assert answer.status in (10, 22, 40, 60, 65)
        assert answer.id in ("dumpfile", "log-pointer", "log-vmcoreinfo")
        expected = iter(log.expected().splitlines())
        assert all(line in expected for line in without_marks(answer.out)[0].splitlines())


def test_a_full_disk_is_an_error(program, native):
    log = Ring(LE64, [Record(b"x" * 60)] * 600, count_bits=10, size_bits=16)
    program.file.write_bytes(log.core())
    for options in ([], ["--json"]):
        with open("/dev/full", "wb") as full:
            answer = program.run(*options, str(program.file), stdout=full)
        assert (answer.status, answer.id) == (54, "output")
    with open("/dev/full", "wb") as full:
        assert native.run("--version", stdout=full).status == 54


# --- spoilt cores ---------------------------------------------------------------------

def spoilt_logs(shape):
    """Logs with one contradiction each, and the id and exit status of it."""
    records = [Record(b"message number %d" % number, number * 10**9) for number in range(40)]
    word = shape.word_size

    def ring(name, change, status):
        log = Ring(shape, records)
        change(log)
        return name, log, status

    def old(name, change, status):
        log = Records(shape, records)
        change(log)
        return name, log, status

    def third(log):
        return log.tail + 3 & log.mask

    yield ring("log-ids", lambda log: log.put_word(log.rb + 3 * word, log.tail + 32), 68)
    yield ring("log-ids", lambda log: log.put_word(log.rb + 4 * word, log.next_id), 68)
    yield ring("log-size", lambda log: log.put(log.rb, shape.pack("I", 0)), 61)
    yield ring("log-size", lambda log: log.put(log.rb, shape.pack("I", 27)), 61)
    yield ring("log-size", lambda log: log.put(log.rb + 6 * word, shape.pack("I", 64)), 61)
    yield ring("log-block", lambda log: log.put_word(log.text + log.live[2][1], 5), 66)
    yield ring("log-block",
               lambda log: log.put_word(log.desc_at(third(log)) + 2 * word, 1 << 20), 66)
    yield ring("log-block", lambda log: log.put_word(
        log.desc_at(third(log)) + word, log.live[0][2] - word // 2), 66)
    yield ring("elfcore-address", lambda log: log.put_word(log.prb, 0), 30)
    yield ring("elfcore-address", lambda log: log.put_word(log.rb + word, 16), 30)
    yield ring("elfcore-address", lambda log: log.put_word(log.rb + 2 * word, 16), 30)
    yield ring("elfcore-address", lambda log: log.put_word(log.rb + 7 * word, 16), 30)
    yield old("log-index", lambda log: log.put(log.first, shape.pack("I", 1020)), 69)
    yield old("log-loop", lambda log: log.put(log.next, shape.pack("I", 5000)), 68)
    yield old("log-loop", lambda log: log.put(log.next, shape.pack("I", 2**31)), 68)
    yield old("log-loop", lambda log: log.put(log.next, shape.pack("I", 13)), 68)
    yield old("log-record", lambda log: log.put(log.buffer, bytes(16)), 67)
    yield old("log-record", lambda log: log.put(log.buffer + 8, shape.pack("H", 8)), 67)
    yield old("log-record", lambda log: log.put(log.buffer + 8, shape.pack("H", 2000)), 67)
    yield old("log-record", lambda log: log.put(log.buffer + 10, shape.pack("H", 60000)), 67)
    yield old("log-size", lambda log: log.put(log.length, shape.pack("I", 2**31 + 1)), 61)
    yield old("elfcore-address", lambda log: log.put_word(log.pointer, 16), 30)
    text = Text(shape, b"text")
    text.put(text.chars, shape.pack("I", 257))
    yield "log-chars", text, 51
    text = Text(shape, b"text")
    text.put(text.length, bytes(4))
    yield "log-size", text, 61


def without_marks(text):
    """The log itself, and how much is marked as damaged."""
    lines = text.splitlines(keepends=True)
    marks = [line for line in lines if line.startswith(b"-- damaged")]
    counts = [int(re.match(rb"-- damaged(?: (\d+) times)?: ", mark)[1] or 1) for mark in marks]
    return b"".join(line for line in lines if line not in marks), sum(counts)


@SHAPES
def test_contradictions_are_marked(program, shape):
    """All but the damaged record is printed; for those that end in 6x, all that can be."""
    for name, log, status in spoilt_logs(shape):
        answer = program.dump(log.core())
        assert (answer.id, answer.status) == (name, status), answer.err
        if name in ("log-size", "elfcore-address"):
            continue
        text, damaged = without_marks(answer.out)
        lines = text.splitlines()
        lost = [line for line in log.expected().splitlines() if line not in lines]
        assert damaged and len(lost) <= 1, (name, lost)
        assert f"damaged in {damaged} places" in answer.err or \
            "damaged in one place" in answer.err


@SHAPES
def test_damage_in_json(native, shape):
    log = Ring(shape, [Record(b"message number %d" % number) for number in range(20)])
    log.put_word(log.desc_at(log.tail + 3 & log.mask) + 2 * log.word, 5)
    answer = native.dump(log.core(), "--json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert [line["seq"] for line in lines if "seq" in line] == list(range(20))
    assert lines[3].keys() == {"damaged", "reason"} and lines[3]["damaged"] == 1
    assert (answer.status, answer.id) == (66, "log-block")


@SHAPES
def test_cut_variables_end_as_in_kexec_tools(native, peer, shape):
    """40 where the pointer to the log is cut, 41 where it is a number."""
    seen = set()
    for name, log in layouts(shape, MESSAGES[:1]).items():
        data = log.core()
        for size in range(0, 28, 3):
            cut = data[:len(data) - len(log.memory) + size]
            ours, theirs = native.dump(cut), peer.dump(cut)
            assert ours.status == theirs.status and not ours.out, (name, size, ours.err)
            seen.add((ours.status, ours.id))
    assert seen == {(40, "log-pointer"), (41, "log-number"), (65, "file-short")}


@SHAPES
def test_text_is_cut_to_its_block(native, shape):
    log = Ring(shape, [Record(b"short"), Record(b"next")])
    log.put(log.info_at(log.tail) + 16, shape.pack("H", 60000))
    answer = native.dump(log.core())
    lines = without_marks(answer.out)[0].splitlines()
    assert lines[0].startswith(b"[    0.000000] short")
    assert len(lines[0]) < 50
    assert lines[1] == b"[    0.000000] next"
    assert (answer.status, answer.id) == (66, "log-block")


@SHAPES
def test_every_key_of_vmcoreinfo_is_wanted(native, shape):
    """Without it, or with nonsense in it, there is a message and no crash; and where kernels agree
    in what it is, or the log tells, all of the log all the same."""
    records = [Record(b"message %d" % number, ns=number * 10**6) for number in range(20)]
    optional = re.compile(r"OSRELEASE|PAGESIZE|dev_info|dict_len")
    for log in (Ring(shape, records), Records(shape, records), Text(shape, b"text")):
        for key, good in list(log.info.items()):
            if optional.search(key):
                continue
            del log.info[key]
            answer = native.dump(log.core())
            assert answer.id in ("log-vmcoreinfo", "log-missing"), key
            assert key.split("(")[-1].rstrip(")") in answer.err or key == "SYMBOL(log_buf)" \
                or key in ("SYMBOL(prb)", "SYMBOL(log_first_idx)") or "printk_log" in key
            if "SYMBOL" not in key:
                assert without_marks(answer.out)[0] == log.expected(), key
            for bad in ("", "x", "99999", str(2**64 - 1), "-1"):
                log.info[key] = bad
                answer = native.dump(log.core())
                assert answer.status, (key, bad)
                if "SYMBOL" not in key:
                    assert without_marks(answer.out)[0] == log.expected(), (key, bad)
            log.info[key] = good
            log.info = {name: value + "q" if name == key else value
                        for name, value in log.info.items()}
            assert native.dump(log.core()).out == log.expected(), key
            log.info[key] = good
        assert native.dump(log.core()).status == 0


def flipped(data, at, bits):
    """The data, once for each of the bits, with that one changed."""
    for bit in range(bits):
        changed = bytearray(data)
        changed[at + bit // 8] ^= 1 << bit % 8
        yield bit, bytes(changed)


@SHAPES
def test_sizes_that_are_wrong_cost_nothing(native, peer, shape):
    """Each bit of what says how large a log is, and of the types in the headers of a core."""
    records = [Record(b"line number %d" % number, ns=number * 10**6) for number in range(40)]
    ring, old = Ring(shape, records), Records(shape, records)
    for log, at in ((ring, ring.rb), (ring, ring.rb + 6 * ring.word), (old, old.length)):
        for bit, memory in flipped(bytes(log.memory), at, 32):
            loads = [(base(shape), PHYSICAL, memory)]
            data = log.core(loads)
            ours = native.dump(data)
            assert ours.status or ours.out == log.expected(), (at, bit)
            sound = set(log.expected().splitlines())
            theirs = set(peer.begin_of(data, 1 << 20).splitlines())
            assert not (theirs & sound) - set(ours.out.splitlines()), (at, bit)
    headers, size = (64, 56) if shape.bits == 64 else (52, 32)
    for log in (ring, old):
        for at, bits in ((16, 16), (headers, 32), (headers + size, 32)):
            for bit, data in flipped(log.core(), at, bits):
                ours = native.dump(data)
                assert (ours.status, ours.id, ours.out) == \
                    (11, "elfcore-type", log.expected()), (at, bit)


@SHAPES
def test_cut_files_give_what_is_there(native, shape):
    log = Ring(shape, [Record(b"message number %d" % number) for number in range(30)])
    data = log.core()
    whole = native.dump(data).out
    seen = set()
    text = len(data) - log.size
    for size in range(text, text + log.live[-1][2] - log.word, 41):
        answer = native.dump(data[:size])
        assert answer.status in (65, 66) and answer.id in ("file-short", "log-block")
        text, damaged = without_marks(answer.out)
        assert whole.startswith(text) and damaged == 30 - text.count(b"\n")
        seen.add(damaged)
    assert len(seen) > 10
    for size in range(0, len(data) - log.size, 97):
        answer = native.dump(data[:size])
        assert answer.status and without_marks(answer.out)[0] == b""


def test_claims_of_size_take_no_time(native):
    """2^21 descriptors that a program header says are zeros."""
    log = Ring(LE64, [Record(b"message")], first_id=0)
    log.put(log.rb, LE64.pack("I", 21))
    log.put_word(log.rb + 3 * 8, 2**21 - 1)
    log.put_word(log.rb + 8, base(LE64) + (1 << 32))
    loads = [(base(LE64), PHYSICAL, bytes(log.memory)),
             (base(LE64) + (1 << 32), 1 << 40, b"", 1 << 40)]
    answer = native.dump(log.core(loads))
    assert (answer.status, answer.id) == (68, "log-ids")
    assert without_marks(answer.out)[0] == b"" and len(answer.out) < 1000
    # The same where the file has none of it: not a read for each.
    loads[1] = (base(LE64) + (1 << 32), 1 << 40, b"", 0)
    answer = native.dump(log.core(loads))
    assert (answer.status, answer.id, len(answer.out) < 1000) == (30, "elfcore-address", True)


@SHAPES
def test_blocks_that_overlap_are_not_multiplied(program, shape):
    """But what has its own text behind them is printed."""
    log = overlapping(shape)
    answer = program.dump(log.core())
    assert (answer.status, answer.id) == (66, "log-block")
    text, damaged = without_marks(answer.out)
    assert damaged and text.count(b"\n[") <= 29 and len(text) <= 4 * log.size + 30 * 20


def test_long_vmcoreinfo_takes_no_time(native):
    """A core without virtual addresses, and texts that stand in reverse: one read for each."""
    log = Ring(LE64, [Record(b"text", number) for number in range(6000)], count_bits=13,
               size_bits=19)
    for number, identity in enumerate(log.by_id):
        log.place(identity, 64 * (6000 - number), 16)
        log.put(log.text + 64 * (6000 - number) + 8, b"reversed")
    log.info |= {"NUMBER(PAGE_OFFSET)": hex(base(LE64)), "NUMBER(PHYS_OFFSET)": hex(PHYSICAL)}
    text = log.vmcoreinfo
    log.vmcoreinfo = lambda: text() + b"\n" * 1000000
    answer = native.dump(log.core(memory_at(log, 0)))
    assert (answer.status, answer.out.count(b"] reversed\n")) == (0, 6000), answer.err


# --- where memory is ------------------------------------------------------------------

def memory_at(log, vaddr, paddr=PHYSICAL):
    return [(vaddr, paddr, bytes(log.memory))]


@pytest.mark.parametrize("va_bits, image, phys_offset", [
    (48, 0xffff800080000000, PHYSICAL),
    (39, 0xffffffc080000000, PHYSICAL),
    (52, 0xffff800080000000, PHYSICAL - (15 << 48)),
])
def test_arm64_cores_without_virtual_addresses(program, monkeypatch, va_bits, image, phys_offset):
    monkeypatch.setattr("logs.base", lambda shape: image)
    log = Ring(LE64, MESSAGES)
    log.info |= {"NUMBER(VA_BITS)": str(va_bits),
                 "NUMBER(PHYS_OFFSET)": hex(phys_offset & 2**64 - 1),
                 "NUMBER(kimage_voffset)": hex(image - PHYSICAL),
                 "SYMBOL(_stext)": f"{image:x}"}
    answer = program.dump(log.core(memory_at(log, 0)))
    assert (answer.out, answer.status) == (log.expected(), 0)


@pytest.mark.parametrize("page_offset, numbers, text", [
    (-(1 << 48), {"NUMBER(VA_BITS)": "48", "NUMBER(kimage_voffset)": "0x0"}, 0xffff800080000000),
    (-(1 << 52), {"NUMBER(VA_BITS)": "52", "NUMBER(kimage_voffset)": "0x0"}, 0xffff800080000000),
    (-(1 << 47), {"NUMBER(VA_BITS)": "48", "NUMBER(kimage_voffset)": "0x0"}, 0xffff000008080000),
], ids=["5.4", "52 bits", "before 5.4"])
def test_a_log_in_the_arm64_linear_map(program, monkeypatch, page_offset, numbers, text):
    monkeypatch.setattr("logs.base", lambda shape: page_offset + (1 << 64) + 0x1000)
    log = Ring(LE64, MESSAGES)
    log.info |= numbers | {"NUMBER(PHYS_OFFSET)": hex(PHYSICAL), "SYMBOL(_stext)": f"{text:x}"}
    answer = program.dump(log.core([(0, PHYSICAL + 0x1000, bytes(log.memory))]))
    assert (answer.out, answer.status) == (log.expected(), 0)


@pytest.mark.parametrize("image, paddr", [(0xffffffff81000000, PHYSICAL),
                                          (0xffffffffbe000000, 0x1000000)])
def test_an_x86_64_core_without_a_header_of_the_image(program, monkeypatch, image, paddr):
    """Where it is in memory is told by one number, of the second a negative one."""
    monkeypatch.setattr("logs.base", lambda shape: image)
    log = Ring(LE64, MESSAGES)
    log.info["NUMBER(phys_base)"] = str(paddr - (image - 0xffffffff80000000))
    answer = program.dump(log.core(memory_at(log, 0, paddr)))
    assert (answer.out, answer.status) == (log.expected(), 0)


def test_a_ppc64_dump_without_virtual_addresses(program, monkeypatch):
    """An ELF core, and a compressed dump, whose pages of 4 KiB libkdumpfile does not know there."""
    monkeypatch.setattr("logs.base", lambda shape: 0xc000000002000000)
    log = Ring(LE64, MESSAGES)
    log.info["SYMBOL(_stext)"] = "c000000000000000"
    answer = program.dump(log.core(memory_at(log, 0, 0x2000000)))
    assert (answer.out, answer.status) == (log.expected(), 0)
    answer = program.dump(core.compressed_dump(LE64, log.vmcoreinfo(), bytes(log.memory),
                                               0x2000000))
    if program.reads_compressed or answer.id != "dumpfile-missing":
        assert (answer.out, answer.status) == (log.expected(), 0)


@SHAPES
def test_other_machines_without_virtual_addresses(program, shape):
    log = Ring(shape, MESSAGES)
    offset = base(shape) - (1 << shape.bits)
    for numbers in ({"NUMBER(PAGE_OFFSET)": str(offset), "NUMBER(phys_ram_base)": hex(PHYSICAL)},
                    {"NUMBER(PAGE_OFFSET)": hex(base(shape)), "NUMBER(PHYS_OFFSET)": str(PHYSICAL)},
                    {"NUMBER(KERNEL_LINK_ADDR)": hex(base(shape)),
                     "NUMBER(va_kernel_pa_offset)": hex(base(shape) - PHYSICAL)}):
        plain = dict(log.info)
        log.info |= numbers
        if shape.bits == 32 and "-" in numbers.get("NUMBER(PAGE_OFFSET)", ""):
            log.info["NUMBER(PAGE_OFFSET)"] = str(base(shape))
        answer = program.dump(log.core(memory_at(log, 0)))
        log.info = plain
        assert (answer.out, answer.status) == (log.expected(), 0), numbers
    answer = program.dump(log.core(memory_at(log, 0)))
    assert (answer.status, answer.id) == (30, "elfcore-address")


def test_program_headers_by_extended_numbering(program):
    log = Ring(LE64, MESSAGES)
    assert program.dump(log.core(extended=True)).out == log.expected()


def test_memory_in_several_pieces(native):
    log = Ring(LE64, MESSAGES)
    data = bytes(log.memory)
    loads = [(base(LE64) + at, PHYSICAL + at, data[at:at + 100])
             for at in range(0, len(data), 100)]
    random.Random(1).shuffle(loads)
    assert native.dump(log.core(loads)).out == log.expected()
