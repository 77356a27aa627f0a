# SPDX-License-Identifier: GPL-2.0-only
"""What the scenarios run on: each way through the purgatory has a CPU or more."""

import dataclasses
import pathlib
import sys

import qemu

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "purgatory"))
import board_arm64  # noqa: E402  pylint: disable=wrong-import-position


@dataclasses.dataclass(frozen=True)
class Arch:
    """An architecture, and what the scenarios have to know of it, if they run there."""
    name: str
    board: type             # the class of its machines, of qemu
    artifacts: str          # the fixture of conftest with what they are made from
    handover: str = ""      # the segment that tells the capture kernel of its machine
    memory_size: tuple = ()  # (offset, bytes) in the kernel's file: the memory that it asks for
    truncated: int = 0      # bytes of that file that are too few
    knows_time: bool = False  # whether emulated CPUs say how fast their counter is


ARM64 = Arch("arm64", qemu.Machine, "artifacts", "dtb", (16, 8), 40, True)
X86_64 = Arch("x86_64", qemu.PC, "pc_artifacts", "boot_params", (0x260, 4), 40_000)
PPC64LE = Arch("ppc64le", qemu.PSeries, "power_artifacts")


@dataclasses.dataclass(frozen=True)
class Model:
    """A CPU of QEMU, whether it has an EL2, and whether the purgatory sees its SHA-256."""
    cpu: str
    el2: bool = False
    plain: bool = False
    arch: Arch = ARM64
    suite = ""

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

    def assert_seen(self, machine, role):
        """That a kernel there, of role "main" or "capture", has found this CPU."""
        dmesg = machine.check("dmesg")
        assert ("started at EL2" in dmesg) == self.el2
        if role == "main":
            assert ("Virtualization Host Extensions" in dmesg) == self.vhe


@dataclasses.dataclass(frozen=True)
class PCModel:
    """A CPU of QEMU, of which none has instructions for SHA-256 but some SSSE3 and BMI2, the
    firmware, and whose kernel it is: that of one of Debian's suites, or the one at hand."""
    cpu: str
    kind: str = "bios"
    vmware: bool = False    # looks like one of theirs, see qemu.PC
    suite: str = ""
    crashkernel: str = ""   # in place of the usual one
    la57: bool = False      # page tables of five levels
    pdpe1gb: bool = False   # pages of 1 GiB
    arch: Arch = X86_64

    @property
    def sha256(self):
        """What the purgatory's record says of the digest."""
        return "plain" if self.cpu.startswith("qemu64") else "vector"

    @property
    def machine(self):
        """Options of qemu.PC."""
        options = {"cpu": self.cpu, "kind": self.kind, "vmware": self.vmware}
        return options | ({"crashkernel": self.crashkernel} if self.crashkernel else {})

    def assert_seen(self, machine, _):
        """That a kernel there has found this CPU."""
        flags = machine.check("grep -m 1 ^flags /proc/cpuinfo").split()
        assert (("la57" in flags), ("pdpe1gb" in flags)) == (self.la57, self.pdpe1gb)


@dataclasses.dataclass(frozen=True)
class PowerModel:
    """A CPU of QEMU, and words for each kernel, such as disable_radix."""
    cpu: str
    words: str = ""
    arch: Arch = PPC64LE

    @property
    def machine(self):
        """Options of qemu.PSeries."""
        return {"cpu": self.cpu, "append": self.words}


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
PCS = {
    "pc": PCModel("qemu64"),
    "pc-1g": PCModel("qemu64,pdpe1gb=on", pdpe1gb=True),
    "pc-intel": PCModel("Skylake-Server", pdpe1gb=True),
    "pc-amd": PCModel("EPYC", pdpe1gb=True),
    "pc-max": PCModel("max", kind="uefi", la57=True, pdpe1gb=True),
    "pc-max-4-levels": PCModel("max,la57=off", pdpe1gb=True),
    "pc-max-no-1g": PCModel("max,pdpe1gb=off", la57=True),
    "pc-trixie": PCModel("EPYC", suite="trixie", pdpe1gb=True),
    "pc-trixie-la57": PCModel("max", suite="trixie", la57=True, pdpe1gb=True),
    "pc-vmware": PCModel("EPYC,hypervisor=off", suite="trixie", vmware=True, pdpe1gb=True),
    # Kernels have crashkernel=,cma since 6.17.
    "pc-sid": PCModel("Skylake-Server", suite="sid", pdpe1gb=True,
                      crashkernel="384M crashkernel=256M,cma"),
}
POWERS = {
    "power": PowerModel("POWER9"),
    "power-hash": PowerModel("POWER9", words="disable_radix"),
}


def find(name):
    """A model by its name."""
    return (MODELS | PCS | POWERS)[name]


def without_sha256(tool, blob):
    """The tool with a purgatory to which the CPU has no SHA-256 instructions: QEMU has no
    64-bit CPU model that lacks them, so the purgatory's own look at them is changed."""
    at = tool.find(blob)
    assert at >= 0 and tool.find(blob, at + 1) < 0, "the purgatory is not in the tool once"
    patched = bytearray(blob)
    board_arm64.hide(patched, *board_arm64.HIDDEN["sha2"])
    return tool[:at] + patched + tool[at + len(blob):]
