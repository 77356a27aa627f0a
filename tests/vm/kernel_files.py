# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of file that a distribution ships a kernel as, made from one Image or bzImage.

The packing, the uImage, the vmlinux, the UKI and the Android boot images are made by the programs
that distributions use: gzip and friends, mkimage, ld, systemd's ukify with its boot stub,
mkbootimg. Only the EFI zboot wrapper is made here, since the kernel's own
Makefile is what makes it elsewhere.
"""

import functools
import os
import pathlib
import struct
import subprocess
import sys

import debian

LINK_BASE = 0xffff800080000000
# Where the vmlinux is split in two, so that it has a hole and BSS to be laid out.
SPLIT = 1 << 20

PACKERS = {
    "gzip": ("gzip", "-6", "-n", "-c"),
    "xz": ("xz", "--check=crc32", "-1", "-c"),
    "zstd": ("zstd", "-q", "-9", "-c"),
    "lz4": ("lz4", "-q", "-l", "-1", "-c"),    # the legacy format, as the kernel's Makefiles do
    "lz4-frame": ("lz4", "-q", "-1", "-c"),
    "lzma": ("xz", "--format=lzma", "-1", "-c"),
    "lzo": ("lzop", "-q", "-1", "-c"),
}
# What stands in a zboot header: not always the plain name.
ZBOOT_NAMES = {"gzip": "gzip", "lz4": "lz4", "lzma": "lzma", "lzo": "lzo", "xz": "xzkern",
               "zstd": "zstd22"}
UIMAGE_PACKINGS = {"none": None, "gzip": "gzip", "lzma": "lzma", "lzo": "lzo",
                   "lz4": "lz4-frame", "zstd": "zstd"}


def pack(name, data):
    return subprocess.run(PACKERS[name], input=data, stdout=subprocess.PIPE, check=True).stdout


def image_size(image):
    return struct.unpack_from("<Q", image, 16)[0]


def zboot(name, image):
    """An EFI program that holds the packed Image, filled up with zeros to its image_size."""
    payload = pack(name, image.ljust(image_size(image), b"\0"))
    # The size of what is unpacked is appended, where the format does not end in it anyway.
    trailer = b"" if name == "gzip" else struct.pack("<I", image_size(image))
    begin = 0x1000
    head = b"MZ\0\0zimg" + struct.pack("<IIQ", begin, len(payload), 0)
    head += ZBOOT_NAMES[name].encode().ljust(32, b"\0") + struct.pack("<II", 0x818223cd, 64)
    size = len(payload) + len(trailer)
    pe = b"PE\0\0" + struct.pack("<HHIIIHH", 0xaa64, 1, 0, 0, 0, 112, 0x206)
    pe += struct.pack("<H", 0x20b).ljust(112, b"\0")
    pe += struct.pack("<8sIIIIIIHHI", b".text", size, begin, size, begin, 0, 0, 0, 0, 0x60000020)
    return (head + pe).ljust(begin, b"\0") + payload + trailer


def uimage(packing, image, directory):
    packer = UIMAGE_PACKINGS[packing]
    data, out = directory / "uimage.data", directory / "uimage"
    data.write_bytes(pack(packer, image) if packer else image)
    subprocess.run(["mkimage", "-A", "arm64", "-O", "linux", "-T", "kernel", "-C", packing,
                    "-a", "0", "-e", "0", "-n", "test", "-d", data, out], check=True,
                   stdout=subprocess.DEVNULL)
    return out.read_bytes()


def vmlinux(image, directory):
    """What the linker makes: two PT_LOADs, BSS, and a section table."""
    script = directory / "vmlinux.lds"
    script.write_text(f"""
        ENTRY(_text)
        SECTIONS {{
            . = {LINK_BASE:#x};
            _text = .;
            .text : {{ text.o(.data) }}
            . = _text + {SPLIT:#x};
            .data : {{ data.o(.data) }}
            .bss : {{ . = {image_size(image) - len(image):#x}; }}
        }}
    """)
    for name, data in (("text", image[:SPLIT].rstrip(b"\0")), ("data", image[SPLIT:])):
        (directory / name).write_bytes(data)
        subprocess.run(["aarch64-linux-gnu-ld", "-r", "-b", "binary", name, "-o", f"{name}.o"],
                       cwd=directory, check=True)
    subprocess.run(["aarch64-linux-gnu-ld", "-z", "max-page-size=65536", "-T", script, "text.o",
                    "data.o", "-o", "vmlinux"], cwd=directory, check=True)
    return (directory / "vmlinux").read_bytes()


def vmlinux_of(bzimage):
    """What a bzImage unpacks when it starts (Documentation/arch/x86/boot.rst, payload_offset)."""
    begin = ((bzimage[0x1f1] or 4) + 1) * 512
    offset, size = struct.unpack_from("<II", bzimage, 0x248)
    payload = bzimage[begin + offset:begin + offset + size]
    program = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"\xfd7": "xz"}[payload[:2]]
    # The size of what is unpacked is appended, which these programs complain about at the end.
    plain = subprocess.run([program, "-dc"], input=payload, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=False).stdout
    assert plain[:4] == b"\x7fELF"
    return plain


@functools.cache
def tool_root(name, *packages, arch="arm64"):
    """A tool from Debian with what it needs; in the cache, each architecture by its own name."""
    target = debian.cache_dir() / name / debian.content_key("trixie", *packages)
    with debian.locked(name):
        if not target.is_dir():
            archive = debian.Archive("trixie", arch=arch)
            archive.update()
            with debian.published(target) as root:
                for deb in archive.download(packages):
                    debian.unpack(deb, root, lambda path: path.startswith(("usr/lib/", "usr/bin/")))
    return target


def android(directory, kernel, version, ramdisk, cmdline, tree=None):
    """A boot image by mkbootimg. Its arguments are files."""
    root = tool_root("mkbootimg", "mkbootimg")
    files = {"kernel": kernel, "ramdisk": ramdisk, "dtb": tree}
    command = [sys.executable, root / "usr/bin/mkbootimg", f"--header_version={version}",
               f"--cmdline={cmdline}", f"--output={directory}/boot.img"]
    for option, data in files.items():
        if data is not None:
            path = directory / f"android.{option}"
            path.write_bytes(data)
            command += [f"--{option}", path]
    subprocess.run(command, check=True, capture_output=True)
    return pathlib.Path(directory / "boot.img").read_bytes()


# What ukify and EFI call architectures.
EFI_NAMES = {"arm64": "aa64", "amd64": "x64"}


def uki(directory, kernel, arch="arm64", **parts):
    """A unified kernel image by ukify. parts are its options and their files' contents; a list
    gives an option several times."""
    efi = EFI_NAMES[arch]
    root = tool_root("ukify" if arch == "arm64" else f"ukify-{arch}", "systemd-ukify",
                     "systemd-boot-efi", "python3-pefile", arch=arch)
    command = [sys.executable, root / "usr/bin/ukify", "build", f"--efi-arch={efi}",
               f"--stub={root}/usr/lib/systemd/boot/efi/linux{efi}.efi.stub",
               f"--output={directory}/uki"]
    for option, contents in {"linux": kernel, **parts}.items():
        for number, data in enumerate(contents if isinstance(contents, list) else [contents]):
            path = directory / f"uki.{option}.{number}"
            path.write_bytes(data)
            at = "@" if option in ("cmdline", "os_release") else ""
            command.append(f"--{option.replace('_', '-')}={at}{path}")
    subprocess.run(command, check=True, capture_output=True,
                   env={**os.environ, "PYTHONPATH": f"{root}/usr/lib/python3/dist-packages"})
    return pathlib.Path(directory / "uki").read_bytes()


def all_kinds(image, directory, **uki_parts):
    """{(kind, packed with): bytes} of one kernel."""
    kinds = {("Image", "nothing"): image}
    kinds |= {("Image", name): pack(name, image) for name in PACKERS}
    kinds |= {("EFI zboot", name): zboot(name, image) for name in ZBOOT_NAMES}
    kinds["EFI zboot", "gzip, all of it with gzip"] = pack("gzip", kinds["EFI zboot", "gzip"])
    kinds |= {("uImage", name): uimage(name, image, directory) for name in UIMAGE_PACKINGS}
    kinds["vmlinux", "nothing"] = vmlinux(image, directory)
    kinds["vmlinux", "zstd"] = pack("zstd", kinds["vmlinux", "nothing"])
    kinds["UKI", "nothing"] = uki(directory, image, **uki_parts)
    kinds["UKI", "zstd in EFI zboot"] = uki(directory, kinds["EFI zboot", "zstd"], **uki_parts)
    given = uki_parts["initrd"], uki_parts["cmdline"].decode().strip()
    trees = b"".join(uki_parts["devicetree_auto"])
    kinds["Android", "gzip, header version 0"] = android(directory, pack("gzip", image), 0, *given)
    kinds["Android", "lz4 and a tree behind, version 2"] = android(
        directory, pack("lz4", image) + uki_parts["devicetree"], 2, *given, trees)
    kinds["Android", "nothing, version 4"] = android(directory, image, 4, *given)
    return kinds


def all_pc_kinds(bzimage, directory, **uki_parts):
    """The same of one kernel of x86_64; nobody packs all of a bzImage, but it is read."""
    kinds = {("bzImage", "nothing"): bzimage, ("vmlinux", "nothing"): vmlinux_of(bzimage)}
    for name in ("gzip", "xz", "zstd"):
        kinds |= {(kind, name): pack(name, kinds[kind, "nothing"]) for kind in ("bzImage", "vmlinux")}
    kinds["UKI", "nothing"] = uki(directory, bzimage, "amd64", **uki_parts)
    return kinds
