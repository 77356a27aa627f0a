#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Build the tree in several ways and run the test layers, fast ones first. The virtual machines,
each of which uses one processor most of the time, run beside all the others.

    run.py [LAYER]...            builds what the layers need, below build/check/
    run.py --in DIR [LAYER]...   uses the one build in DIR as it is (make check)
    run.py --only-build NAME     builds the tool in one of the ways, tests nothing (./demo)

Each test program prints TAP, pytest writes JUnit XML; both are counted here. The last line
is "N passed, N failed", with ", N skipped" when something was, and the reasons above it.
Fails when a test failed, and also when none ran.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[1]
WORK = TOP / "build/check"
LOGS = WORK / "log"
JOBS = len(os.sched_getaffinity(0))


# --- results --------------------------------------------------------------------------

@dataclasses.dataclass
class Tally:
    """What the tests of one layer came to."""
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)

    def ok(self):
        self.passed += 1

    def fail(self, what):
        self.failed.append(what)
        print(f"FAILED: {what}", flush=True)

    def skip(self, what):
        self.skipped.append(what)
        print(f"skipped: {what}", flush=True)

    def check(self, what, good):
        if good:
            self.ok()
        else:
            self.fail(what)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def summary(self):
        text = f"{self.passed} passed, {len(self.failed)} failed"
        return text + (f", {len(self.skipped)} skipped" if self.skipped else "")


def count_tap(tally, name, text, status):
    """Count one program's TAP. A plan not kept, no test at all, or a bad end is a failure."""
    plan = seen = bad = 0
    comment = ""
    for line in text.splitlines():
        if match := re.fullmatch(r"1\.\.(\d+)(\s*#.*)?", line):
            plan = int(match[1])
        elif line.startswith("#"):
            comment = line.strip("# ")
        elif match := re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*)", line):
            seen += 1
            words, _, directive = match[2].partition("#")
            what = f"{name}: {words.strip()}"
            if directive.strip().lower().startswith("skip"):
                # cmocka: "not ok 2 # SKIP name", and why in a comment of the test before it
                tally.skip(f"{what}{directive.strip()[4:].strip()}: {comment}")
            elif match[1]:
                bad += 1
                tally.fail(what)
            else:
                tally.ok()
    if seen == 0 or seen != plan:
        tally.fail(f"{name}: planned {plan} tests, ran {seen}")
    elif status and not bad:
        tally.fail(f"{name}: {ending(status)}")


def count_junit(tally, name, path, status):
    """Count the results that pytest wrote to path."""
    if not path.is_file():
        tally.fail(f"{name}: no results, {ending(status)}")
        return
    cases = bad = 0
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        cases += 1
        what = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            bad += 1
            tally.fail(what)
        elif skipped is not None:
            tally.skip(f"{what}: {skipped.get('message')}")
        else:
            tally.ok()
    if cases == 0:
        tally.fail(f"{name}: no tests")
    elif status and not bad:
        tally.fail(f"{name}: {ending(status)}")


