# SPDX-License-Identifier: GPL-2.0-only
"""debian/: what dpkg-buildpackage makes of it, and a system that changes to it and back."""

import re
import shlex
import shutil

import debian
import debian_root
import packages
import pytest
from packages import NAME, TOP, must

# Has kexec-tools 2.0.32.
SUITE = "sid"
SYSTEM = ("apt", "kexec-tools", "kdump-tools",
          "libc6", "libfdt1", "libjson-c5", "libzstd1", "liblzma5", "zlib1g", "liblz4-1",
          "liblzo2-2")
# Where autopkgtest runs our tests, beside what is needed to build: what it needs in there itself,
# and what our packages depend on, so that it fetches nothing.
AUTOPKGTEST_SUITE = "trixie"
AUTOPKGTEST = ("apt", "apt-utils", "dpkg-dev", "build-essential", "systemd", "udev")
# Of no meaning to the comparison: what package managers note for themselves.
BOOKKEEPING = (r"^\./var/(lib/(dpkg|apt|ucf|systemd)|log|cache)/|^\./(tmp|proc|dev|run)/"
               r"|^\./etc/ld.so.cache|\./usr/sbin/policy-rc.d")


@pytest.fixture(scope="module", name="kexec_tools")
def kexec_tools_fixture():
    """Debian's package, as the archive has it."""
    (deb,) = debian.Archive(SUITE, arch="amd64", stale_ok=True).download(["kexec-tools"])
    return deb


@pytest.fixture(name="system")
def system_fixture(tmp_path, native, kexec_tools):
    """A Debian system with kexec-tools and kdump-tools, and both packages in /root."""
    chroot = debian_root.Chroot(debian_root.prepare(SUITE, "amd64", SYSTEM), tmp_path / "system")
    shutil.copy(native.deb, chroot / "root/ours.deb")
    shutil.copy(kexec_tools, chroot / "root/theirs.deb")
    return chroot


def build_depends():
    """The packages that debian/control wants for a build on amd64."""
    text = (TOP / "debian/control").read_text()
    field = re.search(r"^Build-Depends:((?:.*\n)(?: .*\n)*)", text, re.M)[1]
    return [re.match(r"[\w.+-]+", word.strip())[0].replace("debhelper-compat", "debhelper")
            for word in field.split(",")]


def trixie(folder):
    """A system that has what autopkgtest and our tests need, and none of our packages."""
    return debian_root.Chroot(
        debian_root.prepare(AUTOPKGTEST_SUITE, "amd64", (*AUTOPKGTEST, *build_depends())),
        folder / "system")


def files_of(system):
    """{path: mode, owner, target, what it holds} of all that is not bookkeeping."""
    text = system.must("cd /; find . -xdev -printf '%m %u %g %l\\t%p\\n'; "
                       "find . -xdev -type f -exec sha256sum '{}' + | sed 's/  /\\t/'")
    files = {}
    for line in text.splitlines():
        words, path = line.split("\t", 1)
        if not re.search(BOOKKEEPING, path):
            files.setdefault(path, []).append(words)
    return files


def install(system, deb):
    """Install a package file, by apt; nothing may be left half done."""
    text = system.must(f"apt-get -y install /root/{deb}")
    assert system.must("dpkg --audit; apt-get check -qq") == ""
    return text


def installed(system, package):
    return system.sh(f"dpkg-query -W -f '${{db:Status-Abbrev}}' {package} | grep -q ^ii")[0] == 0


def test_lintian(native, across):
    text = must(["lintian", "--allow-root", "--display-info", "--fail-on=error,warning,info",
                 # Finds words in the machine code of the purgatory.
                 "--suppress-tags=spelling-error-in-binary", native.changes,
                 *(built.changes for built in across.values())], "/")
    assert text == ""


def test_what_is_in_the_package(native, across):
    listing = [must(["sh", "-c", f"dpkg-deb --fsys-tarfile {built.deb} | tar t"], "/")
               for built in (native, *across.values())]
    assert len(set(listing)) == 1
    theirs = """usr/sbin/kexec usr/sbin/vmcore-dmesg usr/sbin/kexec-load-kernel
        usr/sbin/coldreboot usr/share/man/man8/kexec.8.gz usr/share/man/man8/vmcore-dmesg.8.gz
        usr/share/man/man8/kexec-load-kernel.8.gz usr/share/man/man8/coldreboot.8.gz
        usr/share/man/man7/kexec-messages.7.gz""".split()
    assert set(f"./{path}" for path in theirs) <= set(listing[0].splitlines())


