# SPDX-License-Identifier: GPL-2.0-only
"""Programs that read dumps, each with what it has to find in one of dumps.Dump.

A reader gets the system that it is installed in, where the dump is /dumps/core and, if there is
one, the kernel with debug information /dumps/vmlinux. It answers with its verdict: one of the
words of VERDICTS and, where the reader said something, its own words.
"""

import dataclasses
import json
import os
import re
import subprocess

from vmcore import find_in_elf_dump

# What a dump is looked for on its way: the same bytes.
CORE, VMLINUX, OUT = "/dumps/core", "/dumps/vmlinux", "/dumps/out"
VERDICTS = ("reads all", "reads a part", "refuses", "wrong, silently", "not tried")
# Programs for the dumps of the architecture that they were built for.
OF_ITS_OWN = ("makedumpfile", "crash")
PACKAGES = ("crash", "python3-drgn", "makedumpfile", "python3-libkdumpfile", "elfutils",
            "gdb-multiarch", "binutils", "kexec-tools")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One of VERDICTS, and words for people."""
    outcome: str
    words: str = ""

    def __str__(self):
        return f"{self.outcome}: {self.words}" if self.words else self.outcome


ALL = Verdict("reads all")
NO_SYMBOLS = Verdict("not tried", "no debug information of this kernel")


def last_words(text, *hints):
    """The line that says why: the last one with a hint, of which the first is best, or of all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for hint in (*hints, ""):
        told = [line for line in lines if hint in line]
        if told:
            return told[-1][:160]
    return "(nothing)"


def judged(missing, text, *hints):
    """What of it was not found decides; with all of it found nothing does."""
    if not missing:
        return ALL
    return Verdict("reads a part", f"not {', '.join(missing)}; says {last_words(text, *hints)!r}")


# --- the headers -------------------------------------------------------------------------

def headers(system, dump, program):
    """The headers of memory, and the notes, without a complaint."""
    status, text = system.sh(f"{program} -lnW {CORE} 2>&1")
    complaints = [line for line in text.splitlines() if re.match(r"\S*readelf: ", line)]
    loads = len(re.findall(r"^ +LOAD ", text, re.M))
    if status or complaints:
        return Verdict("reads a part", last_words("\n".join(complaints) or text))
    if loads != dump.loads or "VMCOREINFO" not in text:
        return Verdict("wrong, silently", f"{loads} of {dump.loads} headers")
    return ALL


def readelf(system, dump, _):
    return headers(system, dump, "readelf")


def eu_readelf(system, dump, _):
    return headers(system, dump, "eu-readelf")


def gdb(system, dump, _):
    """Without symbols: registers of each CPU, and memory by the addresses of the kernel."""
    at, data = next(iter(dump.virtual.items()), (0, b""))
    count = len(data) // 8
    status, text = system.sh(
        f"gdb-multiarch -nx -batch -ex 'core-file {CORE}' -ex 'info threads' "
        f"-ex 'x/{count}xg {at:#x}' 2>&1")
    lines = re.findall(r"^0x[0-9a-f]+:((?:\s+0x[0-9a-f]+)+)$", text, re.M)
    words = [int(word, 16) for line in lines for word in line.split()]
    found = b"".join(word.to_bytes(8, "little") for word in words)
    missing = []
    threads = len(re.findall(r"^[* ] +\d+ ", text, re.M))
    if threads < dump.cpus:
        missing.append(f"{dump.cpus} threads but {threads}")
    if found != data or not data:
        missing.append("memory")
    return judged(missing, text, "annot", "rror", "arning") if not status or missing else \
        Verdict("refuses", last_words(text))


# --- makedumpfile -------------------------------------------------------------------------