def ending(status):
    """Words for how a process ended."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


# --- running things -------------------------------------------------------------------

def run(log, command, env=None, cwd=TOP):
    """Run a command with its output in a file below LOGS; returns (status, output)."""
    path = LOGS / f"{log}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as out:
        try:
            status = subprocess.run([str(word) for word in command], cwd=cwd, stdout=out,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                    env={**os.environ, **(env or {})}, check=False).returncode
        except OSError as error:
            out.write(f"{error}\n")
            status = 127
    return status, path.read_text(errors="replace")


def show_end(text, lines=30):
    """The last lines of an output, without tests that passed, for who sees the terminal only."""
    for line in [line for line in text.splitlines() if not line.startswith("ok ")][-lines:]:
        print("    " + line)


# --- builds ---------------------------------------------------------------------------

@dataclasses.dataclass
class Build:
    """One way to build the tree."""
    name: str
    options: tuple = ()
    arch: str = None        # Debian's name, when not this machine's
    triplet: str = None
    goals: tuple = ("all", "unit-programs")
    # Unit tests that are not run: slow, above all under emulation, and what they show another build
    # shows.
    left_out: tuple = ()
    dir: pathlib.Path = None

    def __post_init__(self):
        self.dir = self.dir or WORK / self.name

    @property
    def libraries(self):
        return WORK / f"{self.arch}-dev"

    @property
    def emulator(self):
        """The words in front of a program of this build."""
        if not self.arch:
            return []
        cpu = self.triplet.split("-")[0].replace("powerpc", "ppc")
        return [f"qemu-{cpu}-static", "-L", f"/usr/{self.triplet}",
                "-E", f"LD_LIBRARY_PATH={self.libraries}/usr/lib/{self.triplet}"]

    @property
    def unit_programs(self):
        """The unit tests that are made in this build and run there."""
        programs = [source.with_suffix("") for source in listed("tests/unit/sources.mk")]
        return [program for program in programs if program.name not in self.left_out
                and ("unit-programs" in self.goals or str(program) in self.goals)]

    def configure_options(self):
        if not self.arch:
            return list(self.options)
        usr = self.libraries / "usr"
        lib = usr / "lib" / self.triplet
        return [f"--host={self.triplet}", *self.options,
                f"CPPFLAGS=-isystem {usr}/include -isystem {usr}/include/{self.triplet}",
                f"LDFLAGS=-L{lib} -Wl,-rpath-link,{lib}"]


BUILDS = {build.name: build for build in (
    Build("gcc", ("--enable-werror",), goals=("all", "option-docs", "vmcore-option-docs")),
    # The host tests run here.
    Build("sanitize", ("--enable-werror", "--enable-sanitize", "--with-libkdumpfile"),
          goals=("all", "unit-programs", "fuzz-replayers")),
    # Also builds the purgatory with clang.
    Build("clang", ("--enable-werror", "CC=clang",
                    "PURGATORY_ARM64_CC=clang --target=aarch64-linux-gnu -fuse-ld=lld",
                    "PURGATORY_PPC64LE_CC=clang --target=powerpc64le-linux-gnu -fuse-ld=lld",
                    "PURGATORY_X86_64_CC=clang --target=x86_64-linux-gnu -fuse-ld=lld"),
          left_out=("test_read_errors",)),
    # Without any codec, and the tests that can tell.
    Build("plain", ("--enable-werror", "--without-zlib", "--without-lzma", "--without-zstd",
                    "--without-lz4", "--without-lzo"),
          goals=("all", "tests/unit/test_decompress", "tests/unit/test_identify",
                 "tests/unit/test_image")),
    Build("arm64", ("--enable-werror",), "arm64", "aarch64-linux-gnu",
          left_out=("test_decompress", "test_printk", "test_read_errors")),
    Build("ppc64le", ("--enable-werror",), "ppc64el", "powerpc64le-linux-gnu", goals=("all",)),
    # Big endian: proves the arithmetic of the planner, and that nothing is just copied.
    Build("s390x", ("--enable-werror",), "s390x", "s390x-linux-gnu",
          left_out=("test_read_errors",)),
)}

# What each layer needs; every build counts as a test of the layer that asks for it first.
LAYER_BUILDS = {
    "lint": ("gcc", "plain"),
    "build": (),
    "package": (),
    "unit": ("sanitize", "clang", "s390x", "arm64", "plain"),
    "fixtures": ("sanitize", "arm64", "ppc64le", "s390x"),
    "dmesg": ("sanitize", "arm64", "s390x"),
    "fuzz": ("sanitize",),
    "purgatory": ("sanitize", "clang"),
    "vm": ("arm64", "ppc64le", "gcc", "sanitize"),
    "clients": ("arm64", "gcc", "sanitize"),
    "kernels": ("arm64",),
    "multiboot": ("gcc",),
    "powers": ("arm64", "gcc", "ppc64le", "sanitize"),
    "readers": ("arm64", "gcc", "ppc64le", "sanitize"),
    "soak": ("arm64",),
    "mutants": (),
    "trees": ("gcc",),
}


def unpack_libraries(build):
    """Put the headers and libraries of another architecture below build/."""
    sys.path.insert(0, str(TOP / "tests/vm"))
    import debian  # pylint: disable=import-outside-toplevel

    packages = ("libfdt-dev", "libfdt1", "libjson-c-dev", "libjson-c5", "zlib1g-dev", "zlib1g",
                "liblzma-dev", "liblzma5", "libzstd-dev", "libzstd1", "liblz4-dev", "liblz4-1",
                "liblzo2-dev", "liblzo2-2", "libcmocka-dev", "libcmocka0")
    stamp = build.libraries / ".complete"
    key = debian.content_key(*packages)
    if stamp.is_file() and stamp.read_text() == key:
        return
    with debian.locked(f"libraries-{build.arch}"):
        archive = debian.Archive("bookworm", arch=build.arch)
        archive.update()
        with debian.published(build.libraries) as root:
            for deb in archive.download(packages):
                debian.unpack(deb, root, lambda path: path.startswith(("usr/include", "usr/lib")))
            (root / ".complete").write_text(key)


def make_build(tally, build):
    """Configure and build, in the directory of the last time when there was one."""
    began = time.monotonic()
    what = f"build {build.name}"
    if build.arch:
        unpack_libraries(build)
    options = build.configure_options()
    stamp = build.dir / "options"
    if not stamp.is_file() or stamp.read_text() != repr(options):
        shutil.rmtree(build.dir, ignore_errors=True)
        build.dir.mkdir(parents=True)
        status, text = run(f"configure-{build.name}", [TOP / "configure", *options], cwd=build.dir)
        if status:
            show_end(text)
            tally.fail(what + ": configure")
            return
        stamp.write_text(repr(options))
    status, text = run(f"build-{build.name}", ["make", "-k", f"-j{JOBS}", *build.goals],
                       cwd=build.dir)
    if status:
        show_end(text)
    tally.check(what, status == 0)
    print(f"   {what}: {time.monotonic() - began:.0f} s", flush=True)


# --- layers ---------------------------------------------------------------------------

class Layers:
    """Each layer is a method of its name; builds maps names to Build."""

    def __init__(self, builds, cycles):
        self.builds = builds
        self.cycles = cycles    # of a soak
        self.building = threading.Lock()

    def make_builds(self, tally, layer):
        """Those of a layer that are not there yet."""
        with self.building:
            for name in LAYER_BUILDS[layer]:
                if "given" not in self.builds and name not in self.builds:
                    make_build(tally, BUILDS[name])
                    self.builds[name] = BUILDS[name]

    def run(self, layer, *some):
        """One layer with its builds, or some of it; returns its Tally."""
        began = time.monotonic()
        title = " ".join([layer, *some])
        print(f"== {title}", flush=True)
        tally = Tally()
        self.make_builds(tally, layer)
        getattr(self, layer)(tally, *some)
        print(f"== {title}: {tally.summary()}, {time.monotonic() - began:.0f} s", flush=True)
        return tally

    def first(self, *names):
        """The first build of these names that there is."""
        return next(self.builds[name] for name in names if name in self.builds)

    def lint(self, tally):
        build = self.first("gcc", "given")
        status, text = run("lint", [sys.executable, "tests/lint/run.py", "--build", build.dir])
        count_tap(tally, "lint", text, status)
        if status:
            show_end(text)

    def build(self, tally):
        self.pytest(tally, "build", "clone", {})

    def package(self, tally):
        self.pytest(tally, "package", "debian", {})

    def unit(self, tally):
        for build in list(self.builds.values()):
            for program in build.unit_programs:
                name = f"{program.name} ({build.name})"
                status, text = run(f"unit-{build.name}/{program.name}",
                                   [*build.emulator, build.dir / program],
                                   env={"CMOCKA_MESSAGE_OUTPUT": "TAP"})
                count_tap(tally, name, text, status)
                if status:
                    show_end(text)

    def fixtures(self, tally):
        """KEXEC is the command under test; KEXEC_OTHERS are commands, one per line, that must
        make the same plans."""
        first = self.first("sanitize", "given")
        others = [build for build in list(self.builds.values()) if build.arch]
        env = {
            "KEXEC": str(first.dir / "sbin/kexec"),
            "KEXEC_OTHERS": "\n".join(" ".join([*build.emulator, str(build.dir / "sbin/kexec")])
                                      for build in others),
        }
        status, text = run("fixtures", [TOP / "tests/fixtures/run"], env=env)
        count_tap(tally, "fixtures", text, status)
        if status:
            show_end(text)

    def dmesg(self, tally):
        """VMCORE_DMESG is the native program under test; VMCORE_DMESG_OTHERS are commands, one
        per line, that must do the same. With LIBKDUMPFILE the first must read compressed dumps."""
        first = self.first("sanitize", "given")
        others = [build for build in self.builds.values()
                  if build.arch and build.name in LAYER_BUILDS["dmesg"]]
        self.pytest(tally, "dmesg", first.name, {
            "VMCORE_DMESG": str(first.dir / "sbin/vmcore-dmesg"),
            "LIBKDUMPFILE": "1" if "--with-libkdumpfile" in first.options else "",
            "VMCORE_DMESG_OTHERS": "\n".join(
                " ".join([*build.emulator, str(build.dir / "sbin/vmcore-dmesg")])
                for build in others),
        })

    def fuzz(self, tally):
        build = self.first("sanitize", "given")
        for source in listed("tests/fuzz/sources.mk"):
            target = source.stem.removeprefix("fuzz_")
            seeds = TOP / "tests/fuzz/seeds" / target
            status, text = run(f"fuzz-{target}",
                               [build.dir / f"tests/fuzz/replay_{target}", seeds])
            if status:
                show_end(text)
            tally.check(f"fuzz replay {target}: {ending(status)}", status == 0)

    def purgatory(self, tally):
        """Of a second build, only what looks at the purgatories that it made."""
        marks = ""
        for name in ("given", *LAYER_BUILDS["purgatory"]):
            if build := self.builds.get(name):
                self.pytest(tally, "purgatory", name,
                            {"PURGATORY_DIR": str(build.dir / "purgatory")}, marks=marks)
                marks = "of_a_build"

    def vm(self, tally, *machines):
        """All machines, each result shown as it comes; or these architectures' only."""
        self.pytest(tally, "vm", "arm64", self.programs(),
                    live=not machines or machines == VM_MACHINES[:1], marks=" or ".join(machines))

    def programs(self):
        """The variables that name what runs in the machines, and what reads their dumps."""
        build = self.first("arm64", "given")
        host = self.first("sanitize", "given")
        native = self.first("gcc", "given")
        return {
            "KEXEC": str(build.dir / "sbin/kexec"),
            "KEXEC_PPC64LE": str(BUILDS["ppc64le"].dir / "sbin/kexec"),
            "KEXEC_X86_64": str(native.dir / "sbin/kexec"),
            "VMCORE_DMESG_HOST": str(host.dir / "sbin/vmcore-dmesg"),
        }

    def clients(self, tally):
        """Of tests/vm, what needs a whole distribution, on all of them, and every command line."""
        for file in ("clients", "compat"):
            self.pytest(tally, f"vm/test_{file}.py", "systems",
                        self.programs() | {"KEXEC_TEST_SYSTEMS": "all"}, live=True)

    def kernels(self, tally):
        build = self.first("arm64", "given")
        self.pytest(tally, "vm/kernels.py", "arm64", {"KEXEC": str(build.dir / "sbin/kexec")},
                    live=True)

    def multiboot(self, tally):
        """Kernels of that kind, and what else is no Linux, on x86_64."""
        build = self.first("gcc", "given")
        self.pytest(tally, "vm/multiboots.py", "gcc",
                    {"KEXEC_X86_64": str(build.dir / "sbin/kexec")}, live=True)

    def powers(self, tally):
        """The machines of ppc64le with each CPU and either kind of page tables, by Debian's kernel
        and by the one at hand."""
        kernels = {"Debian's": "", "at hand": os.environ.get("KEXEC_TEST_KERNEL_PPC64LE", "")}
        cells = [["Kernel", *POWERS], ["---"] * (len(POWERS) + 1)]
        for what, kernel in kernels.items():
            if kernel == "" and what != "Debian's":
                continue
            cells.append([what])
            for power in POWERS:
                ran = Tally()
                self.pytest(ran, "vm/test_ppc64le.py", f"{what}-{power}".replace(" ", "-"),
                            self.programs() | {"KEXEC_TEST_POWER": power,
                                               "KEXEC_TEST_KERNEL_PPC64LE": kernel}, live=True)
                cells[-1].append(ran.summary())
                tally.add(ran)
        write_table("powers", cells)

    def readers(self, tally):
        """Who can read the dumps that a capture kernel offers?"""
        self.pytest(tally, "vm/readers.py", "all", {
            "KEXEC": str(self.first("arm64", "given").dir / "sbin/kexec"),
            "KEXEC_X86_64": str(self.first("gcc", "given").dir / "sbin/kexec"),
            "KEXEC_PPC64LE": str(self.first("ppc64le", "given").dir / "sbin/kexec"),
            "VMCORE_DMESG_HOST": str(self.first("sanitize", "given").dir /
                                     "sbin/vmcore-dmesg"),
        }, live=True)

    def soak(self, tally):
        build = self.first("arm64", "given")
        status = subprocess.run(
            [sys.executable, "tests/vm/soak.py", "--cycles", str(self.cycles), "--update-doc"],
            cwd=TOP, env={**os.environ, "KEXEC": str(build.dir / "sbin/kexec")},
            check=False).returncode
        tally.check(f"soak of {self.cycles} cycles: {ending(status)}", status == 0)

    def mutants(self, tally):
        """Faults in a copy of the tree, each of which a fast test has to notice."""
        status, text = run("mutants", [sys.executable, "tests/mutants/run.py"])
        count_tap(tally, "mutants", text, status)
        for line in text.splitlines():
            if line.startswith("# |"):
                print("   " + line[2:])

    def trees(self, tally):
        build = self.first("gcc", "given")
        status, text = run("trees", [TOP / "tests/trees/run"],
                           env={"KEXEC": str(build.dir / "sbin/kexec")})
        count_tap(tally, "trees", text, status)
        print("".join(line + "\n" for line in text.splitlines() if line.startswith("#")), end="")

    @staticmethod
    def pytest(tally, layer, build, env, live=False, marks=""):
        """Run the pytest folder of a layer, or a file, or what of it has one of the marks; live
        shows each result as it comes."""
        name = "-".join([*layer.split("/"), build, *(marks.split(" or ") if marks else ())])
        results = LOGS / f"{name}.xml"
        LOGS.mkdir(parents=True, exist_ok=True)
        results.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs",
                   f"--junitxml={results}", "-m", marks, f"tests/{layer}"]
        if live:
            status = subprocess.run([*command, "-v"], cwd=TOP, check=False,
                                    env={**os.environ, **env}).returncode
        else:
            status, text = run(name, command, env=env)
            if status:
                show_end(text)
        count_junit(tally, name, results, status)


