#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The rules of CONTRIBUTING.md, as checks. Prints TAP.

    run.py --build DIR [NAME]...

DIR is a build without sanitizers, for the rules about what was compiled. Each rule is a
function that yields what breaks it. To show that it can fail, each is also run on a copy of
the tree into which one violation was planted.
"""

import argparse
import contextlib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import messages_page  # pylint: disable=wrong-import-position
import option_docs  # pylint: disable=wrong-import-position

TOP = pathlib.Path(__file__).resolve().parents[2]
RULES = []


class Tree:
    """The files of a source tree, and a build of it."""

    def __init__(self, top, build):
        self.top = top
        self.build = build
        self.files = sorted(self._files())

    def _files(self):
        """What git tracks or would track; all files where there is no git."""
        if (self.top / ".git").exists():
            names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                                   cwd=self.top, text=True, stdout=subprocess.PIPE).stdout
            return [name for name in names.splitlines() if (self.top / name).is_file()]
        return [str(path.relative_to(self.top)) for path in self.top.rglob("*")
                if path.is_file() and not path.relative_to(self.top).parts[0].startswith("build")]

    def text(self, name):
        return (self.top / name).read_text(errors="replace")

    def select(self, *suffixes, below=("",)):
        """Names that end in one of the suffixes, below one of the folders."""
        return [name for name in self.files
                if name.endswith(suffixes) and name.startswith(tuple(below))]

    def code(self, name):
        """The numbered lines of a C file without its comments and strings."""
        def blank(match):
            return re.sub(r"[^\n]", " ", match[0]) if match[0][0] == "/" else '""'
        text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, self.text(name),
                      flags=re.S)
        return enumerate(text.splitlines(), 1)

    def is_script(self, name, interpreter):
        return re.match(rb"#!.*\b" + interpreter, (self.top / name).read_bytes()[:80]) is not None


def rule(words, plant):
    """Register a rule. plant is (file, text): added to the end of that file it breaks it."""
    def register(function):
        RULES.append((function.__name__.replace("_", "-"), words, plant, function))
        return function
    return register


def calls(tree, names, below, allowed):
    """Places in C code that call one of the functions, outside the allowed files."""
    pattern = re.compile(rf"(?<![\w>.])({names})\s*\(")
    for name in tree.select(".c", ".h", below=below):
        if name in allowed:
            continue
        for number, line in tree.code(name):
            if match := pattern.search(line):
                yield f"{name}:{number}: {match[1]}()"


# --- where a line may go --------------------------------------------------------------

TOOL = ("lib/", "kexec/", "vmcore-dmesg/")


@rule("exit and abort only in main.c", ("lib/err.c", "void f(void) { exit (1); }"))
def exits(tree):
    yield from calls(tree, "exit|_exit|_Exit|quick_exit|abort|err|errx", TOOL,
                     ("kexec/cmd/main.c", "vmcore-dmesg/main.c"))


@rule("paths are opened only in lib/sysroot.c and what it is made of",
      ("kexec/system/iomem.c", "int f(void) { return open(\"/proc/iomem\", 0); }"))
def opens(tree):
    yield from calls(tree, "open|openat|creat|fopen|freopen|opendir|scandir|stat|lstat|access|"
                     "readlink|popen", TOOL, ("lib/sysroot.c", "lib/sysroot_place.c"))


@rule("the machine is changed only in kexec/syscall/",
      ("kexec/plan/plan.c", "long f(void) { return syscall(104); }"))
def syscalls(tree):
    # openat2() has no function in the C library, and changes nothing.
    allowed = tree.select(".c", below=("kexec/syscall/", "lib/sysroot_place.c"))
    yield from calls(tree, "syscall|reboot|sethostname|system|execve?|execvp?|fork", TOOL, allowed)


# What talks to the user, and what only programs that make documents use.
PRINTS = ("kexec/cmd/", "lib/printable.", "lib/roff.", *(f"vmcore-dmesg/{name}" for name in
                          ("main.c", "options.", "option_docs.c", "output.")))


@rule("nothing below kexec/cmd/ prints", ("lib/bytes.c", "void f(void) { puts(\"x\"); }"))
def prints(tree):
    pattern = re.compile(r"\b(v?f?printf|v?dprintf|f?puts|f?putc|putchar|perror|stdout|stderr)\b")
    for name in tree.select(".c", ".h", below=TOOL):
        if name.startswith(PRINTS):
            continue
        for number, line in tree.code(name):
            if match := pattern.search(line.replace("format(printf", "")):
                yield f"{name}:{number}: {match[1]}"


@rule("architecture #if only in kexec/arch/arch.c",
      ("kexec/plan/place.c", "#ifdef __aarch64__\n#endif"))
def arch_conditions(tree):
    pattern = re.compile(r"#\s*(el)?if.*__(aarch64|arm|x86_64|i386|powerpc|ppc|s390|riscv)")
    for name in tree.select(".c", ".h", below=TOOL):
        for number, line in tree.code(name):
            if pattern.search(line) and name != "kexec/arch/arch.c":
                yield f"{name}:{number}: {line.strip()}"


# For each folder, what its files may include besides their own folder and system headers.
# The longest folder that fits counts.
INCLUDES = {
    "lib/": (),
    "kexec/system/": ("lib/", "purgatory/abi.h"),
    "kexec/image/": ("lib/",),
    "kexec/plan/": ("lib/", "kexec/system/", "kexec/image/", "kexec/request.h",
                    "purgatory/abi.h"),
    "kexec/arch/": ("lib/", "kexec/system/", "kexec/image/", "kexec/plan/",
                    "kexec/request.h", "purgatory/abi.h", "purgatory/arch/", "purgatory/blob.h"),
    "kexec/syscall/": ("lib/", "kexec/system/kexec_state.h", "kexec/plan/plan.h"),
    "kexec/cmd/": ("lib/", "kexec/"),
    "purgatory/": ("lib/sha256.h",),
    "vmcore-dmesg/": ("lib/",),
}


@rule("includes point one way", ("lib/err.h", '#include "kexec/plan/plan.h"'))
def includes(tree):
    for name in tree.select(".c", ".h", ".S", below=INCLUDES):
        folder = max((folder for folder in INCLUDES if name.startswith(folder)), key=len)
        allowed = (folder, "config.h", *INCLUDES[folder])
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(name), match[1]))
            if target not in tree.files:
                target = match[1]
            if not target.startswith(allowed):
                yield f"{name}:{number}: {target}"
            inside = re.match(r"kexec/arch/(\w+)/", target)
            if inside and name != "kexec/arch/arch.c" \
                    and not name.startswith(f"kexec/arch/{inside[1]}/"):
                yield f"{name}:{number}: {target} is private to its folder"


@rule("what asks for HAVE_ or PACKAGE_ includes config.h",
      ("lib/bytes.c", "#ifdef HAVE_ZLIB\n#endif"))
def config_header(tree):
    for name in tree.select(".c", ".h", below=(*TOOL, "tests/")):
        text = tree.text(name)
        if re.search(r"\b(HAVE_[A-Z]+|PACKAGE_[A-Z]+)\b", text) \
                and '#include "config.h"' not in text:
            yield name


# --- what every file has --------------------------------------------------------------

MANUALS = (".5", ".7", ".8")
CODE = (".c", ".h", ".S", ".lds", ".py", ".sh", ".mk", ".ac", ".in", ".fish", ".bash", *MANUALS)
# Kept as somebody else wrote them.
FOREIGN = ("tests/fixtures/", "tests/fuzz/seeds/", "tests/vm/kernel/", "COPYING")


def own_code(tree):
    for name in tree.files:
        if not name.startswith(FOREIGN) or name.endswith((".py", ".c")):
            if name.endswith(CODE) or tree.is_script(name, b"(sh|bash|python3)"):
                yield name


@rule("the SPDX line comes first", ("lib/new.c", "int a;"))
def spdx(tree):
    for name in own_code(tree):
        lines = tree.text(name).splitlines()
        if lines and lines[0].startswith(("#!", "#compdef")):
            lines = lines[1:]
        if not lines or not lines[0].endswith(("SPDX-License-Identifier: GPL-2.0-only",
                                               "SPDX-License-Identifier: GPL-2.0-only */")):
            yield name


@rule("no white space at the end of a line, at most 100 columns",
      ("lib/status.c", "/* " + "x" * 100 + " */"))
def columns(tree):
    for name in [*own_code(tree), *tree.select(".md")]:
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if line != line.rstrip():
                yield f"{name}:{number}: white space at the end"
            if len(line.expandtabs(8)) > 100 and "://" not in line \
                    and not name.endswith((".8", ".fish")) \
                    and not (name.endswith(".md") and line.startswith("|")):
                yield f"{name}:{number}: {len(line.expandtabs(8))} columns"


@rule("nothing is left for later", ("lib/status.c", "/* TO" + "DO: later */"))
def leftovers(tree):
    pattern = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for name in [*own_code(tree), *tree.select(".md")]:
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()}"


@rule("header guards are the path", ("lib/new.h", "#ifndef OTHER_H\n#define OTHER_H\n#endif"))
def guards(tree):
    for name in tree.select(".h", below=(*TOOL, "purgatory/", "tests/unit/")):
        guard = re.sub(r"[/.-]", "_", name.removeprefix("tests/unit/")).upper()
        if not re.search(rf"^#ifndef (\w*_)?{guard}$", tree.text(name), re.M):
            yield f"{name}: no #ifndef {guard}"


@rule("every source is listed in sources.mk, in order, and nothing else is",
      ("tests/unit/test_new.c", "int a;"))
def sources(tree):
    unlisted = ("kexec/cmd/main.c", "kexec/cmd/option_docs.c", "vmcore-dmesg/main.c",
                "vmcore-dmesg/option_docs.c")  # with a main() of their own
    listed = set()
    for name in tree.files:
        if pathlib.Path(name).name != "sources.mk":
            continue
        names = re.findall(r"\S+\.c\b", tree.text(name))
        if names != sorted(names):
            yield f"{name}: not in order"
        listed.update(names)
    there = {name for name in tree.select(".c", below=(*TOOL, "tests/unit/test_",
                                                       "tests/fuzz/fuzz_"))
             if name not in unlisted}
    yield from (f"{name}: not listed" for name in sorted(there - listed))
    yield from (f"{name}: listed, but not there" for name in sorted(listed - there))


# --- other people's checkers ----------------------------------------------------------

def output_lines(tree, *command):
    """What a checker says; that it cannot be run is a finding as well."""
    done = subprocess.run(command, cwd=tree.top, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.splitlines()
    if done.returncode and not lines:
        lines = [f"{command[0]}: exit status {done.returncode}"]
    return lines if done.returncode else []


@rule("clang-format agrees (make format)", ("lib/status.c", "int   f( void );"))
def clang_format(tree):
    names = tree.select(".c", ".h", below=(*TOOL, "purgatory/", "tests/"))
    for line in output_lines(tree, "clang-format", "--dry-run", "-Werror", *names):
        if "error:" in line:
            yield line


@rule("shellcheck agrees", ("new.sh", "#!/bin/sh\nfunction f { :; }"))
def shellcheck(tree):
    names = [name for name in tree.files if tree.is_script(name, b"(sh|bash)")]
    yield from output_lines(tree, "shellcheck", "-S", "warning", "-e", "SC2187", "-f", "gcc",
                            *names, "completions/kexec.bash")


@rule("pyflakes agrees", ("tests/new.py", "import os"))
def pyflakes(tree):
    names = [name for name in tree.files
             if name.endswith(".py") or tree.is_script(name, b"python3")]
    yield from output_lines(tree, "pyflakes3", *names)


@rule("cppcheck agrees", ("lib/status.c", "int f(void) { int a[2]; return a[2]; }"))
def cppcheck(tree):
    yield from output_lines(tree, "cppcheck", "-q", "--error-exitcode=1", "-j2", "--std=c11",
                            "--enable=warning,portability", "--inline-suppr",
                            "--suppress=missingIncludeSystem",
                            "--suppress=unknownEvaluationOrder",  # wrong for { .a = { 0 } }
                            "-I.", "-DHAVE_ZLIB", "-DHAVE_LZMA", "-DHAVE_ZSTD", "-DHAVE_LZ4",
                            "-DHAVE_LZO",
                            *tree.select(".c", below=TOOL))


# --- documents ------------------------------------------------------------------------

@rule("manuals and completions are those of the option tables and messages (make update-docs)",
      ("completions/_kexec", "# changed"))
def option_documents(tree):
    yield from option_docs.differences(tree.top, tree.build)


@rule("the manual has no warnings", ("kexec/kexec.8", ".XX \"no such macro\""))
def manual(tree):
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", *tree.select(*MANUALS)],
                          cwd=tree.top, text=True, capture_output=True, check=False)
    yield from done.stderr.splitlines()


def message_ids(tree):
    """Every id that a message can have, with one place where it stands."""
    ids = {}
    for name in tree.select(".c", below=TOOL):
        for found in messages_page.ids_in(tree.text(name)):
            ids.setdefault(found, name)
    return ids


@rule("doc/messages.md explains every message id, and no other",
      ("lib/err.c", 'int f(void) { return err_set(err, ST_BUG, "planted-id", "x"); }'))
def messages(tree):
    ids = message_ids(tree)
    rows = []
    if "doc/messages.md" in tree.files:
        rows = re.findall(r"^\| `([a-z0-9-]+)` \|", tree.text("doc/messages.md"), re.M)
    explained = set(rows)
    yield from (f"{name} is explained more than once"
                for name in sorted(explained) if rows.count(name) > 1)
    yield from (f"{ids[name]}: {name} is not explained" for name in sorted(set(ids) - explained))
    yield from (f"{name} is explained, but no message has it"
                for name in sorted(explained - set(ids)))


@rule("every message has a hint: doc/messages.md says what to do about each",
      ("doc/messages.md", "\n| `output` | it is known what it means | see the hint |\n"))
def advice_for_all(tree):
    rows = messages_page.rows_of(tree.text("doc/messages.md"))
    yield from (f"{name}: what is to be done?"
                for name, advice in rows if not messages_page.plain(advice))


@rule("doc/errno.md lists the answers that tests/unit/test_errno.c plays",
      ("doc/errno.md", "\n| kexec_load | copy | EPLANTED | lost | 255 | x |\n"))
def errnos(tree):
    listed = re.findall(r"^\| kexec_(file_load|load) \| (\w+) \| (E\w+) \| (\w+) \| (\d+) \|",
                        tree.text("doc/errno.md"), re.M)
    played = [(call.lower(), moment.lower(), errno, outcome.lower(), status)
              for call, moment, errno, outcome, status in re.findall(
                  r"\{ (FILE_LOAD|LOAD), AT_(\w+), (E\w+), (\w+), (\d+) \}",
                  tree.text("tests/unit/test_errno.c"))]
    yield from (f"doc/errno.md: nobody plays {row}" for row in sorted(set(listed) - set(played)))
    yield from (f"doc/errno.md: nothing about {row}" for row in sorted(set(played) - set(listed)))
    yield from (f"doc/errno.md: twice {row}" for row in sorted(set(listed))
                if listed.count(row) > 1)


def exit_status_section(tree, name):
    """The numbers that the section EXIT STATUS of a manual explains."""
    text = re.search(r"^\.SH EXIT STATUS\n(.*?)^\.SH ", tree.text(name), re.M | re.S)[1]
    numbers = set()
    for tag in re.findall(r"^\.TP\n\.BR? ([\d\\ ,to]+)$", text, re.M):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", tag.replace("\\", "")):
            numbers.update(range(int(first), int(last or first) + 1))
    return numbers


@rule("EXIT STATUS of the manuals has every status, and no other",
      ("vmcore-dmesg/exit_status.c", '/* { STAGE_LOG, "planted", 99 }, */'))
def exit_statuses(tree):
    words = dict(re.findall(r"#define ((?:EXIT_STATUS|COVERAGE)_\w+)\s+(\d+)",
                            tree.text("kexec/cmd/exit_status.h")
                            + tree.text("kexec/cmd/elfcorehdr.h")))
    kexec = re.findall(r"\{ \w+, (?:NULL|\"[^\"]*\"), (\w+) \}",
                       tree.text("kexec/cmd/exit_status.c"))
    # --elfcorehdr answers by its coverage.
    kexec = [words[word] for word in kexec] \
        + [number for word, number in words.items() if word.startswith("COVERAGE_")]
    vmcore = re.findall(r"\{ STAGE_\w+, (?:NULL|\"[^\"]*\"), (\d+) \}",
                        tree.text("vmcore-dmesg/exit_status.c"))
    for name, given in (("kexec/kexec.8", kexec),
                        ("vmcore-dmesg/vmcore-dmesg.8", {"0", *vmcore})):
        given = set(map(int, given))
        explained = exit_status_section(tree, name)
        yield from (f"{name}: {number} is not explained" for number in sorted(given - explained))
        yield from (f"{name}: {number} is explained, but never given"
                    for number in sorted(explained - given))


def anchors(tree, name):
    """What a link to a heading of a document ends in, as GitHub makes it."""
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)", tree.text(name), re.M)]


@rule("doc/troubleshooting.md leads to every group of messages",
      ("doc/messages.md", "## A new group\n\n| id | |\n"))
def troubleshooting(tree):
    links_ = set(re.findall(r"messages\.md#([^)\s]+)", tree.text("doc/troubleshooting.md")))
    groups = set(anchors(tree, "doc/messages.md")[1:])
    yield from (f"nothing leads to #{name}" for name in sorted(groups - links_))
    yield from (f"#{name} is no group" for name in sorted(links_ - groups))


@rule("links in documents lead somewhere", ("NEWS.md", "[x](doc/no-such-file.md)"))
def links(tree):
    for name in tree.select(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", tree.text(name)):
            if "://" not in target and not (tree.top / name).parent.joinpath(target).exists():
                yield f"{name}: {target}"


def defined_tests(tree):
    """The names of tests: {file or layer: names in it}; a file without its suffix."""
    names = {}
    for name in tree.select(".c", ".py", ".h", below=("tests/",)):
        path = pathlib.PurePath(name)
        found = re.findall(r"^(?:static void|def) (\w+)\(", tree.text(name), re.M)
        for place in (path.stem, str(path.parent)):
            names.setdefault(place, set()).update([path.stem, *found])
    names["tests/lint"] = {function.__name__ for *_, function in RULES}
    return names


@rule("the tests that doc/testing.md names exist",
      ("doc/testing.md", "| planted | `test_options`: test_planted_by_nobody |"))
def named_tests(tree):
    text = tree.text("doc/testing.md")
    names = defined_tests(tree)
    everything = set().union(*names.values())
    for place, name in re.findall(r"(?:\| |<br>)`((?:tests/)?\w+)(?:\.c)?`: (\w+)", text):
        if place not in names:
            yield f"doc/testing.md: there is no {place}"
        # Scenarios are named by their number.
        elif not any(one == name or re.fullmatch(r"test_\d\d", name) and one.startswith(name)
                     for one in names[place]):
            yield f"doc/testing.md: {place} has no {name}"
    for name in re.findall(r"\b(?:test|trap\d\d)_\w+\*?", text):
        if not any(one == name or name.endswith("*") and one.startswith(name[:-1])
                   or re.fullmatch(r"test_\d\d", name) and one.startswith(name + "_")
                   for one in everything):
            yield f"doc/testing.md: there is no {name}"


@rule("doc/testing.md has a row for each fuzz target, and each has seeds",
      ("doc/testing.md", "| `planted` | 2026-11-21 | 1 | 1 |"))
def fuzz_targets(tree):
    rows = set(re.findall(r"^\| `(\w+)` \| ?[\d-]* \|", tree.text("doc/testing.md"), re.M))
    targets = {pathlib.PurePath(name).stem.removeprefix("fuzz_")
               for name in tree.select(".c", below=("tests/fuzz/fuzz_",))}
    yield from (f"doc/testing.md: nothing about {name}" for name in sorted(targets - rows))
    yield from (f"doc/testing.md: {name} is no target" for name in sorted(rows - targets))
    yield from (f"tests/fuzz/seeds/{name}: nothing there" for name in sorted(targets)
                if not tree.select("", below=(f"tests/fuzz/seeds/{name}/",)))


@rule("each fault of tests/mutants can be put in, and its test is there",
      ("tests/mutants/planted.toml",
       '[[fault]]\nwhat = "x"\nfile = "lib/err.c"\nold = "y"\nnew = "z"\nby = "test_err"'))
def mutants(tree):
    place = importlib.util.spec_from_file_location("mutants", TOP / "tests/mutants/run.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    yield from module.misplaced(tree.top)


@rule("one version everywhere", ("configure.ac", "AC_INIT([kexec-tools], [9.9.9])"))
def version(tree):
    number = re.findall(r"AC_INIT\(\[kexec-tools\], \[([^]]+)\]\)", tree.text("configure.ac"))[-1]
    if f"\n## {number}\n" not in tree.text("NEWS.md"):
        yield f"NEWS.md: nothing about {number}"
    for name in tree.select(*MANUALS):
        if f'"kexec-tools {number}"' not in tree.text(name):
            yield f"{name}: not of {number}"


# --- what was compiled ----------------------------------------------------------------

@rule("no mutable data outside functions", ("lib/status.c", "int planted_global;"))
def globals_(tree):
    archives = [tree.build / "libkexec.a", tree.build / "libvmcore.a"]
    if tree.top != TOP:  # the planted one is not in the archives: compile that file
        archives = [tree.build / "planted.o"]
        subprocess.run(["gcc", "-c", "-I.", "-I", tree.build, "-o", *archives, "lib/status.c"],
                       cwd=tree.top, check=True)
    done = subprocess.run(["nm", "-f", "sysv", *archives], text=True, check=True,
                          stdout=subprocess.PIPE)
    for line in done.stdout.splitlines():
        columns_ = [column.strip() for column in line.split("|")]
        if len(columns_) == 7 and re.match(r"\.(data|bss|tdata|tbss)|\*COM\*", columns_[6]) \
                and not columns_[6].startswith(".data.rel.ro"):
            yield f"{columns_[0]} in {columns_[6]}"


# --- running them ---------------------------------------------------------------------

def copy_tree(tree, folder):
    """A copy of the tree, for violations."""
    for source in tree.files:
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree.top / source, target)
        target.chmod((tree.top / source).stat().st_mode)


@contextlib.contextmanager
def planted(tree, plant, folder):
    """The copy of the tree in a folder with one violation, which is taken out again."""
    name, text = plant
    there = (folder / name).read_bytes() if (folder / name).exists() else None
    with open(folder / name, "a") as out:
        out.write(text + "\n")
    yield Tree(folder, tree.build)
    if there is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(there)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=", ".join(name for name, *_ in RULES))
    args = parser.parse_args()
    os.environ["LC_ALL"] = "C.UTF-8"
    tree = Tree(TOP, args.build.resolve())
    rules = [one for one in RULES if not args.names or one[0] in args.names]
    number = bad = 0

    def result(good, words):
        nonlocal number, bad
        number += 1
        bad += not good
        print("ok" if good else "not ok", number, "-", words, flush=True)

    print(f"1..{2 * len(rules)}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy_tree(tree, folder)
        for _, words, plant, function in rules:
            found = list(function(tree))
            for line in found:
                print("#", line)
            result(not found, words)
            with planted(tree, plant, folder) as changed:
                others = set(function(changed)) - set(found)
            result(others, f"{words}: a violation is found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
