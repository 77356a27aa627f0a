# SPDX-License-Identifier: GPL-2.0-only
"""An emulated machine that a test can ask, change, crash and ask again.

Machine, an arm64 one, and PC run one QEMU each. The agent in the guest (see the file agent)
executes shell commands and survives a panic in the sense that the capture kernel runs it too.
Every wait ends: with what was waited for, with the end of QEMU, or with a deadline; the last two
raise an error that carries the end of the console. Nothing sleeps for a guessed time.
"""

import base64
import ctypes
import dataclasses
import itertools
import json
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

QEMU = "qemu-system-aarch64"
# Unpadded, as -bios wants it; AAVMF_CODE.fd is the same padded to a flash device.
FIRMWARE = pathlib.Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
MIB = 1 << 20

# Generous, for emulation on a machine that does other things as well: an idle two-core
# machine needs 2 s to boot and 4 s from panic to capture kernel.
BOOT_TIMEOUT = 180
COMMAND_TIMEOUT = 120
CAPTURE_TIMEOUT = 240
QMP_TIMEOUT = 60

# MiB of translated code. Where the old kernel had code, the next one has data, and QEMU takes the
# slow way for each store to a page as long as it keeps a translation of anything there: with the
# usual gigabyte a kernel that follows a long-lived one took 17 times as long to boot, and on a
# busy host did not get beyond its own timer. A small cache is soon full, and then all is dropped.
CODE_CACHE = 32

CONSOLE = "ttyAMA0"
PR_SET_PDEATHSIG = 1


class MachineError(Exception):
    """The machine did not do what was waited for."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What one command in the guest came to."""
    command: str
    rc: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode(errors="replace")

    def __str__(self):
        return (f"$ {self.command}\n[exit code {self.rc}]\n{self.text}"
                f"{self.err.decode(errors='replace')}")


