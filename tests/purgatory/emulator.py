# SPDX-License-Identifier: GPL-2.0-only
"""Run the real blob on QEMU's virt board, between the two neighbours of harness.S."""

import hashlib
import json
import os
import random
import re
import select
import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import abi

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RAM = 0x40000000
RAM_SIZE = 64 << 20
UART = 0x09000000
PCI_UART = 0x3EFF1000
UNMAPPED = 0x50000000  # neither RAM nor a device on this board
STUB = RAM + 0x180000  # the first MiB is for the device tree of QEMU
WINDOW = RAM + 0x200000
WINDOW_SIZE = 1 << 20
DEFAULT_LOAD = WINDOW + 0x10000
MARGIN = 0x10000
TIMEOUT = int(os.environ.get("PURGATORY_TIMEOUT", "120"))  # seconds; a good run takes 0.1

MACHINES = {
    "el1": ("virt,virtualization=off", "cortex-a57", abi.PSCI_HVC),
    "el2": ("virt,virtualization=on", "cortex-a57", abi.PSCI_SMC),
    "vhe": ("virt,virtualization=on", "max", abi.PSCI_SMC),
}
STUB_E2H, STUB_UART, STUB_STREAMING = 1, 2, 4

# How the blob is made to see a CPU that QEMU does not have: each of its `mrs xT, REGISTER`
# becomes a move of a constant, or undefined. {name: (mrs x0, movz or movn x0, #0, or udf #0)}
HIDDEN = {
    "sha2": (0xD5380600, 0xD2800000),  # ID_AA64ISAR0_EL1 = 0
    "simd": (0xD5380400, 0x92800000),  # ID_AA64PFR0_EL1 = -1
    "4k": (0xD5380700, 0x92800000),  # ID_AA64MMFR0_EL1 = -1
    "svcr": (0xD53B4240, 0),  # SVCR cannot be read: as good as firmware that has closed it
}

DATA_SIZES = {"kernel": 0x2FFD, "initrd": 0x5003, "dtb": 0x9F1}
MEM_SIZES = {"kernel": 0x10000, "initrd": 0x6000, "dtb": 0x1000}
RECORD = WINDOW + 0xA0000 + 0x104  # in the device tree, where libfdt would have it: at 4 bytes

PAGE = 4096
CODE, READ, WRITE, DEVICE = range(4)  # enum arm64_access
TABLE_SETS = 2


def compile_make_tables(directory):
    program = directory / "make_tables"
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", "-o", program,
                    HERE / "make_tables.c", ROOT / "kexec/arch/arm64/tables.c"], check=True)
    return program


