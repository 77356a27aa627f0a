# SPDX-License-Identifier: GPL-2.0-only
"""tests/fixtures/collect, run by each shell it is for on a machine in a folder: of the device tree
nothing changes but the values that are private, and those are gone wherever they stood."""

import gzip
import os
import pathlib
import shutil
import stat
import struct
import subprocess

import pytest

COLLECT = pathlib.Path(__file__).resolve().parents[1] / "fixtures/collect"
TOOLS = ("cat", "dd", "mkdir", "sed", "ls", "uname", "gzip", "rm", "od")
SECRET = b"do not send me"

PRIVATE = """
    kaslr-seed rng-seed bootargs bootargs-append u-boot,bootargs_ext bootp-response
    serial-number serial64 serial# serialno linux,serial host-serial board-sn mlb-serial-number
    mac-address local-mac-address nvmem-mac-address local-bd-address ethaddr eth1addr wifi-addr
    btaddr hw-addr ipaddr system-id duid chip-id unique-chip-id die-id ecid hwid board-hwid imei
    modem-imei asset-tag chassis-asset-tag vm,uuid hostname wifi-ssid ssid wpa-psk psk password
    admin-password wpa-passphrase client-secret-value access-token aes-key key vendor,key
    rsa,private-key client-cert x509-data qcom,ath10k-calibration-data
    qcom,ath10k-pre-calibration-data-of-a-long-name mediatek,eeprom-data nvmem-cell-value
    nvmem-data otp-data
""".split()
# Each of the private ones has one of these behind it in the tree, and so in the table of names:
# what a shell reads over the end of a name must not count.
PUBLIC = """
    phy-mode status reg device_type serial0 serial #address-cells #size-cells nvmem-cells
    nvmem-cell-names address-bits stdout-path linux,initrd-start linux,uefi-mmap-start
    mac-mode assigned-clock-rates key-release linux,keymap linux,code chip-select
    a-name-of-just-31-characters-abc a-name-of-just-32-characters-abcd
    a-name-of-more-than-32-characters-serial-free
""".split()


def tree():
    """A flat tree with all of them, and a node in which the private ones stand alone."""
    def value(name, count):
        return f'{name} = "{SECRET.decode()}", "{name}";' if count % 3 else \
            f"{name} = [{' '.join(f'{count + byte & 255:02x}' for byte in range(7))}];"

    pairs = [line for count, name in enumerate(PRIVATE)
             for line in (value(name, count), value(PUBLIC[count % len(PUBLIC)], count))]
    nodes = "".join(f"node@{start:x} {{ {' '.join(pairs[start:start + 2 * len(PUBLIC)])} }};"
                    for start in range(0, len(pairs), 2 * len(PUBLIC)))
    alone = " ".join(value(name, 1) for name in PRIVATE)
    source = (f'/dts-v1/; /memreserve/ 0x1000 0x2000; / {{ compatible = "x"; empty; {nodes} '
              f"alone {{ {alone} deeper {{ password; reg = <1>; }}; }}; }};")
    return subprocess.run(["dtc", "-qqq", "-f", "-I", "dts", "-O", "dtb", "-S", "65536"],
                          input=source.encode(), stdout=subprocess.PIPE, check=True).stdout


def properties(flat):
    """(path, offset, value) of each property."""
    block, strings = struct.unpack_from(">2I", flat, 8)
    at, path = block, []
    while True:
        token, = struct.unpack_from(">I", flat, at)
        at += 4
        if token == 1:
            end = flat.index(0, at)
            path.append(flat[at:end].decode())
            at = end + 4 & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack_from(">2I", flat, at)
            at += 8
            name = flat[strings + name:flat.index(0, strings + name)].decode()
            yield "/".join([*path[1:], name]), at, flat[at:at + size]
            at = at + size + 3 & ~3
        elif token == 9:
            return


def install(root, program):
    """A program with the libraries that it wants."""
    path = shutil.which(program)
    listed = subprocess.run(["ldd", path], text=True, capture_output=True, check=False).stdout
    for file in [path, *(word for word in listed.split() if word.startswith("/"))]:
        target = root / file.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(file, target)
    return path


