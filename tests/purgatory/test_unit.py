# SPDX-License-Identifier: GPL-2.0-only
"""The C code on the host, under ASan and UBSan; the tests themselves are tests/unit/*.c."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHA256 = ["lib/sha256.c", *{
    "x86_64": ["lib/sha256_x86_64.c", "lib/sha256_x86_64_core.c",
               "lib/sha256_x86_64_vector.c"],
    "aarch64": ["lib/sha256_arm64.c", "lib/sha256_arm64_core.S"],
}.get(platform.machine(), ["lib/sha256_other.c"])]
PROGRAMS = {
    "test_sha256": SHA256,
    "test_purgatory": ["purgatory/purgatory.c", "purgatory/console.c", "purgatory/print.c",
                       *SHA256],
}
FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wvla", "-Wundef",
         "-Wcast-qual", "-Wwrite-strings", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all"]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_unit(tmp_path, compiler, program):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    binary = tmp_path / program
    subprocess.run([compiler, *FLAGS, f"-I{ROOT}", ROOT / f"tests/unit/{program}.c",
                    *(ROOT / source for source in PROGRAMS[program]), "-lcmocka", "-o", binary],
                   check=True)
    result = subprocess.run([binary], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr + result.stdout
