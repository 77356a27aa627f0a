# SPDX-License-Identifier: GPL-2.0-only
"""The build: what it makes, that it makes it twice, and what it refuses to make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import abi

ROOT = Path(__file__).resolve().parents[2]
LLVM = {"OBJCOPY": "llvm-objcopy", "OBJDUMP": "llvm-objdump", "READELF": "llvm-readelf"}


def gnu(triplet):
    return {name: f"{triplet}-{tool}" for name, tool in
            (("CC", "gcc"), ("OBJCOPY", "objcopy"), ("OBJDUMP", "objdump"), ("READELF", "readelf"))}


TOOLCHAINS = {
    (arch, name): tools
    for arch, triplet in (("arm64", "aarch64-linux-gnu"), ("ppc64le", "powerpc64le-linux-gnu"),
                          ("x86_64", "x86_64-linux-gnu"))
    for name, tools in (("gcc", gnu(triplet)),
                        ("clang", {**LLVM, "CC": f"clang --target={triplet} -fuse-ld=lld"}))}
PARAMS = {"arm64": 64, "ppc64le": 256, "x86_64": 64}  # where they are in each blob
ARCHES = tuple(PARAMS)
MAIN = ("	struct console console;\n\n"
        "	*outcome = (struct purgatory_outcome){ .entered = machine_ticks() };\n")


both = pytest.mark.parametrize("arch,name", TOOLCHAINS, ids=map("-".join, TOOLCHAINS))


def copy_tree(directory):
    for part in ("purgatory", "lib"):
        shutil.copytree(ROOT / part, directory / part)
    return directory


def make(source, arch, name, **environment):
    """Build the blob of that tree, into its own build/; like the top Makefile would."""
    tools = "".join(f"PURGATORY_{arch.upper()}_{variable} = {tool}\n"
                    for variable, tool in TOOLCHAINS[arch, name].items())
    blob = f"{source}/build/purgatory/{arch}/blob.c"
    makefile = f"srcdir = {source}\nbuilddir = {source}/build\n{tools}all: {blob}\n"
    return subprocess.run(
        ["make", "-f", "-"], cwd=source, text=True, capture_output=True,
        input=makefile + "include $(srcdir)/purgatory/build.mk\n",
        env=dict(os.environ, MAKEFLAGS="-j2", **environment))


def built(source, name, arch):
    return (source / "build/purgatory" / arch / name).read_bytes()


@pytest.mark.parametrize("arch", ARCHES)
def test_header(folder, arch):
    """As abi.h says it is before the planner fills it; and nothing behind mem_size is given."""
    blob = (folder / arch / "purgatory.bin").read_bytes()
    magic, version, size, mem_size = abi.header(blob, PARAMS[arch])
    assert (magic, version, size) == (abi.MAGIC, abi.VERSION, abi.PARAMS_SIZE)
    assert len(blob) < mem_size <= 32768 and mem_size % 16 == 0
    start = PARAMS[arch] + abi.HEADER.size
    assert not any(blob[start:PARAMS[arch] + abi.PARAMS_SIZE])


@both
def test_same_bytes_in_any_directory(tmp_path, arch, name):
    """Also for a user with flags of his own, another language and another time."""
    trees = copy_tree(tmp_path / "here"), copy_tree(tmp_path / "some/where/else")
    odd = {"CFLAGS": "-O0 -g", "LDFLAGS": "-Wl,-s", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo",
           "SOURCE_DATE_EPOCH": "1"}
    for tree, environment in zip(trees, ({}, odd)):
        result = make(tree, arch, name, **environment)
        assert result.returncode == 0, result.stderr
    for file in ("purgatory.bin", "blob.c"):
        assert built(trees[0], file, arch) == built(trees[1], file, arch)


@pytest.mark.parametrize("arch", ARCHES)
def test_array_is_the_blob(tmp_path, arch):
    """blob.c through the host's compiler, and back."""
    tree = copy_tree(tmp_path / "tree")
    assert make(tree, arch, "gcc").returncode == 0
    program = tmp_path / "write-blob"
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{tree}", "-o", program,
         tree / f"build/purgatory/{arch}/blob.c", "-x", "c", "-"], check=True, text=True,
        input='#include <stdio.h>\n#include "purgatory/blob.h"\n'
              f"int main(void) {{ return fwrite(purgatory_{arch}, 1, purgatory_{arch}_size, stdout)"
              f" != purgatory_{arch}_size; }}\n")
    written = subprocess.run([program], check=True, capture_output=True).stdout
    assert written == built(tree, "purgatory.bin", arch)