# Models, and words for their kernels, see KEXEC_TEST_POWER: before POWER9 there is no radix.
POWERS = ("POWER8", "POWER9", "POWER9 disable_radix", "POWER10", "POWER10 disable_radix")


def write_table(section, rows):
    """Put what was seen into doc/testing.md."""
    sys.path.insert(0, str(TOP / "tests/vm"))
    import generated  # pylint: disable=import-outside-toplevel

    generated.write(TOP / "doc/testing.md", section,
                    "".join(f"| {' | '.join(row)} |\n" for row in rows))


# Machines of the VM layer, those first that take longest: run_lanes().
VM_MACHINES = ("arm64", "x86_64", "ppc64le")
LAYERS = ("lint", "build", "unit", "fixtures", "dmesg", "fuzz", "purgatory", "package", "vm")
# Those that run only where they are named.
LONG_LAYERS = ("clients", "kernels", "multiboot", "powers", "readers", "mutants", "trees", "soak")


def listed(sources_mk):
    """The source files that a sources.mk names."""
    text = (TOP / sources_mk).read_text()
    return [pathlib.Path(word) for word in re.findall(r"\S+\.c\b", text)]


def run_lanes(layers, wanted):
    """Run layers in two lanes: the machines that take longest in one, and the others, fast ones
    first, in whichever has nothing to do. On a machine with two processors both are at work to
    the end. The other machines' place is where much is left to run beside them."""
    tasks = [(layer,) for layer in wanted if layer != "vm"]
    late = [task for task in tasks if task[0] in ("purgatory", "package")]
    tasks = ([("vm", VM_MACHINES[0])] + [task for task in tasks if task not in late] +
             [("vm", architecture) for architecture in VM_MACHINES[1:]] + late)
    tally = Tally()

    def run_one(task):
        """What waits for nothing leaves the processors to the machines, which have timeouts. On
        Linux nice() is the thread's own, and its children's."""
        if task[0] != "vm":
            os.nice(10)
        return layers.run(*task)

    def lane():
        while tasks:
            task = tasks.pop(0)
            with concurrent.futures.ThreadPoolExecutor(1) as one:
                tally.add(one.submit(run_one, task).result())

    # All builds first that the machines need.
    layers.make_builds(tally, "vm")
    with concurrent.futures.ThreadPoolExecutor(2) as lanes:
        for done in [lanes.submit(lane), lanes.submit(lane)]:
            done.result()
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="given", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--only-build", metavar="NAME", choices=sorted(BUILDS))
    parser.add_argument("layers", nargs="*", metavar="LAYER", choices=[[], *LAYERS, *LONG_LAYERS],
                        help=", ".join(LAYERS) + "; only when named: " + ", ".join(LONG_LAYERS))
    words, cycles = sys.argv[1:], 20
    if "soak" in words and words[-1].isdigit():
        cycles = int(words.pop())
    args = parser.parse_args(words)
    if args.only_build:
        tally = Tally()
        make_build(tally, dataclasses.replace(BUILDS[args.only_build], goals=("all",)))
        return 1 if tally.failed else 0
    wanted = [layer for layer in LAYERS + LONG_LAYERS if layer in (args.layers or LAYERS)]

    if args.given:
        builds = {"given": Build("given", dir=args.given.resolve())}
    else:
        builds = {}
        shutil.rmtree(LOGS, ignore_errors=True)
    layers = Layers(builds, cycles)
    total = Tally()
    if len(wanted) > 1 and "vm" in wanted and JOBS > 1:
        total.add(run_lanes(layers, wanted))
    else:
        for layer in wanted:
            total.add(layers.run(layer))

    for title, lines in (("skipped", total.skipped), ("failed", total.failed)):
        for line in lines:
            print(f"{title}: {line}")
    print(total.summary())
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