def _die_with_parent():
    """In the child: no QEMU outlives a test run that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Channel:
    """One connection from QEMU to a socket of ours, with deadlines on every read."""

    def __init__(self, path):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._socket = None
        self._buffer = bytearray()

    def send(self, data, timeout):
        self._connect(time.monotonic() + timeout)
        self._socket.settimeout(timeout)
        self._socket.sendall(data)

    def line(self, deadline):
        while b"\n" not in self._buffer:
            self._fill(deadline)
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer[:] = rest
        return line

    def exactly(self, count, deadline):
        while len(self._buffer) < count:
            self._fill(deadline)
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def close(self):
        self._listener.close()
        if self._socket:
            self._socket.close()

    def _connect(self, deadline):
        if self._socket is None:
            self._listener.settimeout(max(deadline - time.monotonic(), 0.001))
            self._socket = self._listener.accept()[0]

    def _fill(self, deadline):
        self._connect(deadline)
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("QEMU closed the connection")
        self._buffer += data


class Machine:
    """One virtual machine, off until boot(); use it in a with statement."""

    AGENT = ""  # what the agent of a kernel finds on the command line
    CONSOLE = CONSOLE
    # The same for purgatory, and where a CPU stands in what QEMU says of it.
    UART = "pl011,0x9000000"
    COUNTER = "PC"
    # What its capture kernel is told; with panic=-1 one that dies ends the test at once.
    CAPTURE_CMDLINE = f"console={CONSOLE} panic=-1 nr_cpus=1 reset_devices"
    KINDS = ("dt", "uefi", "uefi-dt")
    PROGRAM = QEMU
    CODE_CACHE = CODE_CACHE
    THREADS = "multi"
    # Firmware and boot loader write on the agent's line too, with ends of lines of their own.
    SHARES_LINE = False

    def __init__(self, kernel, initrd, *, kind=None, cpu="cortex-a57", smp=2, memory=1024,
                 slots=0, max_memory=0, el2=False, mte=False, crashkernel="256M", append="",
                 disks=(), counted=False, dtb=None, qemu=None, max_cpus=0, virtio_mem=0,
                 vmware=False):
        """Describe a machine.

        kind is "dt" (QEMU's device tree, no firmware), "uefi" (UEFI with ACPI) or "uefi-dt" (UEFI
        with a device tree), of a PC "bios", "uefi", "secure" (UEFI with Secure Boot on) or "keys"
        (off, but with its keys); without one it is the first that can do what is asked for. memory
        and max_memory are in MiB, and hot-adding needs slots, max_memory and ACPI; el2 gives the
        guest EL2, mte memory with tags; disks are host files that appear as /dev/vda, /dev/vdb,
        ...; counted makes its clock count instructions, one a nanosecond; dtb is a device tree in
        place of QEMU's; qemu is the emulator, in words. Without an initrd (None) the kernel finds
        its root on a disk.

        A PC alone can have more CPUs later, up to max_cpus, and virtio_mem MiB by virtio-mem.
        With vmware it looks like one of VMware's, the one hypervisor that Linux finds in an
        emulated machine: without a hypervisor it takes no CPU that was not there at the beginning.
        """
        self._dir = pathlib.Path(tempfile.mkdtemp(prefix="kexec-vm-"))
        self._qemu = None
        self._ids = itertools.count(1)
        self._dimms = itertools.count(1)
        self._console = self._dir / "console"
        self._agent = _Channel(self._dir / "agent")
        self._qmp = _Channel(self._dir / "qmp")
        self._qmp_ready = False
        tree = ["-dtb", str(dtb)] if dtb else []
        kind = kind or self._first_kind(slots)
        if kind not in self.KINDS:
            raise ValueError(f"kind={kind}")
        self._said_before = 0
        self._command = self._command_line(
            kernel, initrd, kind=kind, cpu=cpu, smp=smp, memory=memory, slots=slots,
            max_memory=max_memory, el2=el2, mte=mte, disks=disks, counted=counted,
            qemu=qemu or (self.PROGRAM,),
            max_cpus=max_cpus, virtio_mem=virtio_mem, vmware=vmware,
            append=f"console={self.CONSOLE} panic=-1 crashkernel={crashkernel} {append}"
            if crashkernel else f"console={self.CONSOLE} panic=-1 {append}") + tree

    @staticmethod
    def _first_kind(slots):
        """QEMU announces DIMMs through ACPI, which comes with UEFI."""
        return "uefi" if slots else "dt"

    def _command_line(self, kernel, initrd, *, kind, cpu, smp, memory, slots, max_memory, el2,
                      mte, disks, counted, qemu, append, **_):
        board = "virt,gic-version=3"
        if kind == "dt":
            # A second kernel finds the LPIs of the first enabled and cannot trust their
            # tables: firmware hands them over under UEFI, nobody does with a bare DT.
            board += ",its=off"
        if kind == "uefi-dt":
            board += ",acpi=off"
        if el2:
            board += ",virtualization=on"
        if mte:
            board += ",mte=on"
        size = f"{memory}M" + (f",slots={slots},maxmem={max_memory}M" if slots else "")
        command = [
            *qemu, "-M", board, "-cpu", cpu, "-smp", str(smp), "-m", size,
            *self._accelerator(counted), "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", f"file:{self._console}",
            "-chardev", f"socket,id=qmp,path={self._dir}/qmp", "-mon", "chardev=qmp,mode=control",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self._dir}/agent",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-kernel", str(kernel), "-append", append,
        ]
        if initrd:
            command += ["-initrd", str(initrd)]
        if kind != "dt":
            command += ["-bios", str(FIRMWARE)]
        for number, disk in enumerate(disks):
            command += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},cache=unsafe",
                        "-device", f"virtio-blk-pci,drive=disk{number}"]
        return command

    def _accelerator(self, counted):
        threads = "single" if counted else self.THREADS
        return ["-accel", f"tcg,thread={threads},tb-size={self.CODE_CACHE}",
                *(["-icount", "shift=0,sleep=off"] if counted else [])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- life ---

    def boot(self, timeout=BOOT_TIMEOUT):
        """Start QEMU and wait for the agent of the first kernel."""
        with open(self._dir / "stderr", "wb") as stderr:
            # The machine's memory and sockets are ours alone to end: see _die_with_parent().
            self._qemu = subprocess.Popen(  # pylint: disable=consider-using-with
                self._command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                preexec_fn=_die_with_parent)
        self._wait_ready("main", timeout)
        # Small kernels find no clock and begin at zero; a crash in the first second of that
        # makes a CRASHTIME which makedumpfile takes for damage.
        self.check(f"date -s @{int(time.time())}")
        return self

    def close(self):
        """End QEMU, whatever it does, and remove its files."""
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
        self._agent.close()
        self._qmp.close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def console(self):
        """Everything written to the serial console so far, by kernels and purgatory."""
        if not self._console.exists():
            return ""
        return self._console.read_text(errors="replace").replace("\r", "")

    def console_since_panic(self):
        """What was written since panic() was called."""
        return self.console()[self._said_before:]

    def wait_console(self, words, timeout=CAPTURE_TIMEOUT):
        """Wait until words appear on the console; returns the text from there on."""
        self._wait(lambda: words in self.console(), timeout, f"{words!r} on the console")
        return self.console().partition(words)[2]

    def wait_exit(self, timeout=CAPTURE_TIMEOUT):
        """Wait until QEMU ends by itself, as it does when the guest resets."""
        try:
            self._qemu.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self._error(f"QEMU still runs after {timeout} s") from None

    def running(self):
        """Whether the virtual machine still exists."""
        return self._qemu is not None and self._qemu.poll() is None

    # --- the guest's shell ---

    def sh(self, command, timeout=COMMAND_TIMEOUT):
        """Run a shell command in the guest."""
        number = str(next(self._ids)).encode()
        self._send(number, command)
        deadline = time.monotonic() + timeout
        with self._answering(f"no answer to: {command}"):
            fields = self._agent.line(deadline).split()
            if fields[:2] != [b"DONE", number]:
                raise self._error(f"instead of an answer to {command!r} came {fields}")
            rc, out, err = (int(field) for field in fields[2:])
            return Result(command, rc, self._agent.exactly(out, deadline),
                          self._agent.exactly(err, deadline))

    def check(self, command, timeout=COMMAND_TIMEOUT):
        """Run a command that must succeed; returns its output as text."""
        result = self.sh(command, timeout)
        if result.rc:
            raise self._error(f"the guest failed:\n{result}")
        return result.text

    def put(self, path, data):
        """Write a file (or device) in the guest: for some kilobytes, not for images."""
        self.check(f"base64 -d >{shlex.quote(path)} <<'END'\n"
                   + base64.encodebytes(data).decode() + "END\n")

    def get(self, path):
        """The bytes of a file in the guest."""
        result = self.sh(f"cat {shlex.quote(path)}")
        if result.rc:
            raise self._error(str(result))
        return result.out

    def read_physical(self, address, size):
        """Bytes of the guest's physical memory, from outside: kernels of distributions close
        /dev/mem."""
        path = self._dir / "memory"
        self.qmp("pmemsave", val=address, size=size, filename=str(path))
        try:
            return path.read_bytes()
        finally:
            path.unlink()

    def write_physical(self, address, data):
        """Change the guest's physical memory, from outside as well: the kernel maps the crash
        region read only once it is loaded."""
        self.write_all_physical({address: data})

    def write_all_physical(self, pieces):
        """The same for {address: data}, while the machine stands."""
        path = self._dir / "gdb"
        self._monitor(f"gdbserver unix:{path},server=on,wait=off")
        with socket.socket(socket.AF_UNIX) as stub:
            stub.settimeout(QMP_TIMEOUT)
            stub.connect(str(path))
            assert _gdb(stub, "Qqemu.PhyMemMode:1") == "OK"
            for address, data in pieces.items():
                assert _gdb(stub, f"M{address:x},{len(data):x}:{data.hex()}") == "OK"
            assert _gdb(stub, "D") == "OK"
        self._monitor("gdbserver none")

    def _monitor(self, line):
        self.qmp("human-monitor-command", **{"command-line": line})

    def read_at(self, path, offset, size):
        """Part of a file in the guest, whole pages read and cut here."""
        page = 4096
        start = offset // page
        count = -(-(offset + size) // page) - start
        result = self.sh(f"dd if={path} bs={page} skip={start} count={count}")
        if result.rc or len(result.out) != count * page:
            raise self._error(f"{len(result.out)} of {count * page} bytes read\n"
                              f"{result.command}\n{result.err.decode()}")
        return result.out[offset % page:][:size]

    # --- changing the machine ---

    def qmp(self, command, **arguments):
        """One QMP command; returns its result."""
        deadline = time.monotonic() + QMP_TIMEOUT
        with self._explained(f"QMP {command}"):
            if not self._qmp_ready:
                self._qmp_ready = True
                self._qmp.line(deadline)
                self.qmp("qmp_capabilities")
            message = {"execute": command, "arguments": arguments}
            self._qmp.send(json.dumps(message).encode() + b"\n", QMP_TIMEOUT)
            while True:
                reply = json.loads(self._qmp.line(deadline))
                if "error" in reply:
                    raise self._error(f"QMP {command}: {reply['error']['desc']}")
                if "return" in reply:
                    return reply["return"]

    def plug(self, size, addr=None):
        """Add a DIMM of size MiB; returns (id, start, end), whatever the guest makes of it."""
        name = f"dimm{next(self._dimms)}"
        self.qmp("object-add", **{"qom-type": "memory-backend-ram", "id": f"{name}-memory",
                                  "size": size * MIB})
        place = {} if addr is None else {"addr": addr}
        self.qmp("device_add", driver="pc-dimm", id=name, memdev=f"{name}-memory", **place)
        (start,) = (dimm["addr"] for dimm in self.dimms() if dimm["id"] == name)
        return name, start, start + size * MIB

    def hot_add(self, size, addr=None):
        """Add a DIMM of size MiB; returns (id, start, end) when the guest uses all of it."""
        dimm = self.plug(size, addr)
        self.wait_online([dimm])
        return dimm

    def hot_remove(self, name, timeout=COMMAND_TIMEOUT):
        """Ask the guest to give up a DIMM and wait until it did.

        The guest may refuse for a moment, with pages in use there: then it is asked again.
        """
        def removed():
            if all(dimm["id"] != name for dimm in self.dimms()):
                return True
            try:
                self.qmp("device_del", id=name)
            except MachineError as error:
                # On pseries; the other machines ask their guest once more.
                if "already in progress" not in str(error):
                    raise
            return False

        self._wait(removed, timeout, f"removal of {name}", pause=0.5)

    def dimms(self):
        """The DIMMs plugged in, as QEMU sees them."""
        return [device["data"] for device in self.qmp("query-memory-devices")]

    def hot_add_cpu(self):
        """Add a CPU; returns its number when it runs in the guest.

        Until the guest knows of it a panic resets a PC: the NMI that stops the other CPUs goes to
        all, and one that nobody has started yet runs firmware then.
        """
        free = [cpu for cpu in self.qmp("query-hotpluggable-cpus") if "qom-path" not in cpu]
        cpu = min(free, key=lambda cpu: sorted(cpu["props"].items()))
        before = self.check("cat /sys/devices/system/cpu/present")
        number = int(re.findall(r"\d+", before)[-1]) + 1
        self.qmp("device_add", driver=cpu["type"], id=f"cpu{number}", **cpu["props"])
        self._wait(lambda: self.check("cat /sys/devices/system/cpu/present") != before,
                   COMMAND_TIMEOUT, f"another CPU than {before.strip()} in the guest")
        online = f"/sys/devices/system/cpu/cpu{number}/online"
        self._wait(lambda: self.sh(f"[ $(cat {online}) = 1 ] || echo 1 >{online}").rc == 0,
                   COMMAND_TIMEOUT, f"CPU {number} online")
        return number

    def grow(self, size):
        """Let the machine have size MiB by virtio-mem; returns the (start, end) ranges of them
        when the guest uses all."""
        self.qmp("qom-set", path="/machine/peripheral/virtio-mem", property="requested-size",
                 value=size * MIB)
        found = []

        def there():
            found[:] = [(int(start, 16), int(end, 16) + 1) for start, end in re.findall(
                r"([0-9a-f]+)-([0-9a-f]+) : System RAM \(virtio_mem\)",
                self.check("cat /proc/iomem"))]
            return sum(end - start for start, end in found) == size * MIB

        self._wait(there, COMMAND_TIMEOUT, f"{size} MiB by virtio-mem in the guest")
        return found

    def wait_online(self, dimms):
        """Wait until the guest uses all of these DIMMs."""
        self._wait(lambda: not self._missing(dimms), COMMAND_TIMEOUT,
                   f"{dimms[0]} and {len(dimms) - 1} others in the guest")

    def _missing(self, dimms):
        """Those that /proc/iomem has no line for or that have a memory block offline."""
        lines = self.check("cat /proc/iomem; cd /sys/devices/system/memory; cat block_size_bytes; "
                           "grep -l online memory*/state").splitlines()
        block = int(next(line for line in lines if re.fullmatch("[0-9a-f]+", line)), 16)
        lines = set(lines)
        return [(name, start, end) for name, start, end in dimms
                if f"{start:08x}-{end - 1:08x} : System RAM" not in lines
                or any(f"memory{number}/state" not in lines
                       for number in range(start // block, (end - 1) // block + 1))]

    # --- crash ---

    def panic(self):
        """Crash the running kernel. Nothing is waited for."""
        self._said_before = len(self.console())
        self.begin("echo c >/proc/sysrq-trigger")

    def wait_restarted(self, timeout=BOOT_TIMEOUT):
        """Wait for the agent of a kernel that the first one started."""
        self._wait_ready("main", timeout)
        return self

    def wait_capture(self, timeout=CAPTURE_TIMEOUT):
        """Wait for the agent in the capture kernel."""
        self._wait_ready("capture", timeout)
        return self

    def begin(self, command):
        """Run a command that does not come back. Nothing is waited for."""
        self._send(b"0", command)

    def leave(self, command):
        """Run a command that starts another kernel, and wait for the agent in that."""
        self.begin(command)
        self._wait_ready("main", CAPTURE_TIMEOUT)
        return self

    def come_back(self, command):
        """Run a command that leads to a kernel that waits in one of leave() or of this, and return
        what became of that."""
        self.begin(command)
        deadline = time.monotonic() + CAPTURE_TIMEOUT
        with self._answering(f"no kernel came back from: {command}"):
            line = self._agent.line(deadline)
            while self.SHARES_LINE and b"DONE 0 " not in line:
                line = self._agent.line(deadline)
            rc, out, err = (int(field) for field in line[line.index(b"DONE 0 "):].split()[2:])
            return Result("(what waited)", rc, self._agent.exactly(out, deadline),
                          self._agent.exactly(err, deadline))

    # --- inside ---

    def _send(self, number, command):
        with self._explained(f"cannot send: {command}"):
            script = command.encode()
            self._agent.send(b"%s %d\n%s" % (number, len(script), script), COMMAND_TIMEOUT)

    def _wait_ready(self, role, timeout):
        deadline = time.monotonic() + timeout
        wanted = f"READY {role}".encode()
        with self._answering(f"no {role} kernel within {timeout} s"):
            line = self._agent.line(deadline)
            while self.SHARES_LINE and not line.endswith(wanted):
                line = self._agent.line(deadline)
        if not line.endswith(wanted):
            raise self._error(f"instead of the {role} kernel came {line}")

    def _wait(self, condition, timeout, what, pause=0.1):
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.running():
                raise self._error(f"QEMU ended while waiting for {what}")
            if time.monotonic() > deadline:
                raise self._error(f"{timeout} s without {what}")
            time.sleep(pause)

    def _explained(self, what):
        return _Explained(self, what)

    def _answering(self, what):
        return _Explained(self, what, self._processors)

    def _error(self, what):
        words = (self._dir / "stderr").read_text(errors="replace")
        state = "runs" if self.running() else f"ended with {self._qemu and self._qemu.poll()}"
        tail = "\n".join(self.console().splitlines()[-40:])
        return MachineError(f"{what}\nQEMU {state}: {words}\n--- console ---\n{tail}")

    def _processors(self):
        """Where a machine that does not answer stands: PC and state of each CPU."""
        if not self.running():
            return "none run"
        try:
            text = self.qmp("human-monitor-command", **{"command-line": "info registers -a"})
        except (OSError, MachineError) as error:
            return str(error)
        return "\n".join(line for line in text.splitlines()
                         if line.startswith(("CPU#", " PC=", "PSTATE=", "RIP=")))

    def program_counters(self):
        """Where the CPUs are."""
        text = self.qmp("human-monitor-command", **{"command-line": "info registers -a"})
        return [int(value, 16) for value in re.findall(rf"\b{self.COUNTER}=([0-9a-f]+)", text)]


# Where firmware for q35 is; without it SeaBIOS, which QEMU brings.
OVMF = pathlib.Path("/usr/share/ovmf/OVMF.fd")
# With Secure Boot on, by the key that secure_boot.py signs with.
OVMF_SECURE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"
# What turns that off, as the firmware's setup does it, by the byte behind the name.
OVMF_SWITCH = "SecureBootEnable\0".encode("utf-16-le")


class PC(Machine):
    """An emulated x86_64 machine: the same, with a serial line in place of virtio's port."""

    CONSOLE = "ttyS0"
    AGENT = "agent=ttyS1"
    UART = "uart8250,io,0x3f8"
    COUNTER = "RIP"
    CAPTURE_CMDLINE = f"console={CONSOLE} panic=-1 nr_cpus=1 reset_devices {AGENT}"
    PROGRAM = "qemu-system-x86_64"
    # With several, a CPU can meet the breakpoint of a patch that another has ended: seen as an oops
    # of Linux 6.12 two seconds into its boot.
    THREADS = "single"
    SHARES_LINE = True
    KINDS = ("bios", "uefi", "secure", "keys")

    @staticmethod
    def _first_kind(slots):
        return "bios"

    def _command_line(self, kernel, initrd, *, kind, cpu, smp, memory, slots, max_memory, disks,
                      counted, qemu, append, max_cpus, virtio_mem, vmware, **_):
        size = f"{memory}M" + (f",slots={slots},maxmem={max_memory}M" if slots else "")
        command = [
            *qemu, "-M", "q35,vmport=on" if vmware else "q35", "-cpu", cpu,
            "-smp", f"{smp},maxcpus={max_cpus}" if max_cpus else str(smp), "-m", size,
            *self._accelerator(counted), "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", f"file:{self._console}",
            "-chardev", f"socket,id=qmp,path={self._dir}/qmp", "-mon", "chardev=qmp,mode=control",
            "-chardev", f"socket,id=agent,path={self._dir}/agent", "-serial", "chardev:agent",
            "-kernel", str(kernel), "-append", f"{append} {self.AGENT}",
        ]
        if initrd:
            command += ["-initrd", str(initrd)]
        if kind == "uefi":
            command += ["-bios", str(OVMF)]
        elif kind in ("secure", "keys"):
            variables = pathlib.Path(OVMF_VARIABLES).read_bytes()
            if kind == "keys":
                assert variables.count(OVMF_SWITCH + b"\1") == 1
                variables = variables.replace(OVMF_SWITCH + b"\1", OVMF_SWITCH + b"\0")
            (self._dir / "variables").write_bytes(variables)
            command += ["-machine", "smm=on",
                        "-global", "driver=cfi.pflash01,property=secure,value=on",
                        "-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_SECURE}",
                        "-drive", f"if=pflash,format=raw,file={self._dir}/variables"]
        if vmware:
            command += ["-smbios", "type=1,serial=VMware-kexec"]
        if virtio_mem:
            command += ["-object", f"memory-backend-ram,id=virtio-memory,size={virtio_mem}M",
                        "-device", "virtio-mem-pci,id=virtio-mem,memdev=virtio-memory"]
        for number, disk in enumerate(disks):
            command += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},cache=unsafe",
                        "-device", f"virtio-blk-pci,drive=disk{number}"]
        return command


