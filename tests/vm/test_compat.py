# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kexec-tools 2.0.32 and this kexec on the same machine, line by line.

KEXEC_UPDATE_COMPAT=1 with KEXEC_TEST_SYSTEMS=all writes the differences into doc/compat.md, for the
one who then reads what changed.
"""

import os
import pathlib
import re

import compat
import generated
from conftest import LOGS, on

EVERY = os.environ.get("KEXEC_TEST_SYSTEMS") == "all"
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "doc/compat.md"
SERVICES = DOCUMENT.with_name("kdumpctl.md")
# What the services make of what their configuration has in that place, see compat.table.
LINES = {"KEXEC_ARGS": "{} -p --command-line=LINE --initrd=I K",
         "KDUMP_KEXEC_ARGS": "-p {} --command-line=LINE --initrd=I K",
         "KEXEC_OPTIONS": "-p K --append=LINE --initrd=I {} -a"}


@on("el1", "pc")
def test_every_difference_is_meant_and_documented(boot, model, request):
    arch = model.arch.name
    newest = {} if arch == "arm64" else {
        "archive": request.getfixturevalue("pc_artifacts").with_newest_peer()}
    options = {"disks": (), **newest}
    rows = compat.rows(arch, every=EVERY)
    bare = any(row.state == "bare" for row in rows)
    answers = compat.compare(boot(crashkernel="128M", **options),
                             boot(crashkernel=None, **options) if bare else None, arch, rows)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"compat-{arch}.answers").write_text("".join(
        f"{row.state} {row.arguments}\n    theirs {tuple(theirs)}\n    ours   {tuple(ours)}\n"
        for row, theirs, ours in answers))
    section = f"differences on {arch}"
    if os.environ.get("KEXEC_UPDATE_COMPAT"):
        assert len(rows) == len(compat.rows(arch, every=True)), "KEXEC_TEST_SYSTEMS=all is wanted"
        generated.write(DOCUMENT, section, compat.table(answers))
    # A line whose reason is given must differ, any other must not.
    wrong = [f"{row.state} {row.arguments}\n    theirs {tuple(theirs)}\n    ours   {tuple(ours)}"
             for row, theirs, ours in answers if (theirs != ours) != bool(row.reason)]
    assert not wrong, "\n" + "\n".join(wrong)
    asked = tuple(compat.shown_command(row) for row in rows)
    documented = [line for line in generated.read(DOCUMENT, section).splitlines()
                  if line.startswith(asked)]
    assert documented == compat.table(answers).splitlines()[2:]


def test_what_we_tell_users_to_configure_is_run():
    found = re.findall(r'\b(\w+)="([^"]*)"', SERVICES.read_text())
    lines = [LINES[name].format(value) for name, value in found if name in LINES]
    assert {name for name, _ in found} >= LINES.keys()
    assert set(lines) <= {row.arguments for row in compat.rows("arm64")}
