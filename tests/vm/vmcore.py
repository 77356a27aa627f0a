# SPDX-License-Identifier: GPL-2.0-only
"""An independent reader of dumps: what the capture kernel offers as /proc/vmcore.

Headers and notes are copied to the host and read by pyelftools, then once more by readelf;
the two must agree. Memory is read in the capture kernel at the file offset that the program
headers give, so a marker is only found where the header says its page is.
"""

import dataclasses
import io
import pathlib
import re
import struct
import subprocess
import tempfile

from elftools.elf.elffile import ELFFile

from memory_map import Ranges

EHDR_SIZE, PHDR_SIZE, PAGE = 64, 56, 4096
# Of struct elf_prstatus: how many registers pr_reg has, and which are stack pointer and pc.
PR_REG_OFFSET = 112
REGISTERS = {"EM_AARCH64": (34, 31, 32), "EM_X86_64": (27, 19, 16),
             "EM_PPC64": (48, 1, 32)}


@dataclasses.dataclass(frozen=True)
class Phdr:
    """One program header."""
    type: str
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    flags: int


class CoreHeader:
    """The ELF header and program headers of a dump, wherever they are."""

    def __init__(self, data):
        self.elf = ELFFile(io.BytesIO(data))
        self.byte_size = self.size(data)
        self.phdrs = [Phdr(s["p_type"], s["p_offset"], s["p_vaddr"], s["p_paddr"], s["p_filesz"],
                           s["p_memsz"], s["p_flags"]) for s in self.elf.iter_segments()]

    @staticmethod
    def size(ehdr):
        """Bytes of ELF header and program headers, from the ELF header's bytes."""
        return CoreHeader.size_of(struct.unpack_from("<H", ehdr, 56)[0])

    @staticmethod
    def size_of(count):
        """The same from the number of program headers."""
        return EHDR_SIZE + PHDR_SIZE * count

    @property
    def loads(self):
        return [phdr for phdr in self.phdrs if phdr.type == "PT_LOAD"]

    @property
    def notes(self):
        return [phdr for phdr in self.phdrs if phdr.type == "PT_NOTE"]

    @property
    def memory(self):
        """The physical memory that the PT_LOADs name, as a set."""
        return Ranges((load.paddr, load.paddr + load.memsz) for load in self.loads)


def read_header(machine, address):
    """The elfcorehdr as it is now in the memory of the running kernel."""
    ehdr = machine.read_physical(address, EHDR_SIZE)
    return CoreHeader(machine.read_physical(address, CoreHeader.size(ehdr)))


class Vmcore(CoreHeader):
    """/proc/vmcore of a machine whose capture kernel runs."""

    PATH = "/proc/vmcore"

    def __init__(self, machine):
        self._machine = machine
        ehdr = machine.read_at(self.PATH, 0, EHDR_SIZE)
        super().__init__(machine.read_at(self.PATH, 0, self.size(ehdr)))
        end = max(note.offset + note.filesz for note in self.notes)
        self.head = machine.read_at(self.PATH, 0, end)
        super().__init__(self.head)
        self.note_list = [(note["n_name"], note["n_type"], note["n_descdata"])
                          for segment in self.elf.iter_segments("PT_NOTE")
                          for note in segment.iter_notes()]

    # --- content ---

    def read_physical(self, address, size):
        """Bytes of the crashed kernel's memory, found through the program headers."""
        for load in self.loads:
            if load.paddr <= address and address + size <= load.paddr + load.filesz:
                return self._machine.read_at(self.PATH, load.offset + address - load.paddr, size)
        raise AssertionError(f"[{address:#x}, {address + size:#x}) is in no PT_LOAD of the dump: "
                             f"{self.memory}")

    @property
    def registers(self):
        """pr_reg of each CPU that has a note, in the order of the notes."""
        count = REGISTERS[self.elf.header["e_machine"]][0]
        return [struct.unpack_from(f"<{count}Q", desc, PR_REG_OFFSET)
                for name, kind, desc in self.note_list
                if (name, kind) == ("CORE", "NT_PRSTATUS")]

    @property
    def vmcoreinfo(self):
        """The lines of the VMCOREINFO note as a dictionary."""
        texts = [desc for name, _, desc in self.note_list if name == "VMCOREINFO"]
        assert len(texts) == 1, f"{len(texts)} VMCOREINFO notes"
        return dict(line.split("=", 1) for line in texts[0].decode().splitlines() if "=" in line)

    # --- assertions ---

    def assert_sane(self, cpus):
        """What holds for every dump of these tests: form, notes, and both readers agree."""
        header = self.elf.header
        assert header["e_type"] == "ET_CORE"
        _, stack, pc = REGISTERS[header["e_machine"]]
        registers = self.registers
        assert len(registers) == cpus, f"{len(registers)} NT_PRSTATUS notes, {cpus} CPUs"
        for cpu, values in enumerate(registers):
            assert values[pc] and values[stack], f"CPU {cpu} has no registers"
        assert self.vmcoreinfo["OSRELEASE"]
        assert self._readelf_loads() == [
            (load.offset, load.vaddr, load.paddr, load.filesz, load.memsz) for load in self.loads]

    def assert_memory(self, expected):
        """The PT_LOADs are this memory: nothing is missing and nothing is there besides."""
        assert not expected - self.memory, f"missing from the dump: {expected - self.memory}"
        assert not self.memory - expected, f"too much in the dump: {self.memory - expected}"

    def assert_markers(self, markers):
        """Each marker {physical address: bytes} is found through the headers."""
        for address, data in markers.items():
            found = self.read_physical(address, len(data))
            assert found == data, f"marker at {address:#x}: {found.hex()} for {data.hex()}"

    def _readelf_loads(self):
        with tempfile.NamedTemporaryFile(prefix="kexec-vmcore-") as copy:
            pathlib.Path(copy.name).write_bytes(self.head)
            text = subprocess.run(["readelf", "-lW", copy.name], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, check=True).stdout
        return [tuple(int(number, 16) for number in line)
                for line in re.findall(r"^ +LOAD" + r" +(0x[0-9a-f]+)" * 5, text, re.MULTILINE)]


def find_in_elf_dump(path, address, size):
    """Bytes of physical memory in an ELF dump file on the host (makedumpfile -E).

    What the dump leaves out as zero pages (p_filesz below p_memsz) reads as zeros.
    """
    with open(path, "rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            offset = address - segment["p_paddr"]
            if 0 <= offset and offset + size <= segment["p_memsz"]:
                file.seek(segment["p_offset"] + offset)
                data = file.read(min(size, max(0, segment["p_filesz"] - offset)))
                return data.ljust(size, b"\0")
    return None
