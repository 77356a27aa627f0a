# SPDX-License-Identifier: GPL-2.0-only
"""kexec-messages(7) and the programs' hints (advice_rows.h), made from doc/messages.md."""

import re
import textwrap

SOURCE = "doc/messages.md"
PAGE = "kexec/kexec-messages.7"
# Each program and the table of its hints, which has those of the messages that it can print.
ADVICE = {"kexec": "kexec/cmd/advice_rows.h", "vmcore-dmesg": "vmcore-dmesg/advice_rows.h"}
ID = r'"([a-z0-9]+(?:-[a-z0-9]+)*)"'
ERR_SET = re.compile(rf'\berr_set(?:_errno)?\(\s*[^;]*?{ID}(?:\s*:\s*{ID})?', re.S)

HEAD = r"""{comment} SPDX-License-Identifier: GPL-2.0-only
{comment} Made from {source} by make update-docs.
.TH KEXEC-MESSAGES 7 "" "kexec-tools {version}" "Miscellaneous"
.SH NAME
kexec-messages \- what the messages of kexec and vmcore-dmesg mean, and what to do
.SH DESCRIPTION
"""
TAIL = """.SH SEE ALSO
.BR kexec (8),
.BR vmcore-dmesg (8)
"""


def inline(text):
    """The words of a Markdown text as roff."""
    def code(word):
        return r"\fB" + word.replace("\\", r"\e").replace("-", r"\-") + r"\fP"

    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    pieces = re.split(r"`([^`]*)`", text)
    for at, piece in enumerate(pieces):
        if at % 2:
            pieces[at] = code(piece)
            continue
        # Paths are to be copied, so their hyphens are that; and pages are set as ever.
        piece = re.sub(r"\S*/\S*", lambda match: match[0].replace("-", r"\-"), piece)
        pieces[at] = re.sub(r"\b([\w-]+)\((\d)\)", r"\\fB\1\\fP(\2)", piece)
    return "".join(pieces)


def paragraph(text):
    """One or more sentences, each on a line of its own; what is code stays whole."""
    text = re.sub("`[^`]*`", lambda match: match[0].replace(" ", "\0"), " ".join(text.split()))
    lines = []
    for one in re.split(r"(?<=[.:]) (?=[A-Z`])", text):
        lines += textwrap.wrap(inline(one), 100, break_long_words=False, break_on_hyphens=False)
    return "".join((r"\&" if line[0] in ".'" else "") + line.replace("\0", " ") + "\n"
                   for line in lines)


def sentence(words):
    """A cell of a table as a sentence."""
    words = words.strip()
    if not words:
        return ""
    if words[0] != "`" and not words.split()[0].endswith("_load(2)"):
        words = words[0].upper() + words[1:]
    return words + ("" if words[-1] in ".?" else ".")


ADVICE_HEAD = """/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Made from {source} by make update-docs: the ids of what {program} can say, each
 * with its advice behind it, and an empty id. One string, since a table of pointers takes as much
 * again in a program that can be anywhere.
 */
#ifndef {guard}
#define {guard}

/* clang-format off */
static const char advice_rows[] =
"""
ADVICE_TAIL = """	"";
/* clang-format on */

#endif
"""
# Of what has no column for it: our own mistakes.
REPORT = "please report it, with the whole command line and what --dry-run=json prints"


def rows_of(text):
    """(id, what to do) of each message."""
    for line in text.splitlines():
        if line.startswith("| `"):
            name, _, *advice = [cell.strip() for cell in line.strip("|").split(" | ")]
            yield name.strip(" `"), advice[0] if advice else REPORT


def plain(text):
    """The words of a Markdown text, without those about a hint: this is one."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", "")
    return "; ".join(part for part in text.split("; ") if "the hint" not in part)


def ids_in(text):
    """Every id that an error of a C source can have."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return [name for match in ERR_SET.finditer(text) for name in match.groups() if name]


def sources_of(tree, program):
    """The files whose messages a program can print: its own, and of lib/ what they include, and
    the parts of that."""
    left = sorted((tree / program).rglob("*.[ch]"))
    found = set()
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            for name in re.findall(r'^#include "(lib/\w+)\.h"', file.read_text(), re.M):
                left += [*tree.glob(f"{name}.[ch]"), *tree.glob(f"{name}_*.[ch]")]
    return found


def advice(tree, program):
    """The text of a program's advice_rows.h."""
    guard = ADVICE[program].upper().replace("/", "_").replace("-", "_").replace(".", "_")
    made_text = ADVICE_HEAD.format(source=SOURCE, program=program, guard=guard)
    ids = {name for file in sources_of(tree, program) for name in ids_in(file.read_text())}
    for name, words in sorted(rows_of((tree / SOURCE).read_text())):
        lines = textwrap.wrap(plain(words), 76, break_long_words=False, break_on_hyphens=False)
        lines = [line.replace("\\", r"\\").replace('"', r'\"') for line in lines]
        if lines and name in ids:
            made_text += f'\t"{name}\\0"\n\t\t"' + ' "\n\t\t"'.join(lines) + '\\0"\n'
    return made_text + ADVICE_TAIL


def made(tree):
    """The text of the page."""
    version = re.findall(r"AC_INIT\(\[kexec-tools\], \[([^]]+)\]\)",
                         (tree / "configure.ac").read_text())[-1]
    page = HEAD.format(comment='.\\"', source=SOURCE, version=version)
    blocks = (tree / SOURCE).read_text().strip().split("\n\n")
    assert blocks[0].startswith("# "), blocks[0]
    after_heading = True
    for block in blocks[1:]:
        if block.startswith("## "):
            page += f'.SH "{inline(block[3:]).upper()}"\n'
        elif block.startswith("| "):
            for row in block.splitlines()[2:]:
                name, *cells = [cell.strip() for cell in row.strip("|").split(" | ")]
                page += f".TP\n.B {name.strip('`')}\n".replace("-", r"\-")
                page += paragraph(" ".join(sentence(cell) for cell in cells))
        elif not block.startswith("<!--"):
            page += ("" if after_heading else ".PP\n") + paragraph(block)
        after_heading = block.startswith("## ")
    return page + TAIL
