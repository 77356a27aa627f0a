#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what is made from the option tables, and from doc/messages.md, with what is in the tree.

    option_docs.py [--update] BUILD

In BUILD are option-docs and vmcore-option-docs, built from kexec/cmd/option_docs.c and
vmcore-dmesg/option_docs.c. Prints the files that differ and fails, or, with --update,
rewrites them.
"""

import argparse
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import messages_page  # noqa: E402  pylint: disable=wrong-import-position

BEGIN = '.\\" options: begin'
END = '.\\" options: end'
# For each program that prints, the manual and what stands for the tool in the completions.
PROGRAMS = {
    "option-docs": ("kexec/kexec.8", "kexec"),
    "vmcore-option-docs": ("vmcore-dmesg/vmcore-dmesg.8", "vmcore-dmesg"),
}


def made_files(tree, build):
    """Path below the tree and the text it should have, of each file."""
    yield messages_page.PAGE, messages_page.made(tree)
    for program, path in messages_page.ADVICE.items():
        yield path, messages_page.advice(tree, program)
    for program, (manual, tool) in PROGRAMS.items():
        def output(form, program=program):
            return subprocess.run([build / program, form], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout

        lines = (tree / manual).read_text().splitlines(keepends=True)
        begin = next(i for i, line in enumerate(lines) if line.startswith(BEGIN))
        end = next(i for i, line in enumerate(lines) if line.startswith(END))
        yield manual, "".join(lines[:begin + 1]) + output("man") + "".join(lines[end:])
        yield f"completions/{tool}.bash", output("bash")
        yield f"completions/_{tool}", output("zsh")
        yield f"completions/{tool}.fish", output("fish")


def differences(tree, build, update=False):
    """The files that are not what their sources make of them."""
    found = []
    for path, wanted in made_files(tree, build):
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
    parser.add_argument("build", type=pathlib.Path, metavar="BUILD")
    args = parser.parse_args()
    tree = pathlib.Path(__file__).resolve().parents[2]
    found = differences(tree, args.build.resolve(), args.update)
    for path in found:
        print("updated" if args.update else "out of date:", path)
    return 1 if found and not args.update else 0


if __name__ == "__main__":
    sys.exit(main())
