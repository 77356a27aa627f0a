# SPDX-License-Identifier: GPL-2.0-only
"""What somebody who builds, installs or packages the tool meets, in a clone of the tree."""

import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
JOBS = f"-j{len(os.sched_getaffinity(0))}"
EPOCH = "1700000000"


def sh(command, cwd, **env):
    """Run a shell command; returns (exit status, everything it printed)."""
    done = subprocess.run(["sh", "-c", command], cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, env={**os.environ, **env})
    return done.returncode, done.stdout


def must(command, cwd, **env):
    """Run a shell command that has to work; returns what it printed."""
    status, text = sh(command, cwd, **env)
    assert status == 0, text
    return text


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree_files():
    """Our files, as git sees them or as the release tarball had them."""
    if (TOP / ".git").exists():
        names = must("git ls-files -co --exclude-standard", TOP).splitlines()
        return [name for name in names if (TOP / name).is_file()]
    return [str(path.relative_to(TOP)) for path in TOP.rglob("*")
            if path.is_file() and not path.relative_to(TOP).parts[0].startswith("build")]


@pytest.fixture(scope="module", name="clone")
def clone_fixture(tmp_path_factory):
    """A clean clone, with one commit."""
    clone = tmp_path_factory.mktemp("clone")
    for name in tree_files():
        if name == "config/configure":
            continue
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, clone / name)
    must("git init -q && git add -A && "
         "git -c user.name=T -c user.email=t@localhost commit -q -m test", clone)
    return clone


@pytest.fixture(scope="module", name="built")
def built_fixture(clone):
    """The clone after the two commands of the README."""
    must("./configure --enable-werror", clone)
    must(f"make {JOBS}", clone)
    return clone


def test_two_commands_leave_the_tool(built):
    version = must("build/sbin/kexec -v", built)
    assert re.match(r"kexec-tools \d+\.\d+\.\d+ ", version)


def test_the_tree_stays_clean(built):
    assert must("git status --porcelain", built) == ""


def test_the_tool_is_hardened(built):
    text = must("readelf -hldW build/sbin/kexec", built)
    assert "Type:                              DYN" in text
    assert "GNU_RELRO" in text
    assert "NOW" in text
    assert re.search(r"GNU_STACK .* RW ", text)
    assert "__stack_chk_fail" in must("nm -D build/sbin/kexec", built)


def test_few_libraries(built):
    needed = set(re.findall(r"NEEDED.*\[(\w+(?:-\w+)?)", must("readelf -dW build/sbin/kexec",
                                                                  built)))
    assert needed <= {"libfdt", "libjson-c", "libz", "liblzma", "libzstd", "liblz4", "liblzo2",
                      "libc", "ld-linux"}


def test_same_bytes_from_another_directory(built, tmp_path):
    other = tmp_path / "some/where else"
    other.mkdir(parents=True)
    status, text = sh(f"'{built}/configure' --enable-werror && make {JOBS}", other)
    assert status == 0, text
    assert sha256(other / "sbin/kexec") == sha256(built / "build/sbin/kexec")


def test_nothing_is_built_twice(built):
    assert "Nothing to be done" in must("make", built)


def test_a_changed_header_is_noticed(built):
    """One of few files, which are soon made again."""
    os.utime(built / "vmcore-dmesg/output.h")
    assert "obj/vmcore-dmesg/output.o" in must(f"make {JOBS}", built)


def test_vmcore_dmesg_needs_libc_only(built):
    """Every library counts in the memory of a capture kernel."""
    text = must("readelf -dW build/sbin/vmcore-dmesg", built)
    libraries = re.findall(r"NEEDED.*\[(.*)\]", text)
    assert [name for name in libraries if not name.startswith("ld-")] == ["libc.so.6"]


def test_install_and_uninstall(built, tmp_path):
    must(f"make install DESTDIR={tmp_path}", built)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {f"usr/local/{path}{tool}{suffix}" for tool in ("kexec", "vmcore-dmesg")
                     for path, suffix in (
                         ("sbin/", ""),
                         ("share/man/man8/", ".8"),
                         ("share/bash-completion/completions/", ""),
                         ("share/zsh/site-functions/_", ""),
                         ("share/fish/vendor_completions.d/", ".fish"))} \
        | {"usr/local/share/man/man7/kexec-messages.7"}
    assert (tmp_path / "usr/local/sbin/kexec").stat().st_mode & 0o777 == 0o755
    must(f"make uninstall DESTDIR={tmp_path}", built)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_release_is_reproducible_and_needs_no_autoconf(built, tmp_path):
    must("make dist", built, SOURCE_DATE_EPOCH=EPOCH)
    tarball = next(built.glob("build/kexec-tools-*.tar.gz"))
    first = sha256(tarball)
    tarball.unlink()
    must("touch configure.ac lib/*.c && make dist", built, SOURCE_DATE_EPOCH=EPOCH)
    assert sha256(tarball) == first

    with tarfile.open(tarball) as tar:
        tar.extractall(tmp_path)
    release = next(tmp_path.glob("kexec-tools-*"))
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "autoconf").write_text("#!/bin/sh\nexit 1\n")
    (trap / "autoconf").chmod(0o755)
    must(f"./configure && make {JOBS}", release, PATH=f"{trap}:{os.environ['PATH']}")
    assert "kexec-tools" in must("build/sbin/kexec -v", release)


