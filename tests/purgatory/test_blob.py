# SPDX-License-Identifier: GPL-2.0-only
"""The build: what it makes, that it makes it twice, and what it refuses to make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import abi

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAINS = {
    "gcc": {"CC": "aarch64-linux-gnu-gcc", "OBJCOPY": "aarch64-linux-gnu-objcopy",
            "OBJDUMP": "aarch64-linux-gnu-objdump", "READELF": "aarch64-linux-gnu-readelf"},
    "clang": {"CC": "clang --target=aarch64-linux-gnu -fuse-ld=lld", "OBJCOPY": "llvm-objcopy",
              "OBJDUMP": "llvm-objdump", "READELF": "llvm-readelf"},
}
TOOLCHAINS_X86_64 = {
    "gcc": {"CC": "x86_64-linux-gnu-gcc", "OBJCOPY": "x86_64-linux-gnu-objcopy",
            "OBJDUMP": "x86_64-linux-gnu-objdump", "READELF": "x86_64-linux-gnu-readelf"},
    "clang": {**TOOLCHAINS["clang"], "CC": "clang --target=x86_64-linux-gnu -fuse-ld=lld"},
}
MAIN = ("	struct console console;\n\n"
        "	*outcome = (struct purgatory_outcome){ .entered = machine_ticks() };\n")


@pytest.fixture(params=TOOLCHAINS)
def toolchain(request):
    return TOOLCHAINS[request.param]


def copy_tree(directory):
    for part in ("purgatory", "lib"):
        shutil.copytree(ROOT / part, directory / part)
    return directory


def make(source, toolchain, arch="arm64", **environment):
    """Build the blob of that tree, into its own build/; like the top Makefile would."""
    tools = "".join(f"PURGATORY_{arch.upper()}_{name} = {tool}\n"
                    for name, tool in toolchain.items())
    blob = f"{source}/build/purgatory/{arch}/blob.c"
    makefile = f"srcdir = {source}\nbuilddir = {source}/build\n{tools}all: {blob}\n"
    return subprocess.run(
        ["make", "-f", "-"], cwd=source, text=True, capture_output=True,
        input=makefile + "include $(srcdir)/purgatory/build.mk\n",
        env=dict(os.environ, MAKEFLAGS="-j2", **environment))


def built(source, name, arch="arm64"):
    return (source / "build/purgatory" / arch / name).read_bytes()


def test_header(blob):
    """As abi.h says it is before the planner fills it; and nothing behind mem_size is given."""
    magic, version, size, mem_size = abi.header(blob)
    assert (magic, version, size) == (abi.MAGIC, abi.VERSION, abi.PARAMS_SIZE)
    assert len(blob) < mem_size <= 32768 and mem_size % 16 == 0
    start = abi.PARAMS_OFFSET + abi.HEADER.size
    assert not any(blob[start:abi.PARAMS_OFFSET + abi.PARAMS_SIZE])


def test_same_bytes_in_any_directory(tmp_path, toolchain):
    """Also for a user with flags of his own, another language and another time."""
    trees = copy_tree(tmp_path / "here"), copy_tree(tmp_path / "some/where/else")
    odd = {"CFLAGS": "-O0 -g", "LDFLAGS": "-Wl,-s", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo",
           "SOURCE_DATE_EPOCH": "1"}
    for tree, environment in zip(trees, ({}, odd)):
        result = make(tree, toolchain, **environment)
        assert result.returncode == 0, result.stderr
    for name in ("purgatory.bin", "blob.c"):
        assert built(trees[0], name) == built(trees[1], name)


@pytest.mark.parametrize("name", TOOLCHAINS_X86_64)
def test_x86_64_in_any_directory(tmp_path, name):
    trees = copy_tree(tmp_path / "here"), copy_tree(tmp_path / "some/where/else")
    for tree in trees:
        result = make(tree, TOOLCHAINS_X86_64[name], "x86_64")
        assert result.returncode == 0, result.stderr
    first, second = (built(tree, "purgatory.bin", "x86_64") for tree in trees)
    assert first == second


def test_array_is_the_blob(tmp_path):
    """blob.c through the host's compiler, and back."""
    tree = copy_tree(tmp_path / "tree")
    assert make(tree, TOOLCHAINS["gcc"]).returncode == 0
    program = tmp_path / "write-blob"
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{tree}", "-o", program,
         tree / "build/purgatory/arm64/blob.c", "-x", "c", "-"], check=True, text=True,
        input='#include <stdio.h>\n#include "purgatory/blob.h"\n'
              "int main(void) { return fwrite(purgatory_arm64, 1, purgatory_arm64_size, stdout)"
              " != purgatory_arm64_size; }\n")
    written = subprocess.run([program], check=True, capture_output=True).stdout
    assert written == built(tree, "purgatory.bin")


