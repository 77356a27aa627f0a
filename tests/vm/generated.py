# SPDX-License-Identifier: GPL-2.0-only
"""Parts of documents that a test writes and then holds against what it finds."""

import re


def _pattern(name):
    return re.compile(rf"(<!-- begin {name}: [^\n]*-->\n).*?(<!-- end {name} -->)", re.S)


def read(path, name):
    """The text between the two marks of a section."""
    match = _pattern(name).search(path.read_text())
    assert match, f"{path} has no section {name}"
    return match[0][len(match[1]):-len(match[2])]


def write(path, name, text):
    """Put text between the marks of a section."""
    new, count = _pattern(name).subn(lambda match: match[1] + text + match[2], path.read_text())
    assert count == 1, f"{path} has no section {name}"
    path.write_text(new)