def makedumpfile(system, dump, _):
    """Each way to write a dump, and back from the flattened one; the log, also out of one."""
    missing, said = [], ""
    for what, command in {
            "zlib (-c)": f"makedumpfile -f -c -d 31 {CORE} {OUT}",
            "lzo (-l)": f"makedumpfile -f -l -d 31 {CORE} {OUT}",
            "zstd (-z)": f"makedumpfile -f -z -d 31 {CORE} {OUT}",
            # With nothing to read -R does not end.
            "flattened and back": f"makedumpfile -F -c -d 31 {CORE} >{OUT}2; "
                                  f"makedumpfile -f -R {OUT} <{OUT}2",
            "ELF (-E)": f"makedumpfile -f -E -d 1 {CORE} {OUT}"}.items():
        status, text = system.sh(f"rm -f {OUT}; {command}")
        if status or "saved to" not in text:
            missing.append(what)
            said = said or text
    if len(missing) == 5:
        return Verdict("refuses", last_words(said, "supported", "an't", "not"))
    for at, data in dump.markers.items():
        if find_in_elf_dump(system / OUT.lstrip("/"), at, len(data)) != data:
            return Verdict("wrong, silently", "memory of the ELF dump")
    for path, options in ((CORE, ""), (f"{OUT}2", f"makedumpfile -f -c -d 31 {CORE} {OUT}2 && ")):
        status, text = system.sh(
            f"rm -f {OUT} {OUT}2; {options}makedumpfile --dump-dmesg {path} {OUT} && cat {OUT}")
        if not status and "Kernel panic - not syncing" in text:
            continue
        if not options:
            missing.append("the log")
            said = said or text
        elif not {"the log", "zlib (-c)"} & set(missing):
            words = last_words(text, "an't")
            return Verdict("wrong, silently", "-d 31 leaves out pages of the kernel; of what it "
                           f"writes it says itself {words!r}")
    return judged(missing, said, "supported", "an't")


# --- readers of a kernel -------------------------------------------------------------------

def crash(system, dump, vmlinux):
    """A session: the machine, its CPUs, its log, a page."""
    if not vmlinux:
        return NO_SYMBOLS
    at, data = next(iter(dump.markers.items()))
    count = len(data) // 8
    (system / "dumps/commands").write_text(
        f"sys\nbt -a\nrd -p {at:#x} {count}\nps\nlog\nexit\n")
    status, text = system.sh(f"TERM=dumb crash -s -i /dumps/commands {VMLINUX} {CORE} 2>&1 "
                             "</dev/null")
    if "PANIC:" not in text:
        return Verdict("refuses", last_words(text, "crash: "))
    lines = re.findall(r"^ +[0-9a-f]+: ((?: *[0-9a-f]{16})+)", text, re.M)
    words = [int(word, 16) for line in lines for word in line.split()]
    missing = [name for name, there in {
        "the panic": "sysrq triggered crash" in text,
        "registers of each CPU": len(re.findall(r"^PID: ", text, re.M)) >= dump.cpus,
        "memory": b"".join(word.to_bytes(8, "little") for word in words) == data,
        "tasks": "swapper/0" in text,
        "the log": dump.log.splitlines()[-1].split("] ", 1)[-1] in text}.items() if not there]
    return judged(missing, text, "crash: ") if not status or missing else \
        Verdict("reads all", f"exit status {status}")


def run_script(system, script, dump, symbols):
    """Run a Python script in it, with the first marker in place of these words; returns (what it
    printed last, None), or (None, the verdict on one that failed), and the marker's bytes."""
    at, data = next(iter(dump.markers.items()))
    virtual = next((address for address, found in dump.virtual.items() if found == data), 0)
    for name, value in {"PHYSICAL": at, "VIRTUAL": virtual, "SIZE": len(data),
                        "SYMBOLS": symbols}.items():
        script = script.replace(name, repr(value))
    (system / "dumps/look.py").write_text(script)
    status, text = system.sh("python3 /dumps/look.py 2>&1")
    if status:
        return None, Verdict("refuses", last_words(text)), data.hex()
    return json.loads(text.splitlines()[-1]), None, data.hex()


DRGN = """
import json, sys, drgn
program = drgn.Program()
program.set_core_dump("/dumps/core")
said = {"platform": str(program.platform), "linux": bool(
    program.flags & drgn.ProgramFlags.IS_LINUX_KERNEL)}
try:
    said["physical"] = program.read(PHYSICAL, SIZE, True).hex()
except Exception as error:
    said["error"] = str(error)
if SYMBOLS:
    program.load_debug_info(["/dumps/vmlinux"])
    from drgn.helpers.linux import for_each_task, for_each_online_cpu
    said["tasks"] = [task.comm.string_().decode() for task in for_each_task(program)]
    said["cpus"] = len(list(for_each_online_cpu(program)))
    said["release"] = program["init_uts_ns"].name.release.string_().decode()
    try:
        said["virtual"] = program.read(VIRTUAL, SIZE).hex()
        said["trace"] = len(list(program.crashed_thread().stack_trace()))
    except Exception as error:
        said["error"] = str(error)
print(json.dumps(said))
"""