# What is put into purgatory_main(), and what the build has to say about it.
REFUSED_ANYWHERE = {
    "variable": ("static volatile int calls;\n	calls++;", "a mutable variable"),
    "initialized-variable": ("static volatile int calls = 1;\n	calls++;",
                             "a mutable variable"),
    "undefined": ("void missing(void);\n	missing();",
                  "undefined reference to `missing'|undefined symbol: missing"),
    "library": ("char *getenv(const char *);\n	if (getenv(\"X\"))\n		return;", "getenv"),
    "size": ("__asm__ volatile(\".space 24576\");", "limit 2"),
    "path": ("static const char file[] = __FILE__;\n	if (*(const volatile char *)file == 0)\n"
             "		return;", "paths:"),
    "new-section": ("static const int odd __attribute__((section(\"odd\"))) = 1;\n"
                    "	if (*(const volatile int *)&odd == 0)\n		return;", "orphan|odd"),
}
REFUSED = {
    "arm64": REFUSED_ANYWHERE | {
        # Not a table of strings in C: of that clang makes offsets, which is quite right.
        "relocation": ("__asm__ volatile(\".balign 8\\n.xword purgatory_main\");",
                       "needs relocation|relocation is left|cannot preempt symbol"),
        "fp-register": ("__asm__ volatile(\"fmov d0, xzr\");", "FP or SIMD|requires: fp"),
        "simd-register": ("__asm__ volatile(\"movi v31.16b, #0\");", "FP or SIMD|requires: neon"),
        "exclusive": ("__asm__ volatile(\"ldxr x9, [sp]\" ::: \"x9\");", "fault with the MMU off"),
        "zva": ("__asm__ volatile(\"dc zva, x9\");", "fault with the MMU off"),
    },
    "ppc64le": REFUSED_ANYWHERE | {
        "relocation": ("__asm__ volatile(\".balign 8\\n.quad purgatory_main\");",
                       "needs relocation|relocation is left|cannot preempt symbol"),
        "float": ("__asm__ volatile(\"fmr 0, 1\");", "FPU or vector registers"),
        "float-load": ("__asm__ volatile(\"lfd 0, 0(1)\");", "FPU or vector registers"),
        "vector": ("__asm__ volatile(\".long 0x100004c4\");", "FPU or vector registers"),
        "vsx": ("__asm__ volatile(\".long 0xf00004d0\");", "FPU or vector registers"),
        "absolute-toc": ("__asm__ volatile(\"lis 2, 0\" ::: \"memory\");", "an absolute TOC"),
    },
    "x86_64": REFUSED_ANYWHERE | {
        "relocation": ("__asm__ volatile(\".balign 8\\n.quad purgatory_main\");",
                       "needs relocation|relocation is left|relocations are left"
                       "|cannot preempt symbol"),
        # A load could be made a lea by the linker, an addition not.
        "got": ("uint64_t at = 0;\n"
                "	__asm__ volatile(\"addq purgatory_main@GOTPCREL(%%rip), %0\""
                " : \"+r\"(at));\n	if (at == 1)\n		return;",
                "from the GOT|relocation is left|relocations are left"),
        "plt": ("__asm__ volatile(\"call missing@PLT\");",
                "undefined reference to `missing'|undefined symbol: missing"),
        "absolute": ("__asm__ volatile(\"movl $purgatory_main, %%eax\" ::: \"eax\");",
                     "R_X86_64_32|cannot preempt symbol"),
        "sse": ("__asm__ volatile(\"pxor %xmm0, %xmm0\");", "vector registers"),
        "avx": ("__asm__ volatile(\".byte 0xc5, 0xfd, 0xef, 0xc0\");", "vector registers"),
        "fpu": ("__asm__ volatile(\"fldz; fstp %st(0)\");", "FPU"),
        "mmx": ("__asm__ volatile(\"pxor %mm0, %mm0\");", "vector registers"),
        "canary": ("__asm__ volatile(\"movq %%fs:0x28, %%rax\" ::: \"rax\");", "thread segments"),
        "thread": ("__asm__ volatile(\"movq %%gs:0, %%rax\" ::: \"rax\");", "thread segments"),
    },
}
# Where vector registers are allowed: what it ends with, and a way out.
CORES = {"arm64": ("lib/sha256_arm64_core.S", "3:	ret\n", "3:	b	purgatory_main\n"),
         "ppc64le": ("purgatory/arch/ppc64le/entry.S",
                     "	mtlr	%r0\n	blr\n\n	.section .entry\n",
                     "	b	purgatory_main\n\n	.section .entry\n"),
         "x86_64": ("purgatory/arch/x86_64/entry.S",
                    "	pxor	%xmm\\n, %xmm\\n\n	.endr\n	ret\n",
                    "	pxor	%xmm\\n, %xmm\\n\n	.endr\n	jmp	purgatory_main\n")}


