#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Put one fault after the other into a copy of the tree, and see that a fast test notices.

    run.py [--folder DIR] [WORD]...    only the faults whose file, area or words have a WORD in them

Each *.toml here is an area: a fault is a file, a text that is in it once, what takes its place,
and by whom it is noticed: a unit program, or the fixtures, dmesg or purgatory layer. Prints TAP,
and a table per area. A fault that nobody notices is a failure, and so is a text that is no longer
there; tests/lint looks for the latter each time.
"""

import argparse
import collections
import os
import pathlib
import signal
import subprocess
import sys
import time
import tomllib

TOP = pathlib.Path(__file__).resolve().parents[2]
JOBS = f"-j{len(os.sched_getaffinity(0))}"
SECONDS = 900   # for one run of a test: what hangs is noticed too
# What to make for a layer, and how to run it in a build.
LAYERS = {
    "fixtures": (["sbin/kexec"], ["tests/fixtures/run", "--kexec", "{build}/sbin/kexec"]),
    "dmesg": (["sbin/vmcore-dmesg"], [sys.executable, "-m", "pytest", "-x", "-q",
                                      "-p", "no:cacheprovider", "tests/dmesg"]),
    "purgatory": (["all"], [sys.executable, "-m", "pytest", "-x", "-q",
                            "-p", "no:cacheprovider", "tests/purgatory"]),
}

Fault = collections.namedtuple("Fault", "area what file old new by")


def faults(top=TOP):
    """All of them."""
    return [Fault(path.stem, **fault) for path in sorted((top / "tests/mutants").glob("*.toml"))
            for fault in tomllib.loads(path.read_text())["fault"]]


def misplaced(top):
    """Lines about faults whose text is not in its file once, and whose test is not there."""
    for fault in faults(top):
        path = top / fault.file
        count = path.read_text().count(fault.old) if path.is_file() else 0
        if count != 1:
            yield f"{fault.area}.toml: {fault.what}: its text is in {fault.file} {count} times"
        if fault.by not in LAYERS and not (top / f"tests/unit/{fault.by}.c").is_file():
            yield f"{fault.area}.toml: {fault.what}: there is no {fault.by}"


class Copy:
    """The tree and its build, where faults are put in; what is unchanged is not built again."""

    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "build"
        names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, text=True,
                               check=True, capture_output=True).stdout.splitlines()
        for name in names:
            if (TOP / name).is_file():
                self.write(name, (TOP / name).read_bytes(), (TOP / name).stat().st_mode)
        for path in [path for path in self.tree.rglob("*") if path.is_file()]:
            if str(path.relative_to(self.tree)) not in {*names, "config/configure"} \
                    and path.parts[len(self.tree.parts)] not in ("build", "config"):
                path.unlink()
        if not (self.build / "Makefile").is_file():
            self.build.mkdir(parents=True, exist_ok=True)
            self.must([self.tree / "configure", "--enable-sanitize", "--with-libkdumpfile"],
                      self.build)

    def write(self, name, data, mode=None):
        """Only what changes gets a new time."""
        path = self.tree / name
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if mode:
            path.chmod(mode)

    @staticmethod
    def must(command, cwd):
        done = subprocess.run([str(word) for word in command], cwd=cwd, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{command[0]}: exit status {done.returncode}\n{done.stdout[-3000:]}")

    def make(self, goals):
        """Returns what went wrong, or nothing."""
        done = subprocess.run(["make", JOBS, *goals], cwd=self.build, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout[-1500:] if done.returncode else ""

    def goals(self, by):
        return LAYERS[by][0] if by in LAYERS else [f"tests/unit/{by}"]

    def passes(self, by):
        """Does the test pass in this build?"""
        command = LAYERS[by][1] if by in LAYERS else ["{build}/tests/unit/" + by]
        environ = {**os.environ, "VMCORE_DMESG": str(self.build / "sbin/vmcore-dmesg"),
                   "LIBKDUMPFILE": "1", "VMCORE_DMESG_OTHERS": "",
                   "PURGATORY_DIR": str(self.build / "purgatory")}
        # A group of its own, of which nothing stays behind.
        with subprocess.Popen([word.format(build=self.build) for word in command], cwd=self.tree,
                              env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as process:
            try:
                return process.wait(SECONDS) == 0
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return False

    def try_fault(self, fault):
        """What is wrong: nothing when the fault is noticed."""
        text = (TOP / fault.file).read_text()
        if text.count(fault.old) != 1:
            return "its text is not there once"
        self.write(fault.file, text.replace(fault.old, fault.new).encode())
        try:
            broken = self.make(self.goals(fault.by))
            if broken:
                return f"it does not compile:\n{broken}"
            return f"{fault.by} does not notice" if self.passes(fault.by) else ""
        finally:
            self.write(fault.file, text.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=TOP / "build/check/mutants")
    parser.add_argument("words", nargs="*", metavar="WORD")
    args = parser.parse_args()
    wanted = [fault for fault in faults()
              if not args.words or any(word in " ".join(fault) for word in args.words)]
    copy = Copy(args.folder)
    tests = sorted({fault.by for fault in wanted})
    print(f"1..{len(tests) + len(wanted)}", flush=True)
    number = failed = 0

    def result(words, wrong):
        nonlocal number, failed
        number += 1
        failed += bool(wrong)
        for line in wrong.splitlines():
            print(f"# {line}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {words}", flush=True)

    for by in tests:
        wrong = copy.make(copy.goals(by)) or ("" if copy.passes(by) else "it fails")
        result(f"{by} passes without a fault", wrong)
    noticed = collections.Counter()
    for fault in wanted:
        began = time.monotonic()
        wrong = copy.try_fault(fault)
        if not wrong:
            noticed[fault.area, fault.by] += 1
        result(f"{fault.file}: {fault.what} ({fault.by}, {time.monotonic() - began:.0f} s)", wrong)
    for area in sorted({fault.area for fault in wanted}):
        by = ", ".join(f"`{name}` {count}" for (where, name), count in sorted(noticed.items())
                       if where == area)
        print(f"# | {area} | {sum(fault.area == area for fault in wanted)} | {by} |")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