def page_up(number):
    return -(-number // PAGE) * PAGE


def assemble(directory, stub):
    """harness.S as a flat binary; stub selects the half."""
    name = directory / ("stub" if stub else "kernel")
    tools = os.environ.get("CROSS_ARM64", "aarch64-linux-gnu-")
    source = subprocess.run(["cpp", "-P", f"-DSTUB={int(stub)}", HERE / "harness.S"],
                            check=True, capture_output=True).stdout
    for command in ([f"{tools}as", "-o", f"{name}.o", "-"],
                    [f"{tools}ld", "-Ttext=0", "-o", f"{name}.elf", f"{name}.o"],
                    [f"{tools}objcopy", "-O", "binary", f"{name}.elf", f"{name}.bin"]):
        subprocess.run(command, input=source, check=True)
    return Path(f"{name}.bin").read_bytes()


@dataclass
class Case:
    """One boot. Whoever changes memory or parameters does it in `damage`, last."""
    machine: str = "el1"
    load: int = DEFAULT_LOAD
    params: dict = field(default_factory=dict)
    extra_regions: list = field(default_factory=list)
    loaded: list = field(default_factory=list)  # those of them that are put into memory
    damage: object = None  # function of a Memory
    until: str = "kernel"  # what ends the run: kernel, halt, reset
    uart: bool = False  # the 16550 on PCI too
    cpu: str | None = None  # another model than the machine's
    hidden: tuple = ()  # keys of HIDDEN
    cached: bool = True  # tables behind the blob
    unmapped: str | None = None  # the region that they leave out
    streaming: bool = False  # SME's mode is on at entry
    sme: int = abi.SME_USED  # what the planner knows of it
    counted: bool = False  # the clock counts instructions
    whole_ram: bool = False


class Memory:
    """What RAM holds before the start, as far as the test has put it there."""

    def __init__(self, blob, kernel, case, make_tables):
        noise = random.Random(case.load)
        self.case = case
        self.window = bytearray(noise.randbytes(WINDOW_SIZE))
        self.blob_mem_size = abi.header(blob)[3]
        data = {
            "kernel": (WINDOW + 0x40000, kernel),
            "initrd": (WINDOW + 0x80000, b""),
            "dtb": (WINDOW + 0xA0000, b""),
        }
        self.regions = {}
        for name, (start, content) in data.items():
            content += noise.randbytes(DATA_SIZES[name] - len(content))
            if name == "dtb":
                offset = RECORD - start
                content = (content[:4] + DATA_SIZES[name].to_bytes(4, "big") + content[8:offset]
                           + abi.RECORD_UNUSED + content[offset + abi.RECORD.size:])
            size = MEM_SIZES[name]
            self.regions[name] = abi.Region(name, start, content, size)
            self.put(start, content.ljust(size, b"\0"))

        conduit = MACHINES[case.machine][2]
        settings = {
            "kernel_entry": data["kernel"][0], "handed": data["dtb"][0],
            "handed_size": DATA_SIZES["dtb"],
            "regions": [*self.regions.values(), *case.extra_regions], "reset": conduit,
            "console_type": abi.CONSOLE_PL011, "console_base": UART, "console_reg_width": 4,
            "record": RECORD,
        } | case.params
        settings["flags"] = settings.get("flags", 0) | case.sme
        self.params = abi.Params(**settings)
        self.behind = page_up(self.blob_mem_size)
        if case.cached:
            self.params.tables = self.make_tables(make_tables, blob)
        self.filled = bytearray(self.params.fill(blob))
        self.tables = bytearray(b"".join(data for _, data in self.params.tables))
        for name in case.hidden:
            self.hide(*HIDDEN[name])
        if case.damage:
            case.damage(self)
        self.around = bytearray(noise.randbytes(2 * MARGIN + self.behind + len(self.tables)))
        self.around[MARGIN:MARGIN + len(self.filled)] = self.filled
        tables = MARGIN + self.behind
        self.around[tables:tables + len(self.tables)] = self.tables
        if self.around_start + len(self.around) > RAM + RAM_SIZE:
            del self.around[RAM + RAM_SIZE - self.around_start:]
        if WINDOW <= self.around_start < WINDOW + WINDOW_SIZE:
            # The regions begin behind the margin, see DEFAULT_LOAD.
            self.put(self.around_start, self.around)

    @property
    def around_start(self):
        return self.case.load - MARGIN

    def put(self, address, content):
        offset = address - WINDOW
        self.window[offset:offset + len(content)] = content

    def flip(self, name, offset, bit=0):
        """Flip one bit of a region; a negative offset counts from the end of its memory."""
        region = self.regions[name]
        offset += region.mem_size if offset < 0 else 0
        self.window[region.start - WINDOW + offset] ^= 1 << bit

    def flip_param(self, offset, bit=0):
        self.filled[abi.PARAMS_OFFSET + offset] ^= 1 << bit

    def make_tables(self, program, blob):
        """Both sets, as the planner would: (root, bytes) of each."""
        load, stack = self.case.load, self.case.load + page_up(len(blob))
        mappings = [(load, stack, CODE), (stack, load + self.behind, WRITE)]
        mappings += [(region.start, region.start + region.mem_size, READ)
                     for region in self.params.regions if region.name != self.case.unmapped]
        if self.params.console_type != abi.CONSOLE_NONE:
            uart = self.params.console_base // PAGE * PAGE
            mappings.append((uart, uart + PAGE, DEVICE))
        words = [hex(number) for mapping in mappings for number in mapping]
        sets, at = [], load + self.behind
        for regime in range(TABLE_SETS):
            command = [program, str(regime), hex(at), *words]
            data = subprocess.run(command, check=True, capture_output=True).stdout
            sets.append((at, data))
            at += len(data)
        return sets

    def hide(self, read, constant):
        """Replace an instruction, whatever its target register, which both have in bits 0 to 4."""
        found = 0
        for offset in range(0, len(self.filled) - 3, 4):
            word, = struct.unpack_from("<I", self.filled, offset)
            if word & ~0x1F == read:
                struct.pack_into("<I", self.filled, offset, constant | word & 0x1F)
                found += 1
        assert found

    def digests(self):
        """For each region the digest it was planned with, and that of what is there now."""
        found = {}
        for name, region in self.regions.items():
            start = region.start - WINDOW
            now = self.window[start:start + len(region.data)]
            found[name] = tuple(hashlib.sha256(data).hexdigest() for data in (region.data, now))
        return found

    def files(self):
        """(address, bytes) of all that is loaded, not overlapping."""
        loaded = [(WINDOW, bytes(self.window))]
        if not WINDOW <= self.around_start < WINDOW + WINDOW_SIZE:
            loaded.append((self.around_start, bytes(self.around)))
        loaded += [(region.start, region.data.ljust(region.mem_size, b"\0"))
                   for region in self.case.loaded]
        return loaded


@dataclass
class Result:
    text: str  # PL011, without carriage returns
    raw: bytes
    uart: str
    event: str | None  # QEMU's reason for a shutdown
    halted: bool
    changed: list  # addresses of bytes that differ from what was loaded
    digests: dict  # of each region: as planned, and of what is in memory
    record: bytes  # what is there in the end
    scratch: range  # where the blob may write: behind its bytes, up to its mem_size

    @property
    def report(self):
        """What the purgatory said: between the stub's last word and the kernel's first."""
        text = self.text.partition("before jump\n")[2]
        return text.partition("kernel entered\n")[0]

    @property
    def reached_kernel(self):
        return "kernel done\n" in self.text

    @property
    def instructions(self):
        """Of a counted run: those of the purgatory, give or take a tick. One takes 1 ns, and the
        counter of the board runs at 62.5 MHz."""
        return self.registers("clock")["TICKS"] * 16

    def registers(self, when):
        return {m[1]: int(m[2], 16)
                for m in re.finditer(rf"^{when} (\w+)=([0-9a-f]+)$", self.text, re.M)}


class Monitor:
    """QMP over a socket; one command at a time."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(TIMEOUT)
        self.buffer = b""
        self.events = []
        self.receive()
        self.command("qmp_capabilities")

    def receive(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("QEMU is gone")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        message = json.loads(line)
        if "event" in message:
            self.events.append(message)
        return message

    def has_news(self, seconds):
        """Whether a message is here, or comes within that time."""
        return b"\n" in self.buffer or bool(select.select([self.sock], [], [], seconds)[0])

    def command(self, name, **arguments):
        self.sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        while True:
            message = self.receive()
            if "error" in message:
                raise RuntimeError(message["error"]["desc"])
            if "return" in message:
                return message["return"]

    def pc(self):
        text = self.command("human-monitor-command", **{"command-line": "info registers"})
        return int(re.search(r"PC=([0-9a-f]+)", text)[1], 16)


def differences(a, b, block=4096):
    """Offsets at which a and b differ."""
    return [offset for start in range(0, len(a), block)
            if a[start:start + block] != b[start:start + block]
            for offset in range(start, min(start + block, len(a))) if a[offset] != b[offset]]


class Machine:
    """One QEMU."""

    def __init__(self, case, memory, stub, directory):
        self.case = case
        self.memory = memory
        self.directory = Path(directory)
        self.serial = self.directory / "serial"
        self.uart = self.directory / "uart"
        machine, cpu, _ = MACHINES[case.machine]
        self.socket, theirs = socket.socketpair()
        command = [
            "qemu-system-aarch64", "-M", machine + (",highmem=off" if case.uart else ""),
            "-cpu", case.cpu or cpu, "-m", f"{RAM_SIZE >> 20}", "-display", "none", "-nodefaults",
            "-no-reboot", "-no-shutdown", "-S", "-accel", "tcg,thread=single",
            "-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
            "-mon", "monitor,mode=control", "-serial", f"file:{self.serial}",
            "-device", f"loader,addr={STUB:#x},cpu-num=0",
        ]
        if case.counted:
            command += ["-icount", "shift=0,sleep=off"]
        if case.uart:
            command += ["-chardev", f"file,id=uart,path={self.uart}",
                        "-device", "pci-serial,chardev=uart,addr=1.0"]
        flags = ((STUB_E2H if case.machine == "vhe" else 0) | (STUB_UART if case.uart else 0)
                 | (STUB_STREAMING if case.streaming else 0))
        stub = stub[:16] + struct.pack("<QQ", case.load, flags) + stub[32:]
        for i, (address, content) in enumerate([(STUB, stub), *memory.files()]):
            path = self.directory / f"{i}.bin"
            path.write_bytes(content)
            command += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        pass_fds=[theirs.fileno()])
        theirs.close()
        self.monitor = Monitor(self.socket)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()

    def shutdown_reason(self):
        for event in self.monitor.events:
            if event["event"] == "SHUTDOWN":
                return event["data"]["reason"]
        return None

    def is_halted(self):
        """Whether the CPU stays at one place of the blob, right behind a wfi."""
        seen = {self.monitor.pc() for _ in range(3) if not time.sleep(0.03)}
        if len(seen) != 1:
            return False
        offset = seen.pop() - self.case.load
        if not 4 <= offset < len(self.memory.filled):
            return False
        wfi = struct.pack("<I", 0xD503207F)
        return wfi in self.memory.filled[offset - 4:offset + 4]

    def wait(self):
        """Until it stops, the kernel has spoken, or (if that is awaited) the CPU halts."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and not self.shutdown_reason():
            if self.monitor.has_news(0.02):
                self.monitor.receive()
            elif b"kernel done\n" in self.serial.read_bytes():
                return False
            elif self.case.until == "halt" and self.is_halted():
                return True
        return False

    def save(self, address, size):
        path = self.directory / "saved"
        self.monitor.command("pmemsave", val=address, size=size, filename=str(path))
        return path.read_bytes()

    def run(self):
        loaded = self.memory.files()
        if self.case.whole_ram:
            loaded = [(RAM, self.save(RAM, RAM_SIZE))]
        self.monitor.command("cont")
        halted = self.wait()
        self.monitor.command("stop")
        changed = [address + offset for address, content in loaded
                   for offset in differences(content, self.save(address, len(content)))]
        raw = self.serial.read_bytes()
        uart = self.uart.read_bytes() if self.case.uart else b""
        load = self.case.load
        return Result(raw.replace(b"\r", b"").decode("latin-1"), raw,
                      uart.replace(b"\r", b"").decode("latin-1"), self.shutdown_reason(), halted,
                      changed, self.memory.digests(), self.save(RECORD, abi.RECORD.size),
                      range(load + len(self.memory.filled), load + self.memory.blob_mem_size))


class Emulator:
    """Holds what all cases share."""

    def __init__(self, blob, directory):
        self.blob = blob
        self.stub = assemble(directory, True)
        self.kernel = assemble(directory, False)
        self.make_tables = compile_make_tables(directory)

    def run(self, case):
        memory = Memory(self.blob, self.kernel, case, self.make_tables)
        with tempfile.TemporaryDirectory(prefix="purgatory-") as directory:
            machine = Machine(case, memory, self.stub, directory)
            try:
                return machine.run()
            finally:
                machine.close()
