#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what is made from the option table with what is in the tree.

    option_docs.py [--update] OPTION-DOCS

OPTION-DOCS is the program built from kexec/cmd/option_docs.c. Prints the files that differ
and fails, or, with --update, rewrites them.
"""

import argparse
import pathlib
import subprocess
import sys

BEGIN = '.\\" options: begin'
END = '.\\" options: end'
COMPLETIONS = {
    "bash": "completions/kexec.bash",
    "zsh": "completions/_kexec",
    "fish": "completions/kexec.fish",
}
MANUAL = "kexec/kexec.8"


def made_files(tree, program):
    """Path below the tree and the text it should have, of each file."""
    def output(form):
        return subprocess.run([program, form], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    lines = (tree / MANUAL).read_text().splitlines(keepends=True)
    begin = next(i for i, line in enumerate(lines) if line.startswith(BEGIN))
    end = next(i for i, line in enumerate(lines) if line.startswith(END))
    yield MANUAL, "".join(lines[:begin + 1]) + output("man") + "".join(lines[end:])
    for form, path in COMPLETIONS.items():
        yield path, output(form)


def differences(tree, program, update=False):
    """The files that are not what the option table makes of them."""
    found = []
    for path, wanted in made_files(tree, program):
        file = tree / path
        if not file.is_file() or file.read_text() != wanted:
            found.append(path)
            if update:
                file.write_text(wanted)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("program", metavar="OPTION-DOCS")
    args = parser.parse_args()
    tree = pathlib.Path(__file__).resolve().parents[2]
    found = differences(tree, args.program, args.update)
    for path in found:
        print("updated" if args.update else "out of date:", path)
    return 1 if found and not args.update else 0


if __name__ == "__main__":
    sys.exit(main())
