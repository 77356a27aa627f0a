# SPDX-License-Identifier: GPL-2.0-only
"""NIST's CAVP response files, as Debian's python3-cryptography-vectors has them."""

import os
import pathlib
import re
import subprocess

FOLDER = pathlib.Path(os.environ.get(
    "CAVP_SHA2", "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2"))


def messages(name):
    """All (message, digest in hexadecimal) of a file; no file is a failure of the tests."""
    text = (FOLDER / name).read_text()
    return [(bytes.fromhex(message)[:int(bits) // 8], digest) for bits, message, digest in
            re.findall(r"^Len = (\d+)\s+Msg = (\w+)\s+MD = (\w+)$", text, re.M)]


# What takes messages by its first argument's core, of lib/sha256.h.
CORES = {"plain": 1, "cpu": 2, "vector": 3}
SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include "lib/sha256.h"
int main(int argc, char **argv)
{
	static unsigned char data[1 << 20];
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256 ctx;
	size_t size;

	(void)argc;
	while (fread(&size, sizeof(size), 1, stdin) == 1) {
		if (size > sizeof(data) || fread(data, 1, size, stdin) != size)
			return 1;
		sha256_init(&ctx, (enum sha256_core)atoi(argv[1]));
		sha256_update(&ctx, data, size);
		sha256_final(&ctx, digest);
		for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
			printf("%02x", digest[i]);
		puts("");
	}
	return 0;
}
"""


def build(program, compiler, objects, names):
    """That, of the purgatory's own object code."""
    root = pathlib.Path(__file__).resolve().parents[2]
    subprocess.run([*compiler, "-O1", "-Wall", "-Werror", f"-I{root}", "-x", "c", "-", "-x", "none",
                    *(objects / name for name in names), "-o", program],
                   input=SOURCE.encode(), check=True)


def all_by(command, core):
    """Whether that program makes all digests right."""
    cases = messages("SHA256ShortMsg.rsp") + messages("SHA256LongMsg.rsp")
    data = b"".join(len(message).to_bytes(8, "little") + message for message, _ in cases)
    found = subprocess.run([*command, str(CORES[core])], input=data, check=True,
                           capture_output=True).stdout.decode().split()
    assert len(cases) == 65 + 64
    return found == [digest for _, digest in cases]