def test_the_documents_that_are_named_are_in_it(native):
    files = [line[1:] for deb in native.debs for line in
             must(["sh", "-c", f"dpkg-deb --fsys-tarfile {deb} | tar t"], "/").splitlines()]
    assert packages.missing_documents(files, f"/usr/share/doc/{NAME}/copyright") == []


def test_same_bytes_from_another_directory(native, tmp_path):
    other = packages.build_deb(tmp_path / "some/where-else")
    assert [deb.name for deb in other.debs] == [deb.name for deb in native.debs]
    for one, two in zip(native.debs, other.debs):
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("arch", packages.TRIPLETS)
def test_a_cross_build_depends_on_the_same_packages(native, across, arch):
    def depends(deb):
        return re.sub(r" \([^)]*\)", "", must(["dpkg-deb", "-f", deb, "Depends"], "/"))

    deb = across[arch].deb
    assert depends(native.deb) == depends(deb)
    assert must(["dpkg-deb", "-f", deb, "Architecture"], "/") == f"{arch}\n"


@pytest.mark.parametrize("arch", packages.TRIPLETS)
def test_what_was_built_across_runs(across, tmp_path, arch):
    """By an emulator, with the libraries that it was linked with."""
    must(["dpkg-deb", "-x", across[arch].deb, tmp_path], "/")
    triplet = packages.TRIPLETS[arch]
    cpu = triplet.partition("-")[0].replace("powerpc", "ppc")
    library = packages.cross_root(arch) / "usr/lib" / triplet
    (loader,) = library.glob("ld*.so.*")
    text = must([f"qemu-{cpu}-static", loader, "--library-path", library,
                 tmp_path / "usr/sbin/kexec", "-v"], "/")
    assert text.startswith("kexec-tools ")


def test_a_system_changes_to_it_and_back(system):
    """Nothing of the system is lost on either way, and kdump-tools stays."""
    before = files_of(system)
    install(system, "ours.deb")
    assert installed(system, NAME) and not installed(system, "kexec-tools")
    assert installed(system, "kdump-tools")
    assert re.match(r"kexec-tools \d", system.must("/sbin/kexec -v"))
    during = files_of(system)
    theirs = system.must("dpkg-deb --fsys-tarfile /root/theirs.deb | tar t | sed 's,/$,,'")
    assert before.keys() - during.keys() <= set(theirs.split())
    etc = {path: rest for path, rest in before.items() if path.startswith("./etc/")}
    assert etc == {path: rest for path, rest in during.items() if path.startswith("./etc/")}

    install(system, "theirs.deb")
    assert installed(system, "kexec-tools") and not installed(system, NAME)
    assert installed(system, "kdump-tools")
    assert files_of(system) == before


def test_it_goes_without_a_trace(system):
    """Also where it came first, and when it is purged."""
    system.must("dpkg --purge kdump-tools kexec-tools")
    before = files_of(system)
    install(system, "ours.deb")
    assert before.items() <= files_of(system).items()
    system.must(f"dpkg --purge {NAME}")
    assert files_of(system) == before


def older(deb, folder, lost):
    """The same package as of an earlier version, with a file that is gone since."""
    tree = folder / "tree"
    must(["dpkg-deb", "-R", deb, tree], "/")
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 0.0.9", control.read_text(), flags=re.M)
                       .replace(f"(>= {version_of(deb)})", "(>= 0.0.9)"))
    (tree / lost).write_text("")
    must(["dpkg-deb", "--root-owner-group", "-b", tree, folder / deb.name], "/")
    shutil.rmtree(tree)
    return folder / deb.name


def version_of(deb):
    return must(["dpkg-deb", "-f", deb, "Version"], "/").strip()


def test_an_upgrade_keeps_what_the_admin_wrote(native, tmp_path):
    """Of both packages; and a purge leaves nothing but the files that never were theirs."""
    system = trixie(tmp_path)
    crash = native.deb.with_name(f"kexec-crash_{version_of(native.deb)}_all.deb")
    names = (NAME, "kexec-crash")
    (system / "etc/default/kexec").write_text("KERNEL_IMAGE=/mine\n")
    for deb, name in zip((native.deb, crash), names):
        shutil.copy(older(deb, tmp_path, "usr/sbin/kexec-once"
                          if name == NAME else "usr/lib/udev/kexec-once"),
                    system / f"root/{name}-old.deb")
        shutil.copy(deb, system / f"root/{name}.deb")
    before = files_of(system)
    versions = "dpkg-query -W -f '${Version} ' " + " ".join(names)
    system.must("apt-get -y install " + " ".join(f"/root/{name}-old.deb" for name in names))
    assert system.must(versions) == "0.0.9 0.0.9 "
    system.must("test -e /usr/sbin/kexec-once -a -e /usr/lib/udev/kexec-once; "
                "echo 'KERNEL=\"/mine\"' >/etc/kexec-crash.conf")
    system.must("apt-get -y install " + " ".join(f"/root/{name}.deb" for name in names))
    assert system.must(versions) == f"{version_of(native.deb)} " * 2
    assert system.must("cat /etc/default/kexec /etc/kexec-crash.conf") \
        == "KERNEL_IMAGE=/mine\nKERNEL=\"/mine\"\n"
    assert system.must("dpkg --audit; find / -xdev -name kexec-once") == ""

    system.must(f"dpkg --remove {' '.join(names)}")
    assert system.must("cat /etc/kexec-crash.conf") == "KERNEL=\"/mine\"\n"
    system.must(f"dpkg --purge {' '.join(names)}")
    assert files_of(system) == before


