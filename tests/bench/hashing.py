# SPDX-License-Identifier: GPL-2.0-only
"""The digest as the tool makes it, on this machine, next to OpenSSL's by the same instructions."""

import os
import subprocess
import sys

from guest import TOP, in_turn, said
from rows import Row

# Cores of lib/sha256.h, and what OpenSSL must not see of the CPU to be one of a kind with them:
# Intel's leaf 7 of CPUID, EBX bit 29.
NO_SHA = {"OPENSSL_ia32cap": ":~0x20000000"}
CORES = {"by SHA instructions": (2, {}), "without SHA instructions": (3, NO_SHA),
         "in plain C": (1, NO_SHA)}
SOURCES = ("sha256.c", "sha256_x86_64.c", "sha256_x86_64_core.c", "sha256_x86_64_vector.c")
OPENSSL = """
import hashlib, ssl, time
data, least = b"\\x5a" * (1 << 20), 1e9
for _ in range(200):
    began = time.process_time()
    digest = hashlib.sha256(data).hexdigest()
    least = min(least, time.process_time() - began)
print(least, digest, ssl.OPENSSL_VERSION)
"""


def openssl(environment):
    """As hash.c prints it, and a version."""
    return subprocess.run([sys.executable, "-c", OPENSSL], env=os.environ | environment,
                          stdout=subprocess.PIPE, text=True, check=True).stdout


def hashing(bench):
    """A MiB by each core, in turn with OpenSSL: the least of many, for a busy machine slows down
    one and not the other."""
    sources = [str(TOP / "lib" / name) for name in SOURCES]
    program = bench.compiled(["gcc", "-I", str(TOP), "-I", str(TOP / "lib"), *sources], "hash.c",
                             "hash")
    rows = []
    for words, (core, environment) in CORES.items():
        said(f"hash, {words}")
        took = {"ours": [], "peer": []}
        for who in in_turn(bench.runs, list(took)):
            text = openssl(environment) if who == "peer" else subprocess.run(
                [program, str(core)], stdout=subprocess.PIPE, text=True, check=True).stdout
            seconds, digest = text.split()[:2]
            took[who].append((float(seconds), digest))
        assert len({digest for values in took.values() for _, digest in values}) == 1
        rows.append(Row(f"SHA-256 {words} / OpenSSL: time", "ms",
                        *([1000 * value for value, _ in took[who]] for who in took), digits=3))
    peer = openssl({}).split(maxsplit=2)[2].strip()
    return rows, f"\nFor a MiB, the least of 200 in each run; the peer is {peer}.\n"