def drgn(system, dump, vmlinux):
    """Physical memory; with symbols tasks, CPUs, the crashed thread."""
    said, failed, marker = run_script(system, DRGN, dump, bool(vmlinux))
    if failed:
        return failed
    missing = [] if said.get("physical") == marker else ["physical memory"]
    if vmlinux:
        missing += [name for name, there in {
            "tasks": "swapper/0" in said["tasks"] or "init" in said["tasks"],
            "release": said["release"] == dump.release,
            "memory": said.get("virtual") == marker,
            "the crashed thread": said.get("trace", 0) > 1}.items() if not there]
    if not missing and not vmlinux:
        return Verdict("reads all", "physical memory; the rest takes debug information, of which "
                       "there is none")
    return judged(missing, said.get("error", ""))


# Its module has other names since 0.5.5.
LIBKDUMPFILE = """
import json, kdumpfile
said = {}
with open("/dumps/core", "rb") as file:
    if hasattr(kdumpfile, "Context"):
        dump = kdumpfile.Context()
        dump.attr["file.fd"] = file.fileno()
        spaces = kdumpfile.MACHPHYSADDR, kdumpfile.KVADDR
    else:
        dump = kdumpfile.kdumpfile("/dumps/core")
        spaces = kdumpfile.KDUMP_MACHPHYSADDR, kdumpfile.KDUMP_KVADDR
    def look(name, get):
        try:
            said[name] = get()
        except Exception as error:
            said[name + " error"] = repr(error)
    look("release", lambda: dump.attr["linux.uts.release"])
    look("physical", lambda: bytes(dump.read(spaces[0], PHYSICAL, SIZE)).hex())
    look("virtual", lambda: bytes(dump.read(spaces[1], VIRTUAL, SIZE)).hex())
    if "virtual" not in said:
        dump.attr["addrxlat.ostype"] = "linux"
        look("with type", lambda: bytes(dump.read(spaces[1], VIRTUAL, SIZE)).hex())
print(json.dumps(said))
"""


def libkdumpfile(system, dump, _):
    """What it says of the dump, physical memory, memory by the addresses of the kernel."""
    said, failed, marker = run_script(system, LIBKDUMPFILE, dump, False)
    if failed:
        return failed
    missing = [name for name, there in {
        "the release": said.get("release") == dump.release,
        "physical memory": said.get("physical") == marker,
        "memory": marker in (said.get("virtual"), said.get("with type"))}.items()
        if not there]
    errors = " ".join(value for key, value in said.items() if key.endswith("error"))
    if missing:
        return judged(missing, errors)
    if said.get("virtual") != marker:
        return Verdict("reads all", 'once `attr["addrxlat.ostype"] = "linux"` is set')
    return ALL


# --- the log --------------------------------------------------------------------------------

def vmcore_dmesg(system, dump, _):
    """kexec-tools'."""
    status, text = system.sh(f"/usr/sbin/vmcore-dmesg {CORE} 2>&1")
    if status:
        return Verdict("refuses", last_words(text))
    return ALL if text == dump.log else Verdict("wrong, silently", "another log than ours")


def our_vmcore_dmesg(system, dump, _):
    """Ours, of the dump and of what makedumpfile makes of it."""
    program = os.environ["VMCORE_DMESG_HOST"]
    missing, said = [], ""
    for what, options in (("ELF", None), ("ELF (-E)", "-E -d 31"), ("zlib (-c)", "-c -d 31")):
        path = dump.path
        if options:
            status, text = system.sh(f"rm -f {OUT}; makedumpfile -f {options} {CORE} {OUT}")
            if status:
                continue    # said in makedumpfile's own column
            path = system / OUT.lstrip("/")
        done = subprocess.run([program, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        text = done.stdout.decode(errors="replace")
        if done.returncode or text != dump.log:
            missing.append(what)
            said = said or text
    return judged(missing, said)


# By their names for people.
READERS = {
    "readelf": readelf, "eu-readelf": eu_readelf, "gdb": gdb, "makedumpfile": makedumpfile,
    "crash": crash, "drgn": drgn, "libkdumpfile": libkdumpfile,
    "vmcore-dmesg of kexec-tools": vmcore_dmesg, "vmcore-dmesg": our_vmcore_dmesg,
}
PACKAGE_OF = {"readelf": "binutils", "eu-readelf": "elfutils", "gdb": "gdb-multiarch",
              "makedumpfile": "makedumpfile", "crash": "crash", "drgn": "python3-drgn",
              "libkdumpfile": "python3-libkdumpfile",
              "vmcore-dmesg of kexec-tools": "kexec-tools"}