# What is put into purgatory_main(), and what the build has to say about it.
REFUSED = {
    "variable": ("static volatile int calls;\n	calls++;", "a mutable variable"),
    "initialized-variable": ("static volatile int calls = 1;\n	calls++;",
                             "a mutable variable"),
    # Not a table of strings in C: of that clang makes offsets, which is quite right.
    "relocation": ("__asm__ volatile(\".balign 8\\n.xword purgatory_main\");",
                   "needs relocation|relocation is left|cannot preempt symbol"),
    "undefined": ("void missing(void);\n	missing();",
                  "undefined reference to `missing'|undefined symbol: missing"),
    "library": ("char *getenv(const char *);\n	if (getenv(\"X\"))\n		return;", "getenv"),
    "fp-register": ("__asm__ volatile(\"fmov d0, xzr\");", "FP or SIMD|requires: fp"),
    "simd-register": ("__asm__ volatile(\"movi v31.16b, #0\");", "FP or SIMD|requires: neon"),
    "exclusive": ("__asm__ volatile(\"ldxr x9, [sp]\" ::: \"x9\");", "fault with the MMU off"),
    "zva": ("__asm__ volatile(\"dc zva, x9\");", "fault with the MMU off"),
    "size": ("__asm__ volatile(\".space 20480\");", "limit 20480"),
    "path": ("static const char file[] = __FILE__;\n	if (*(const volatile char *)file == 0)\n"
             "		return;", "paths:"),
    "new-section": ("static const int odd __attribute__((section(\"odd\"))) = 1;\n"
                    "	if (*(const volatile int *)&odd == 0)\n		return;", "orphan|odd"),
}


def test_no_way_out_of_simd(tmp_path):
    """The section that may use vector registers calls nothing that could be without them."""
    tree = copy_tree(tmp_path / "tree")
    core = tree / "lib/sha256_arm64_core.S"
    original = core.read_text()
    assert original.count("3:	ret\n") == 1
    core.write_text(original.replace("3:	ret\n", "3:	b	purgatory_main\n"))
    result = make(tree, TOOLCHAINS["gcc"])
    assert result.returncode != 0
    assert "a way out of .simd" in result.stderr, result.stderr


@pytest.fixture(scope="module")
def scratch_trees(tmp_path_factory):
    return {name: copy_tree(tmp_path_factory.mktemp(name) / "tree") for name in TOOLCHAINS}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("name", TOOLCHAINS)
def test_refused(scratch_trees, name, what):
    """A blob that could not run where it has to does not come into being."""
    statement, words = REFUSED[what]
    tree = scratch_trees[name]
    original = (ROOT / "purgatory/purgatory.c").read_text()
    assert original.count(MAIN) == 1
    source = tree / "purgatory/purgatory.c"
    source.write_text(original.replace(MAIN, "	" + statement + "\n" + MAIN))
    result = make(tree, TOOLCHAINS[name])
    assert result.returncode != 0
    assert any(word in result.stderr for word in words.split("|")), result.stderr
    assert not (tree / "build/purgatory/arm64/purgatory.bin").exists()


def test_head_is_asserted(tmp_path):
    """Parameters of another size than the planner's are an error of the build."""
    tree = copy_tree(tmp_path / "tree")
    entry = tree / "purgatory/arch/arm64/entry.S"
    entry.write_text(entry.read_text().replace("PURGATORY_PARAMS_SIZE - 24",
                                               "PURGATORY_PARAMS_SIZE - 16"))
    result = make(tree, TOOLCHAINS["gcc"])
    assert result.returncode != 0
    assert "params have not the size abi.h says" in result.stderr