def test_kexec_load_kernel_follows_its_configuration(system):
    """With a kexec that says how it was called."""
    install(system, "ours.deb")
    system.must("mkdir -p /etc/default/kexec.d /boot/grub; rm -f /usr/sbin/kexec; "
                "printf '#!/bin/sh\\nprintf \"<%%s>\" \"$@\"' >/usr/sbin/kexec; "
                "chmod 755 /usr/sbin/kexec; : >/boot/initrd-1")
    line = system.must("cat /proc/cmdline").rstrip("\n")
    cases = {
        "KERNEL_IMAGE=/k; INITRD=/none; APPEND='a b'":
            "kexec-load-kernel: loading without a RAM disk: cannot read /none\n"
            "<-l></k><--append=a b>",
        "KERNEL_IMAGE=/k; INITRD=/boot/initrd-1; APPEND=":
            f"<-l></k><--initrd=/boot/initrd-1><--append={line}>",
        "USE_GRUB_CONFIG=true; APPEND=":
            "<-l></boot/vmlinuz-1><--initrd=/boot/initrd-1><--append=root=/dev/x ro quiet>",
    }
    system.must(": >/boot/vmlinuz-1; printf 'menuentry x {\\n\\tlinux\\t/vmlinuz-1 "
                "root=/dev/x ro quiet\\n\\tinitrd\\t/initrd-1\\n}\\nmenuentry y {\\n"
                "linux /vmlinuz-0\\n}\\n' >/boot/grub/grub.cfg")
    for configuration, words in cases.items():
        (system / "etc/default/kexec.d/test").write_text(configuration + "\n")
        assert system.must("kexec-load-kernel") == f"{words}kexec kernel loaded\n"
    system.must("printf 'linux /vmlinuz-1\\ninitrd /initrd-1 /initrd-2\\n' >/boot/grub/grub.cfg")
    system.must(": >/boot/initrd-2")
    assert "<--initrd=/boot/initrd-1><--initrd=/boot/initrd-2><--append=" + line \
        in system.must("kexec-load-kernel")
    system.must(": >/no-kexec-reboot")
    assert system.must("kexec-load-kernel") == ""


def test_the_source_package_is_the_tree(tmp_path):
    """All that is ours is in it, and nothing of builds in the tree."""
    tree = packages.copy_tree(tmp_path / "kexec")
    for made in ("build/Makefile", "build/obj/lib/err.o", "build/tests/unit/test_err",
                 "build-arm64/sbin/kexec", "config/configure", "tests/__pycache__/run.pyc"):
        (tree / made).parent.mkdir(parents=True, exist_ok=True)
        (tree / made).touch()
    must(["dpkg-source", "-b", tree], tmp_path)
    (tarball,) = tmp_path.glob("*.tar.*")
    names = must(["tar", "-tf", tarball], "/").splitlines()
    files = {name.partition("/")[2] for name in names if not name.endswith("/")}
    assert files == set(packages.tree_files())


def test_its_own_tests(native, tmp_path):
    """debian/tests, as the archive runs them, in a system with what they depend on."""
    system = trixie(tmp_path)
    (source,) = native.folder.glob("*.dsc")
    debs = [deb for deb in native.debs if "dbgsym" not in deb.name]
    system.outside("rm $root/usr/sbin/policy-rc.d; autopkgtest --no-built-binaries "
                   f"--summary-file={tmp_path}/summary {shlex.join(map(str, [*debs, source]))} "
                   "-- chroot $root")
    control = (TOP / "debian/tests/control").read_text()
    tests = re.findall(r"^Tests: (.*)$", control, re.M)
    assert len(tests) == 2
    assert [line.split() for line in (tmp_path / "summary").read_text().splitlines()] \
        == [[test, "PASS"] for test in tests]
