# SPDX-License-Identifier: GPL-2.0-only
"""Our own packages, built from copies of the tree as a packager builds them.

Nothing is installed for that but what tests/packages lists. The libraries of a cross build are
unpacked below build/, with a package database of their own, so that the dependencies come out as
on a machine that has them installed.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/vm"))
import debian  # noqa: E402  pylint: disable=wrong-import-position

NAME = "kexec-utils"
# What the copy of the tree is called that packages are built in.
TREE = "kexec"
# What is built across, by Debian's name.
TRIPLETS = {"arm64": "aarch64-linux-gnu", "ppc64el": "powerpc64le-linux-gnu"}
# What the tool and its helpers link, with headers.
CROSS_PACKAGES = ("libc6", "libfdt-dev", "libfdt1", "libjson-c-dev", "libjson-c5", "zlib1g-dev",
                  "zlib1g", "liblzma-dev", "liblzma5", "libzstd-dev", "libzstd1",
                  "liblz4-dev", "liblz4-1", "liblzo2-dev", "liblzo2-2")


def must(command, cwd, env=None):
    """Run a command that has to work; returns what it printed."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stdout
    return done.stdout


def tree_files():
    """Our files, as git sees them or as the release tarball had them."""
    if (TOP / ".git").exists():
        names = must(["git", "ls-files", "-co", "--exclude-standard"], TOP).splitlines()
        return [name for name in names if (TOP / name).is_file()]
    return [str(path.relative_to(TOP)) for path in TOP.rglob("*")
            if path.is_file() and not path.relative_to(TOP).parts[0].startswith("build")]


def copy_tree(target):
    """A copy of the tree without what git ignores."""
    target.mkdir(parents=True)
    names = "\n".join(tree_files())
    subprocess.run(f"tar -c --files-from=- | tar -x -C '{target}'", shell=True, cwd=TOP,
                   check=True, text=True, input=names)
    return target


@dataclasses.dataclass(frozen=True)
class Built:
    """What one run of dpkg-buildpackage left."""
    folder: pathlib.Path

    @property
    def deb(self):
        (path,) = self.folder.glob(f"{NAME}_*.deb")
        return path

    @property
    def changes(self):
        (path,) = self.folder.glob("*.changes")
        return path

    @property
    def debs(self):
        return sorted(self.folder.glob("*.deb"))


def build_deb(folder, arch=None, kind="binary"):
    """Build packages in a folder: for this machine, or across for one of TRIPLETS."""
    tree = copy_tree(folder / TREE)
    command = ["dpkg-buildpackage", "-us", "-uc", f"--build={kind}"]
    env = {"DEB_BUILD_OPTIONS": f"nocheck parallel={len(os.sched_getaffinity(0))}"}
    if arch:
        # The Build-Depends of another architecture are unpacked, not installed.
        command += ["--host-arch", arch, "--no-check-builddeps"]
        env |= cross_environment(arch)
    must(command, tree, env)
    return Built(folder)


def built(arch=None):
    """The packages of this tree for this machine, with the source package, or for one of TRIPLETS:
    built when they are first asked for, by whichever layer."""
    name = arch or "native"
    target = TOP / "build/package/built" / name
    key = debian.content_key(*(part for file in tree_files()
                               for part in (file, (TOP / file).read_bytes())))
    stamp = target / ".complete"
    with debian.locked(f"built-{name}"):
        if not stamp.is_file() or stamp.read_text() != key:
            with debian.published(target) as scratch:
                build_deb(scratch, arch, "binary" if arch else "full")
                shutil.rmtree(scratch / TREE)
                (scratch / ".complete").write_text(key)
    return Built(target)


def cross_root(arch):
    """Where the libraries of an architecture are."""
    return TOP / "build/package" / arch


def cross_environment(arch):
    """Where a cross build finds the libraries, and dpkg-shlibdeps their packages."""
    prepare_cross_root(arch)
    usr, triplet = cross_root(arch) / "usr", TRIPLETS[arch]
    library = usr / "lib" / triplet
    return {
        "DEB_CPPFLAGS_APPEND": f"-isystem {usr}/include -isystem {usr}/include/{triplet}",
        "DEB_LDFLAGS_APPEND": f"-L{library} -Wl,-rpath-link,{library}",
        "LD_LIBRARY_PATH": str(library),
        "DPKG_ADMINDIR": str(cross_root(arch) / "var/lib/dpkg"),
    }


def prepare_cross_root(arch):
    """The libraries below cross_root(), and a package database that knows whose they are."""
    target = cross_root(arch)
    stamp = target / ".complete"
    key = debian.content_key(*CROSS_PACKAGES, pathlib.Path(__file__).read_bytes())
    if stamp.is_file() and stamp.read_text() == key:
        return
    with debian.locked(f"package-{arch}"):
        archive = debian.Archive("bookworm", arch=arch)
        archive.update()
        with debian.published(target) as root:
            database = root / "var/lib/dpkg"
            (database / "info").mkdir(parents=True)
            (database / "updates").mkdir()
            (database / "arch").write_text(f"amd64\n{arch}\n")
            (database / "info/format").write_text("1\n")  # with the architecture in names
            status = []
            for deb in archive.download(CROSS_PACKAGES):
                files = []

                def keep(path, files=files):
                    files.append(str(target / path))
                    return path.startswith(("usr/include", "usr/lib"))

                debian.unpack(deb, root, keep)
                status.append(register(deb, database / "info", files, arch))
            (database / "status").write_text("\n".join(status))
            (root / ".complete").write_text(key)


def register(deb, info, files, arch):
    """Enter a package of an architecture with these files into a database; returns its paragraph
    of the status."""
    with tempfile.TemporaryDirectory() as scratch:
        control = pathlib.Path(scratch)
        subprocess.run(["dpkg-deb", "--control", deb, control], check=True)
        fields = (control / "control").read_text()
        name = re.search(r"^Package: (.*)$", fields, re.M)[1]
        if "\nMulti-Arch: same\n" in fields:
            name += f":{arch}"
        for member in ("shlibs", "symbols"):
            if (control / member).exists():
                shutil.copy(control / member, info / f"{name}.{member}")
    (info / f"{name}.list").write_text("\n".join(files) + "\n")
    return fields.replace("\n", "\nStatus: install ok installed\n", 1)


def named_documents():
    """Files that README.md and the manuals lead to, as names below a folder of documents."""
    named = set(re.findall(r"\]\(([^)#:]+)[^)]*\)", (TOP / "README.md").read_text()))
    for page in tree_files():
        if re.search(r"\.[578]$", page):
            text = (TOP / page).read_text().replace("\\-", "-")
            named.update(re.findall(r"\bdoc/[\w-]+\.\w+", text))
    # Pages show pictures.
    for page in [name for name in named if name.startswith("doc/")]:
        named.update(f"doc/{picture}"
                     for picture in re.findall(r"\]\(([\w-]+\.svg)\)", (TOP / page).read_text()))
    return named


def missing_documents(files, licence):
    """Of these the ones that a package lacks, whose files have these paths. licence is what it has
    in place of COPYING."""
    have = {path.removesuffix(".gz") for path in files}

    def place(name):
        if re.search(r"\.[578]$", name):
            return f"/usr/share/man/man{name[-1]}/{name.rpartition('/')[2]}"
        return licence if name == "COPYING" else f"/usr/share/doc/{NAME}/{name}"

    return sorted(name for name in named_documents() if place(name) not in have)