def test_static(clone, tmp_path):
    must(f"{clone}/configure --enable-static && make {JOBS}", tmp_path)
    assert "NEEDED" not in must("readelf -dW sbin/kexec", tmp_path)
    must("sbin/kexec -v", tmp_path)


@pytest.mark.parametrize("header, package, switch", [
    ("zlib.h", "zlib1g-dev", "--without-zlib"),
    ("lzma.h", "liblzma-dev", "--without-lzma"),
    ("zstd.h", "libzstd-dev", "--without-zstd"),
    ("lz4frame.h", "liblz4-dev", "--without-lz4"),
    ("lzo/lzo1x.h", "liblzo2-dev", "--without-lzo"),
    ("libfdt.h", "libfdt-dev", None),
    ("json-c/json.h", "libjson-c-dev", None),
])
def test_a_missing_library_is_named(clone, tmp_path, header, package, switch):
    fake = tmp_path / "include" / header
    fake.parent.mkdir(parents=True)
    fake.write_text("#error not here\n")
    status, text = sh(f"{clone}/configure CPPFLAGS=-I{tmp_path}/include", tmp_path)
    assert status != 0
    assert f"apt-get install {package}" in text.splitlines()[-1]
    if switch:
        assert switch in text.splitlines()[-1]
        must(f"{clone}/configure {switch} CPPFLAGS=-I{tmp_path}/include", tmp_path)


@pytest.mark.parametrize("options, words", [
    ("--host=riscv64-linux-gnu", "riscv64-linux-gnu"),
    ("PURGATORY_ARM64_CC=gcc", "gcc-aarch64-linux-gnu"),
    ("--enable-static --enable-sanitize", "exclude each other"),
    ("--enable-fuzz CC=gcc", "cannot link with"),
])
def test_what_cannot_be_built_is_refused(clone, tmp_path, options, words):
    status, text = sh(f"{clone}/configure {options}", tmp_path)
    assert status != 0
    assert words in text.splitlines()[-1]


@pytest.mark.parametrize("words, status, text", [
    ("--bogus", 1, "kexec: unrecognized option '--bogus' [option-unknown]\n"
                   "kexec: hint: try 'kexec --help'\n"),
    ("-p --hotplug-size=1x K", 1, "kexec: Bad option value in --hotplug-size=1x [option-value]\n"),
    ("-p no-such-file", 1, "kexec: kernel: cannot open no-such-file: No such file or directory "
                           "[file-not-found]\n"),
    ("-p --sysroot=no-such-folder --dry-run K", 1, "[file-not-found]\n"),
    ("-p", 255, "kexec: No kernel specified [kernel-missing]\n"),
    ("-p configure", 255, "this is a script; a kernel is wanted"),
    ("-p README.md", 255, "[image-format-unknown]\n"),
    ("-s -p --dtb=D K", 1, "[file-load-option]\n"),
    ("-s -p K", 1, "kexec: kernel: cannot open K: No such file or directory [file-not-found]\n"),
])
def test_failures_as_scripts_see_them(built, words, status, text):
    """Nothing on stdout, the reason on stderr, and the exit status of the contract. None of
    these gets as far as a system call."""
    done = subprocess.run(["build/sbin/kexec", *words.split()], cwd=built, text=True,
                          capture_output=True, check=False)
    assert text in done.stderr
    assert done.stdout == ""
    assert done.returncode == status


def test_help_names_every_option_and_goes_to_stdout(built):
    done = subprocess.run(["build/sbin/kexec", "-h"], cwd=built, text=True, check=True,
                          capture_output=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "Usage: kexec [OPTION]... [KERNEL]"
    for name in ("load-panic", "hotplug", "args-linux", "mem-min", "exec"):
        assert f"--{name}" in done.stdout


def test_output_that_was_not_written_is_a_failure(built):
    status, text = sh("build/sbin/kexec -h >/dev/full", built)
    assert status == 255
    assert "[output]" in text


def test_a_load_outlives_its_reader(built):
    """Nobody reads: a load goes on to where it is refused, and who only asks ends."""
    for words, status in (("-d --real-mode -p /no/such/kernel", 1), ("-h", -signal.SIGPIPE)):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(["build/sbin/kexec", *words.split()], cwd=built, check=False,
                              stdout=writer, stderr=writer)
        os.close(writer)
        assert done.returncode == status, words


def test_a_changed_configure_ac_is_noticed(built):
    """The last of those with this build: after it, all would have to be made again."""
    os.utime(built / "configure.ac")
    text = must("make -C build obj/lib/err.o", built)
    assert "checking for gcc" in text and "obj/lib/err.o" in text
