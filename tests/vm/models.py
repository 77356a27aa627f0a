# SPDX-License-Identifier: GPL-2.0-only
"""The CPUs that the scenarios run on: each way through the purgatory has one or more."""

import dataclasses
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "purgatory"))
import board_arm64  # noqa: E402  pylint: disable=wrong-import-position


@dataclasses.dataclass(frozen=True)
class Model:
    """A CPU of QEMU, whether it has an EL2, and whether the purgatory sees its SHA-256."""
    cpu: str
    el2: bool = False
    plain: bool = False

    @property
    def machine(self):
        """Options of qemu.Machine."""
        return {"cpu": self.cpu, "el2": self.el2}

    @property
    def vhe(self):
        """Whether its kernel is at EL2 with E2H: cortex-a57 does not have that."""
        return self.el2 and self.cpu != "cortex-a57"

    @property
    def sha256(self):
        """What the purgatory's record says of the digest."""
        return "plain" if self.plain else "cpu"


# QEMU's own way to authenticate pointers is slow beyond use.
_MAX = "max,pauth-impdef=on"
MODELS = {
    "el1": Model("cortex-a57"),
    "el1-plain": Model("cortex-a57", plain=True),
    "el2": Model("cortex-a57", el2=True),
    "el2-plain": Model("cortex-a57", el2=True, plain=True),
    "vhe": Model("cortex-a76", el2=True),
    "vhe-plain": Model("cortex-a76", el2=True, plain=True),
    "max-el1": Model(_MAX),
    "max-vhe": Model(_MAX, el2=True),
}


def without_sha256(tool, blob):
    """The tool with a purgatory to which the CPU has no SHA-256 instructions: QEMU has no
    64-bit CPU model that lacks them, so the purgatory's own look at them is changed."""
    at = tool.find(blob)
    assert at >= 0 and tool.find(blob, at + 1) < 0, "the purgatory is not in the tool once"
    patched = bytearray(blob)
    board_arm64.hide(patched, *board_arm64.HIDDEN["sha2"])
    return tool[:at] + patched + tool[at + len(blob):]