@pytest.mark.parametrize("arch", ARCHES)
def test_no_way_out_of_simd(tmp_path, arch):
    """The section that may use vector registers calls nothing that could be without them."""
    tree = copy_tree(tmp_path / "tree")
    file, end, way_out = CORES[arch]
    original = (tree / file).read_text()
    assert original.count(end) == 1
    (tree / file).write_text(original.replace(end, way_out))
    result = make(tree, arch, "gcc")
    assert result.returncode != 0
    assert "a way out of .simd" in result.stderr, result.stderr


@pytest.fixture(scope="module")
def scratch_trees(tmp_path_factory):
    return {which: copy_tree(tmp_path_factory.mktemp("-".join(which)) / "tree")
            for which in TOOLCHAINS}


@pytest.mark.parametrize("arch,name,what", [
    pytest.param(arch, name, what, id=f"{arch}-{name}-{what}")
    for arch, name in TOOLCHAINS for what in REFUSED[arch]])
def test_refused(scratch_trees, arch, name, what):
    """A blob that could not run where it has to does not come into being."""
    statement, words = REFUSED[arch][what]
    tree = scratch_trees[arch, name]
    original = (ROOT / "purgatory/purgatory.c").read_text()
    assert original.count(MAIN) == 1
    source = tree / "purgatory/purgatory.c"
    source.write_text(original.replace(MAIN, "	" + statement + "\n" + MAIN))
    result = make(tree, arch, name)
    assert result.returncode != 0
    assert any(word in result.stderr for word in words.split("|")), result.stderr
    assert not (tree / f"build/purgatory/{arch}/purgatory.bin").exists()


@pytest.mark.parametrize("arch", ARCHES)
def test_head_is_asserted(tmp_path, arch):
    """Parameters of another size than the planner's are an error of the build."""
    tree = copy_tree(tmp_path / "tree")
    entry = tree / f"purgatory/arch/{arch}/entry.S"
    entry.write_text(entry.read_text().replace("PURGATORY_PARAMS_SIZE - 24",
                                               "PURGATORY_PARAMS_SIZE - 16"))
    result = make(tree, arch, "gcc")
    assert result.returncode != 0
    assert "params have not the size abi.h says" in result.stderr
