# SPDX-License-Identifier: GPL-2.0-only
"""Run the real blobs on QEMU's machines, between the two neighbours of harness_*.S."""

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
import board_arm64
import board_ppc64le
import board_x86_64
from layout import (CROSS, DATA_SIZES, DEFAULT_LOAD, HERE, MARGIN, MEM_SIZES, OLD_STACK, RAM,
                    RAM_SIZE, RECORD, START, WINDOW, WINDOW_SIZE, page_up)

TIMEOUT = int(os.environ.get("PURGATORY_TIMEOUT", "120"))  # seconds; a good run takes 0.1
# At most, since on a busy machine hardly anything may be done between two of them.
DISTURBANCES = 200

ARM64 = board_arm64.MACHINES
PPC64LE = board_ppc64le.MACHINES
X86_64 = board_x86_64.MACHINES
MACHINES = ARM64 | PPC64LE | X86_64
ARCHES = {"arm64": board_arm64.Machine, "ppc64le": board_ppc64le.Machine,
          "x86_64": board_x86_64.Machine}
# Of kernel and stub, and what else the tools are told.
PLACE = {"arm64": (0, 0), "ppc64le": (0, 0), "x86_64": (START["kernel"], board_x86_64.BIOS)}
BIG_ENDIAN = {"ppc64le": (["-mbig", "-mpower8"], ["-EB", "-melf64ppc"])}


def assemble(arch, directory, stub):
    """The harness as a flat binary; stub selects the half."""
    name = directory / f"{arch}-{'stub' if stub else 'kernel'}"
    tools = CROSS[arch]
    source = subprocess.run(["cpp", "-P", f"-DSTUB={int(stub)}", HERE / f"harness_{arch}.S"],
                            check=True, capture_output=True).stdout
    assembler, linker = BIG_ENDIAN.get(arch, ([], []))
    for command in ([f"{tools}as", *assembler, "-o", f"{name}.o", "-"],
                    [f"{tools}ld", *linker, f"-Ttext={PLACE[arch][stub]:#x}", "-o", f"{name}.elf",
                     f"{name}.o"],
                    [f"{tools}objcopy", "-O", "binary", f"{name}.elf", f"{name}.bin"]):
        subprocess.run(command, input=source, check=True)
    return Path(f"{name}.bin").read_bytes()


def symbols(elf):
    """{name: address} of a linked purgatory."""
    text = subprocess.run(["readelf", "-sW", elf], check=True, capture_output=True,
                          text=True).stdout
    text = re.sub(r" \[<localentry>: \d+\]", "", text)
    return {fields[7]: int(fields[1], 16) for fields in map(str.split, text.splitlines())
            if len(fields) == 8 and fields[3] in ("FUNC", "NOTYPE")}


# Said by a verbose one, and nothing since.
HASHING = re.compile(rb"^purgatory: SHA-256 by .*\n\Z", re.M)
# A line of QEMU's trace.
WRITE = re.compile(r"^memory_region_ops_write .* addr 0x(\w+) value 0x(\w+) size 1", re.M)


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
    screen: bool = False  # VGA, in text mode
    board: str | None = None  # another one than the machine's
    cpu: str | None = None  # another model
    code: dict = field(default_factory=dict)  # {function of the blob: what it does instead}
    hidden: tuple = ()  # what the CPU does not have: keys of board_arm64.HIDDEN
    cached: bool = True  # tables behind the blob
    unmapped: str | None = None  # the region or the console that they leave out
    streaming: bool = False  # SME's mode is on at entry, or the vector registers are open
    sme: int = abi.SME_USED  # what the planner knows of it
    counted: bool = False  # the clock counts instructions
    whole_ram: bool = False
    log: bool = False  # what interrupts the CPU took, and what it wrote to devices
    slave: bool = False  # a second CPU waits for the new kernel
    boot_cpu: int = 0  # the hardware's number of the first
    little_vectors: bool = True  # exceptions come in little-endian mode
    edited: bool = False  # the old kernel keeps the tree true
    writes: tuple = ()  # ranges that the purgatory writes besides
    look: tuple = ()  # ranges of memory that the test wants to see in the end
    disturb: object = None  # function of a Monitor, called while it hashes, as long as it says so

    @property
    def kind(self):
        return MACHINES[self.machine]


