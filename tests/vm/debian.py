# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages of another suite and architecture, without touching the system.

The VM layer needs arm64 libraries, tools and kernels, and one kernel source. They come
from the Debian archive through apt, so that signatures are checked as on any Debian
machine, but with sources, lists and package cache of our own: no
`dpkg --add-architecture`, no new file under /etc, nothing installed.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = os.environ.get("KEXEC_TEST_MIRROR", "http://deb.debian.org/debian")

# Directories that a merged-/usr system has as symlinks; packages of bookworm still
# ship files below them.
MERGED = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"}


def cache_dir():
    """Where everything downloaded or built by the VM layer is kept."""
    default = pathlib.Path.home() / ".cache/kexec-tests"
    return pathlib.Path(os.environ.get("KEXEC_TEST_CACHE", default))


@contextlib.contextmanager
def locked(name):
    """One process at a time prepares the part of the cache called name."""
    directory = cache_dir() / "lock"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def published(target):
    """A scratch directory that becomes target when, and only when, it is complete.

    The caller holds a lock for target, so what lies around is of a run that was killed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(target.name + ".*"):
        shutil.rmtree(leftover, ignore_errors=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
    scratch.chmod(0o755)
    try:
        yield scratch
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def content_key(*parts):
    """A short name that changes whenever one of the parts (str or bytes) changes."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


class Archive:
    """One suite of the Debian archive as seen by one architecture.

    stale_ok accepts a Release file past its Valid-Until date, for suites that move
    daily and mirrors that do not; the signature is checked all the same.
    """

    def __init__(self, suite, arch="arm64", stale_ok=False):
        self.home = cache_dir() / "apt" / f"{suite}-{arch}"
        for sub in ("lists/partial", "archives/partial", "empty"):
            (self.home / sub).mkdir(parents=True, exist_ok=True)
        (self.home / "status").touch()
        options = f"arch={arch} signed-by={KEYRING}"
        if stale_ok:
            options += " check-valid-until=no"
        (self.home / "sources.list").write_text(f"deb [{options}] {MIRROR} {suite} main\n")
        (self.home / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{self.home}/sources.list";\n'
            f'Dir::Etc::sourceparts "{self.home}/empty";\n'
            f'Dir::Etc::preferencesparts "{self.home}/empty";\n'
            f'Dir::State "{self.home}";\n'
            f'Dir::State::status "{self.home}/status";\n'
            f'Dir::Cache "{self.home}";\n'
            f'APT::Architecture "{arch}";\n'
            f'APT::Architectures {{ "{arch}"; }};\n'
            'APT::Sandbox::User "root";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n')

    def _apt(self, *command, **kwargs):
        environ = dict(os.environ, APT_CONFIG=str(self.home / "apt.conf"), LC_ALL="C")
        return subprocess.run(command, env=environ, check=True, text=True, **kwargs)

    def update(self):
        """Fetch the package lists. An error to reach or verify them is fatal."""
        self._apt("apt-get", "-qq", "--error-on=any", "update")

    def show(self, packages, field):
        """One field ("" where there is none) of the newest version of each package."""
        text = self._apt("apt-cache", "show", "--no-all-versions", *packages,
                         stdout=subprocess.PIPE).stdout
        values = dict.fromkeys(packages, "")
        for paragraph in text.split("\n\n"):
            fields = dict(re.findall(r"^(\S+): (.*)$", paragraph, re.MULTILINE))
            if "Package" in fields:
                values[fields["Package"]] = fields.get(field, "")
        return values

    def with_libraries(self, packages):
        """The packages and, recursively, every library package they depend on.

        Only names that begin with lib are followed: what maintainer scripts need
        (perl, debconf) has no use in a tree that is unpacked and never configured.
        """
        wanted, fresh = [], list(packages)
        while fresh:
            wanted += fresh
            depends = ",".join(self.show(fresh, "Depends").values())
            names = re.findall(r"(?:^|,)\s*(lib[^\s:|(,]+)", depends)
            fresh = [name for name in dict.fromkeys(names) if name not in wanted]
        return wanted

    def names(self, pattern):
        """Names of packages that match a regular expression."""
        text = self._apt("apt-cache", "search", "--names-only", pattern,
                         stdout=subprocess.PIPE).stdout
        return [line.split(" ", 1)[0] for line in text.splitlines()]

    def download(self, packages):
        """Download packages, verified; returns their paths in the order given."""
        archives = self.home / "archives"
        with tempfile.TemporaryDirectory(dir=self.home) as scratch:
            self._apt("apt-get", "-qq", "download", *packages, cwd=scratch)
            found = {}
            for deb in pathlib.Path(scratch).glob("*.deb"):
                found[deb.name.split("_", 1)[0]] = deb.rename(archives / deb.name)
        return [found[package] for package in packages]


def programs(name, suite, arch, packages, keep, stale_ok=True, libraries=True):
    """A directory with what of packages, and of the libraries that they need if these are wanted,
    begins with one of keep, and a file that says which versions; made once, in the part of the
    cache called name."""
    target = cache_dir() / name / content_key(suite, *packages, *(() if libraries else ("alone",)))
    with locked(name):
        if target.is_dir():
            return target
        archive = Archive(suite, arch=arch, stale_ok=stale_ok)
        archive.update()
        packages = archive.with_libraries(packages) if libraries else packages
        with published(target) as root:
            for deb in archive.download(packages):
                unpack(deb, root, lambda path: path.startswith(keep))
            (root / "versions").write_text("".join(
                f"{package} {version}\n"
                for package, version in archive.show(packages, "Version").items()))
    return target


def _merged(name):
    """The path of a package member on a merged-/usr system, relative to the root."""
    parts = pathlib.PurePosixPath(name).parts
    if not parts:
        return pathlib.PurePosixPath(".")
    if ".." in parts:
        raise ValueError(f"package member leaves its root: {name}")
    return pathlib.PurePosixPath(MERGED.get(parts[0], parts[0]), *parts[1:])


def unpack(deb, root, keep=lambda path: True):
    """Unpack the files of a .deb that keep(path) accepts below root, as any user.

    Symlinks with an absolute target are made relative, so that the tree can be used
    where it is: bookworm's libz.so points to /lib/....
    """
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)],
                          stdout=subprocess.PIPE) as dpkg:
        with tarfile.open(fileobj=dpkg.stdout, mode="r|") as tar:
            for member in tar:
                path = _merged(member.name.removeprefix("./"))
                if member.isdir() or not keep(str(path)):
                    continue
                _unpack_member(tar, member, path, root)
    if dpkg.returncode:
        raise subprocess.CalledProcessError(dpkg.returncode, dpkg.args)


def _unpack_member(tar, member, path, root):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if member.issym():
        link = member.linkname
        if link.startswith("/"):
            link = os.path.relpath(_merged(link.lstrip("/")), path.parent)
        target.symlink_to(link)
    elif member.islnk():
        target.hardlink_to(root / _merged(member.linkname.removeprefix("./")))
    elif member.isreg():
        with open(target, "wb") as out:
            shutil.copyfileobj(tar.extractfile(member), out)
        target.chmod(member.mode & 0o755)
