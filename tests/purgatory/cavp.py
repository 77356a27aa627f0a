# SPDX-License-Identifier: GPL-2.0-only
"""NIST's CAVP response files, as Debian's python3-cryptography-vectors has them."""

import os
import pathlib
import re

FOLDER = pathlib.Path(os.environ.get(
    "CAVP_SHA2", "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2"))


def messages(name):
    """All (message, digest in hexadecimal) of a file; no file is a failure of the tests."""
    text = (FOLDER / name).read_text()
    return [(bytes.fromhex(message)[:int(bits) // 8], digest) for bits, message, digest in
            re.findall(r"^Len = (\d+)\s+Msg = (\w+)\s+MD = (\w+)$", text, re.M)]
