# SPDX-License-Identifier: GPL-2.0-only
"""The sizes in doc/compat.md are those of today; sizes.py --update writes them."""

import re

import generated
import sizes

# Of a number of KiB: what a compiler of another week changes.
TOLERANCE = 0.1


def test_the_table_of_sizes_holds(across):
    found = sizes.table(*sizes.measure_both(across["arm64"].deb))
    written = generated.read(sizes.DOCUMENT, sizes.SECTION)
    number = re.compile(r"(?<=\| )\d+(?= \|)")
    assert number.sub("N", found) == number.sub("N", written)
    for now, then in zip(number.findall(found), number.findall(written)):
        assert abs(int(now) - int(then)) <= TOLERANCE * int(then), found