class Memory:
    """What RAM holds before the start, as far as the test has put it there."""

    def __init__(self, blob, harness, case, built):
        kernel, stub = harness
        noise = random.Random(case.load)
        kind = case.kind
        self.case = case
        self.window = bytearray(noise.randbytes(WINDOW_SIZE))
        self.blob_mem_size = abi.header(blob, kind.params_offset)[3]
        self.regions = {}
        for name, start in START.items():
            content = kernel if name == "kernel" else b""
            content += noise.randbytes(DATA_SIZES[name] - len(content))
            if name == "handed":
                offset = RECORD - start
                content = kind.handed_content(content)
                content = (content[:offset] + abi.RECORD_UNUSED
                           + content[offset + abi.RECORD.size:])
            size = MEM_SIZES[name]
            self.regions[name] = abi.Region(name, start, content, size)
            self.put(start, content.ljust(size, b"\0"))
        # An address to return to, which nobody does, and how the kernel says so.
        self.put(OLD_STACK - 8, struct.pack("<QQ", case.load, 0))

        settings = kind.console | {
            "kernel_entry": START["kernel"], "handed": START["handed"],
            "handed_size": DATA_SIZES["handed"],
            "regions": [*(region for name, region in self.regions.items()
                          if name != "handed" or not case.edited), *case.extra_regions],
            "reset": kind.reset,
            "record": RECORD, "own": kind.own,
        } | case.params
        settings["flags"] = settings.get("flags", 0) | kind.flags(case)
        if case.edited:
            settings["flags"] |= abi.HANDED_EDITED
            settings["edited"] = kind.edited(self.regions["handed"].data)
        self.params = abi.Params(**settings)
        self.behind = page_up(self.blob_mem_size)
        self.params.tables = kind.tables(case, self.params, built, len(blob), self.behind)
        self.filled = bytearray(self.params.fill(blob, kind.params_offset))
        self.tables = bytearray(b"".join(data for _, data in self.params.tables))
        kind.change(case, self.filled, built)
        if case.damage:
            case.damage(self)
        self.beginning = kind.beginning(case, self.filled, stub)
        self.around = bytearray(noise.randbytes(2 * MARGIN + self.behind + len(self.tables)))
        self.around[MARGIN:MARGIN + len(self.filled)] = self.filled
        tables = MARGIN + self.behind
        self.around[tables:tables + len(self.tables)] = self.tables
        if case.load < RAM + RAM_SIZE:
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
        self.filled[self.case.kind.params_offset + offset] ^= 1 << bit

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
        if self.beginning:
            loaded.append((0, self.beginning))
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
    screen: bytes  # all of VGA's text, if there is some
    record: bytes  # what is there in the end
    looked: list  # likewise what the case wants to see
    beginning: bytes  # of memory, as it was
    code: range  # where the blob's bytes are
    scratch: range  # where the blob may write: behind its bytes, up to its mem_size
    interrupts: list  # (vector, where it came) of each that the CPU took, if asked for
    writes: list  # (address, byte) of each to a port or device, if asked for

    @property
    def report(self):
        """What the purgatory said: between the stub's last word and the kernel's first."""
        text = self.text.partition("before jump\n")[2]
        return text.partition("kernel entered\n")[0]

    @property
    def reached_kernel(self):
        return "kernel done\n" in self.text

    @property
    def handed(self):
        return START["handed"]

    @property
    def entry(self):
        return START["kernel"]

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

    def words(self, line):
        """What the monitor for people says."""
        return self.command("human-monitor-command", **{"command-line": line})


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
        self.log = self.directory / "log"
        self.errors = self.directory / "errors"
        kind = case.kind
        self.socket, theirs = socket.socketpair()
        options, loaded = kind.stub(case, stub, self.directory)
        command = [
            *kind.command(case), *options, "-display", "none", "-nodefaults",
            "-no-reboot", "-no-shutdown", "-S", "-accel", "tcg,thread=single",
            "-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
            "-mon", "monitor,mode=control", "-serial", f"file:{self.serial}",
        ]
        if case.counted:
            command += ["-icount", "shift=0,sleep=off"]
        if case.uart:
            command += kind.uart_command(self.uart)
        if case.log:
            command += ["-d", "int", "-D", self.log, "-trace", "memory_region_ops_write"]
        for i, (address, content) in enumerate([*loaded.items(), *memory.files()]):
            path = self.directory / f"{i}.bin"
            path.write_bytes(content)
            command += ["-bios", path] if address == 0 else [
                "-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors,
                                            pass_fds=[theirs.fileno()])
        theirs.close()
        self.monitor = None

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
        """Whether the CPU stays at one place of the blob, where it waits for an interrupt."""
        case = self.case
        seen = {case.kind.halted_at(self.monitor.words("info registers"), self.memory.filled,
                                    case.load) for _ in range(3) if not time.sleep(0.03)}
        return len(seen) == 1 and seen != {None}

    def wait(self):
        """Until it stops, the kernel has spoken, or (if that is awaited) the CPU halts."""
        deadline = time.monotonic() + TIMEOUT
        disturbed = DISTURBANCES if self.case.disturb else 0
        while time.monotonic() < deadline and not self.shutdown_reason():
            if disturbed and HASHING.search(self.serial.read_bytes()):
                disturbed = disturbed - 1 if self.disturb() else 0
            if self.monitor.has_news(0.02):
                self.monitor.receive()
            elif b"kernel done\n" in self.serial.read_bytes():
                return False
            elif self.case.until == "halt" and self.is_halted():
                return True
        return False

    def disturb(self):
        """With the CPU stopped, so that it is not elsewhere when the disturbance comes. Says
        whether to come again."""
        self.monitor.command("stop")
        again = True
        if HASHING.search(self.serial.read_bytes()):
            again = self.case.disturb(self.monitor)
        if not self.shutdown_reason():
            self.monitor.command("cont")
        return again

    def save(self, address, size):
        path = self.directory / "saved"
        self.monitor.command("pmemsave", val=address, size=size, filename=str(path))
        return path.read_bytes()

    def run(self):
        self.monitor = Monitor(self.socket)
        loaded = self.memory.files()
        if self.case.whole_ram:
            loaded = [(RAM, self.save(RAM, RAM_SIZE)), *(one for one in loaded if one[0] < RAM)]
        self.monitor.command("cont")
        halted = self.wait()
        self.monitor.command("stop")
        changed = [address + offset for address, content in loaded
                   for offset in differences(content, self.save(address, len(content)))]
        raw = self.serial.read_bytes()
        uart = self.case.kind.uart_text(self.uart) if self.case.uart else b""
        log = self.log.read_text() if self.case.log else ""
        interrupts = self.case.kind.interrupt.finditer(log) if log else []
        load, size = self.case.load, len(self.memory.filled)
        return Result(raw.replace(b"\r", b"").decode("latin-1"), raw,
                      uart.replace(b"\r", b"").decode("latin-1"), self.shutdown_reason(), halted,
                      changed, self.memory.digests(),
                      self.save(0xB8000, 4000) if self.case.screen else b"",
                      self.save(RECORD, abi.RECORD.size),
                      [self.save(look.start, len(look)) for look in self.case.look],
                      self.memory.beginning,
                      range(load, load + size),
                      range(load + size, load + self.memory.blob_mem_size),
                      [(int(m["vector"], 16), int(m["at"], 16)) for m in interrupts],
                      [(int(m[1], 16), int(m[2], 16)) for m in WRITE.finditer(log)])


class Emulator:
    """Holds what all cases share. folder has the blob of each family, as built."""

    def __init__(self, folder, directory):
        self.blobs = {}
        self.harness = {}
        self.built = {}
        for arch, kind in ARCHES.items():
            self.blobs[arch] = (folder / arch / "purgatory.bin").read_bytes()
            self.harness[arch] = [assemble(arch, directory, stub) for stub in (False, True)]
            self.built[arch] = kind.build(directory) | {
                "kernel": self.harness[arch][0],
                "symbols": symbols(folder / arch / "purgatory.elf")}

    def run(self, case):
        arch = case.kind.arch
        memory = Memory(self.blobs[arch], self.harness[arch], case, self.built[arch])
        with tempfile.TemporaryDirectory(prefix="purgatory-") as directory:
            machine = Machine(case, memory, self.harness[arch][1], directory)
            try:
                return machine.run()
            except EOFError as error:
                raise RuntimeError(machine.errors.read_text()) from error
            finally:
                machine.close()