# What QEMU cannot emulate of the mitigations, and would say at each start.
PSERIES = ("pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,"
           "cap-ccf-assist=off")


class PSeries(Machine):
    """An emulated ppc64le machine below a hypervisor, whose terminal is its console."""

    CONSOLE = "hvc0"
    CAPTURE_CMDLINE = f"console={CONSOLE} panic=-1 maxcpus=1 reset_devices"
    PROGRAM = "qemu-system-ppc64"

    def _command_line(self, kernel, initrd, *, cpu, smp, memory, slots, max_memory, disks,
                      counted, append, **_):
        size = f"{memory}M" + (f",slots={slots},maxmem={max_memory}M" if slots else "")
        if "maxcpus" in str(smp):
            # Of a full small cache QEMU 7.2 has no part left for a CPU that comes, and ends.
            self.CODE_CACHE = 256
        command = [
            self.PROGRAM, "-M", PSERIES, "-cpu", cpu, "-smp", str(smp), "-m", size,
            *self._accelerator(counted), "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", f"file:{self._console}",
            "-chardev", f"socket,id=qmp,path={self._dir}/qmp", "-mon", "chardev=qmp,mode=control",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self._dir}/agent",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-kernel", str(kernel), "-initrd", str(initrd), "-append", append,
        ]
        for number, disk in enumerate(disks):
            command += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},cache=unsafe",
                        "-device", f"virtio-blk-pci,drive=disk{number}"]
        return command

    def panic_on(self, cpu):
        """The same on a certain CPU."""
        self._said_before = len(self.console())
        self._send(b"0", f"taskset {1 << cpu:x} sh -c 'echo c >/proc/sysrq-trigger'")

    def hot_add_cpu(self, core):
        """Add the core of this number; the guest has it when its CPU is online."""
        (kind,) = (cpu["type"] for cpu in self.qmp("query-hotpluggable-cpus")
                   if cpu["props"]["core-id"] == core)
        self.qmp("device_add", driver=kind, id=f"core{core}", **{"core-id": core})
        self._wait(lambda: self.sh(f"grep -q 1 /sys/devices/system/cpu/cpu{core}/online").rc == 0,
                   COMMAND_TIMEOUT, f"CPU {core} in the guest")