class Machine:
    """A root with the files of a machine, and what the script is run by."""

    def __init__(self, root, shell, without=()):
        self.root = root
        for folder in ("dev", "tmp", "bin", "proc", "sys/firmware"):
            (root / folder).mkdir(parents=True)
        for name, minor in (("null", 3), ("zero", 5)):
            os.mknod(root / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        shutil.copy(COLLECT, root / "collect")
        tools = [tool for tool in TOOLS if tool not in without]
        if shell == "busybox":
            shutil.copy(shutil.which("busybox"), root / "bin/busybox")
            for tool in ("sh", *tools):
                (root / "bin" / tool).symlink_to("busybox")
            self.shell = "/bin/sh"
        else:
            for tool in tools:
                install(root, tool)
            self.shell = install(root, shell)
        self.put("proc/iomem", "40000000-4fffffff : System RAM\n")
        self.put("proc/meminfo", "MemTotal: 8 kB\n")
        self.put("proc/cmdline", "console=ttyAMA0 secret=1 quiet\n")

    def put(self, path, content):
        """A file of the machine."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def collect(self):
        """The fixture that comes out."""
        done = subprocess.run([self.shell, "/collect", "/out"], preexec_fn=self.enter, text=True,
                              capture_output=True, check=False, env={"PATH": "/bin:/usr/bin"})
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "not found" not in done.stderr and "rror" not in done.stderr, done.stderr
        return self.root / "out"

    def enter(self):
        """Between fork and exec."""
        os.chroot(self.root)
        os.chdir("/")


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a root of its own takes the superuser")
SHELLS = pytest.mark.parametrize("shell", ("dash", "bash", "busybox"))


@SHELLS
def test_flat_tree(tmp_path, shell):
    flat = tree()
    machine = Machine(tmp_path, shell)
    machine.put("sys/firmware/fdt", flat)
    check_flat(flat, machine)


def test_flat_tree_without_od(tmp_path):
    """Each byte takes a process: a small one."""
    flat = subprocess.run(
        ["dtc", "-qqq", "-I", "dts", "-O", "dtb"], check=True, stdout=subprocess.PIPE, input=b"""
        /dts-v1/; / { serial-number = "1000deadbeef"; model = "m"; chosen { bootargs = "x=1"; };
        eth@1 { local-mac-address = [de ad be ef 80 ff]; phy-mode = "rgmii"; status = "okay"; };
        };""").stdout
    machine = Machine(tmp_path, "dash", without=("od",))
    machine.put("sys/firmware/fdt", flat)
    check_flat(flat, machine)


def check_flat(flat, machine):
    """Byte for byte, but for the size that it says and what is cut off behind."""
    wanted, private = bytearray(flat), 0
    for path, at, value in properties(flat):
        if path.rpartition("/")[2] in PRIVATE:
            wanted[at:at + len(value)] = bytes(len(value))
            private += 1
    assert private >= 3
    got = (machine.collect() / "sys/firmware/fdt").read_bytes()
    struct.pack_into(">I", wanted, 4, len(got))
    offset = {path: (at, value) for path, at, value in properties(got)}
    assert [path for path, at, value in properties(bytes(wanted))
            if offset.get(path) != (at, value)] == []
    assert got == bytes(wanted[:len(got)]) and not any(flat[len(got):])


@SHELLS
def test_tree_as_folders(tmp_path, shell):
    machine = Machine(tmp_path, shell)
    values = {path: value for path, _, value in properties(tree())}
    for path, value in values.items():
        machine.put(f"proc/device-tree/{path}", value)
    out = machine.collect() / "proc/device-tree"
    got = {str(file.relative_to(out)): file.read_bytes()
           for file in out.rglob("*") if file.is_file()}
    assert got == {path: bytes(len(value)) if path.rpartition("/")[2] in PRIVATE else value
                   for path, value in values.items()}


@SHELLS
@pytest.mark.parametrize("where", ("proc/config.gz", "boot/config-"))
def test_configuration(tmp_path, shell, where):
    """Neither the command line that is built in, nor paths of keys."""
    config = ('CONFIG_CRASH_HOTPLUG=y\nCONFIG_CMDLINE="password=1"\n# CONFIG_KEXEC is not set\n'
              'CONFIG_KEXEC_FILE=y\nCONFIG_NR_CPUS=256\nCONFIG_ARM64_SECRET="a key"\nCONFIG_X=y\n'
              "CONFIG_ARM64_VA_BITS=48\n")
    machine = Machine(tmp_path, shell)
    if where.endswith("gz"):
        machine.put(where, gzip.compress(config.encode()))
        kept = gzip.decompress((machine.collect() / where).read_bytes()).decode()
    else:
        where += os.uname().release
        machine.put(where, config)
        kept = (machine.collect() / where).read_text()
    assert kept == ("CONFIG_CRASH_HOTPLUG=y\nCONFIG_KEXEC_FILE=y\nCONFIG_NR_CPUS=256\n"
                    "CONFIG_ARM64_VA_BITS=48\n")


def test_a_configuration_that_cannot_be_read_is_not_copied(tmp_path):
    machine = Machine(tmp_path, "dash", without=("gzip",))
    machine.put("proc/config.gz", gzip.compress(b'CONFIG_CMDLINE="password=1"\n'))
    out = machine.collect()
    assert not (out / "proc/config.gz").exists()
    assert "/proc/config.gz" in (out / "about.md").read_text()


@SHELLS
def test_command_line(tmp_path, shell):
    machine = Machine(tmp_path, shell)
    assert (machine.collect() / "proc/cmdline").read_text() == \
        "console=ttyAMA0 scrubbed=1 quiet\n"


@SHELLS
def test_what_x86_has(tmp_path, shell):
    """Of boot_params all but what is of one monitor or disk; of setup_data no content."""
    machine = Machine(tmp_path, shell)
    params = bytes(at * 7 % 255 + 1 for at in range(4096))
    files = {"sys/firmware/memmap/0/start": "0x0\n", "sys/firmware/memmap/0/end": "0x9fbff\n",
             "sys/firmware/memmap/0/type": "System RAM\n",
             "sys/firmware/efi/systab": "ACPI20=0x3fbfe014\n",
             "sys/firmware/efi/runtime-map/12/phys_addr": "0x3f000000\n",
             "sys/kernel/boot_params/version": "0x020f\n",
             "sys/kernel/boot_params/setup_data/0/type": "0x9\n",
             "sys/class/tty/ttyS0/type": "4\n", "sys/class/tty/ttyS0/io_type": "0\n",
             "sys/class/tty/ttyS0/port": "0x3F8\n", "sys/class/tty/ttyS0/iomem_base": "0x0\n"}
    for path, text in files.items():
        machine.put(path, text)
    machine.put("sys/kernel/boot_params/data", params)
    machine.put("sys/kernel/boot_params/setup_data/0/data", SECRET)
    machine.put("sys/class/tty/ttyS1/type", "0\n")
    machine.put("sys/class/tty/ttyS1/port", "0x0\n")
    machine.put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu la57\nvmx flags\t: x\nflags : y\n")
    out = machine.collect()
    assert {path: (out / path).read_text() for path in files} == files
    assert (out / "proc/cpuinfo").read_text() == "flags\t\t: fpu la57\n"
    assert not (out / "sys/class/tty/ttyS1").exists()
    assert not (out / "sys/kernel/boot_params/setup_data/0/data").exists()
    kept = bytearray(params)
    for start, end in ((0x140, 0x1c0), (0x290, 0x2d0), (0xd00, 0x1000)):
        kept[start:end] = bytes(end - start)
    assert (out / "sys/kernel/boot_params/data").read_bytes() == bytes(kept)


@SHELLS
def test_words_that_name_no_folder_make_none(tmp_path, shell):
    machine = Machine(tmp_path, shell)
    for words, status in ((["--help"], 0), (["-x"], 1), ([""], 1), ([], 1), (["a", "b"], 1)):
        done = subprocess.run([machine.shell, "/collect", *words], preexec_fn=machine.enter,
                              text=True, capture_output=True, check=False,
                              env={"PATH": "/bin:/usr/bin"})
        said, other = (done.stdout, done.stderr) if status == 0 else (done.stderr, done.stdout)
        assert (done.returncode, other) == (status, "") and "usage: collect FOLDER" in said
    assert not {"--help", "-x", "a"} & set(os.listdir(machine.root))