def _gdb(stub, words):
    """One packet of gdb's remote protocol and its answer; the machine stands meanwhile."""
    stub.sendall(f"${words}#{sum(words.encode()) % 256:02x}".encode())
    data = b""
    while True:
        while b"#" not in data or len(data.partition(b"#")[2]) < 2:
            data += stub.recv(4096)
        packet, _, rest = data.partition(b"$")[2].partition(b"#")
        stub.sendall(b"+")
        # That the machine stands now may be told first, and is no answer.
        if not packet.startswith((b"T", b"S")):
            return packet.decode()
        data = rest[2:]


class PCWithScreen(PC):
    """The same with a VGA card, so that the kernel has a screen to hand on."""

    def _command_line(self, kernel, initrd, **options):
        return [*super()._command_line(kernel, initrd, **options), "-device", "VGA"]


class PCWithNVMe(PC):
    """The same with its disk on NVMe, for which Debian's kernel needs no module."""

    def _command_line(self, kernel, initrd, *, disks, **options):
        (disk,) = disks
        return [*super()._command_line(kernel, initrd, disks=(), **options),
                "-drive", f"file={disk},format=raw,if=none,id=disk,cache=unsafe",
                "-device", "nvme,drive=disk,serial=disk"]


class PCWithRegisters(PC):
    """The same with a PCI device whose registers in memory a test can make what it likes, and each
    write to them is seen: no PC of QEMU has a UART there."""

    SLOT = "0000:00:10.0"

    def _command_line(self, kernel, initrd, **options):
        return [*super()._command_line(kernel, initrd, **options), "-device", "edu,addr=10.0",
                "-D", f"{self._dir}/writes"]

    def watch(self, enable):
        """Whether writes to all devices are noted."""
        self.qmp("trace-event-set-state", name="memory_region_ops_write", enable=enable)

    def written(self, address):
        """The bytes that were written there, in 32 bits, while that was watched."""
        text = (self._dir / "writes").read_text(errors="replace")
        return bytes(int(value, 16) for value in
                     re.findall(rf"addr {address:#x} value 0x(\w+) size 4", text))

    def wait_written(self, address, words, timeout=CAPTURE_TIMEOUT):
        """Wait until these are among them; returns them all."""
        self._wait(lambda: words in self.written(address), timeout, f"{words!r} at {address:#x}")
        return self.written(address)


class _Explained:
    """Turns the end of a connection or of patience into a MachineError."""

    def __init__(self, machine, what, more=lambda: ""):
        self._machine, self._what, self._more = machine, what, more

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if isinstance(error, OSError):
            raise self._machine._error(f"{self._what} ({error})\n{self._more()}") from error
        return False
