# SPDX-License-Identifier: GPL-2.0-only
"""packaging/kexec-utils.spec: what rpmbuild makes of it."""

import re
import shutil

import packages
import pytest
from packages import NAME, TOP, must

SPEC = TOP / f"packaging/{NAME}.spec"
# What Fedora's rpm has, and Debian's not or not so that it works.
FEDORA = {
    "_udevrulesdir": "/usr/lib/udev/rules.d",
    "_unitdir": "/usr/lib/systemd/system",
    "_docdir_fmt": "%%{NAME}",
    "__os_install_post": "bash /usr/lib/rpm/brp-compress /usr; "
                         "%{__strip} %{buildroot}%{_sbindir}/*",
}


@pytest.fixture(scope="module", name="rpms")
def rpms_fixture(tmp_path_factory):
    """The binary and the source package."""
    top = tmp_path_factory.mktemp("rpm")
    tree = packages.copy_tree(top / "tree")
    must(["sh", "-ec", "git init -q; git add -A; git -c user.name=T -c user.email=t@localhost "
          "commit -q -m test; ./configure; make dist"], tree)
    (tarball,) = (tree / "build").glob("kexec-tools-*.tar.gz")
    (top / "SOURCES").mkdir()
    shutil.copy(tarball, top / "SOURCES")
    # Debian's rpm knows nothing of what Debian has installed.
    macros = {"_topdir": str(top), **FEDORA}
    must(["rpmbuild", "-ba", "--nodeps", SPEC,
          *(word for name in macros for word in ("--define", f"{name} {macros[name]}"))], top)
    return sorted(top.glob("*RPMS/**/*.rpm"))


def test_rpmlint(rpms):
    text = must(["rpmlint", "-c", TOP / "packaging/rpmlint.toml", SPEC, *rpms], TOP)
    assert re.search(r"\b0 errors, 0 warnings", text), text


def test_what_is_in_the_package(rpms):
    (binary,) = (rpm for rpm in rpms if ".src." not in rpm.name and ".noarch." not in rpm.name)
    files = set(must(["rpm", "-qpl", binary], "/").split())
    assert {"/usr/sbin/kexec", "/usr/sbin/vmcore-dmesg", "/usr/share/man/man8/kexec.8.gz",
            "/usr/share/man/man8/vmcore-dmesg.8.gz",
            "/usr/share/man/man7/kexec-messages.7.gz"} <= files
    # kdump-utils wants kexec-tools >= 2.0.28-8.
    assert "kexec-tools = 2.0.32\n" in must(["rpm", "-qp", "--provides", binary], "/")
    assert "libfdt.so.1()(64bit)\n" in must(["rpm", "-qp", "--requires", binary], "/")


def test_nothing_has_a_name_of_kdump_utils(rpms):
    """Both are installed where kdump-utils arms; one file of two packages cannot be."""
    files = {line for rpm in rpms if ".src." not in rpm.name
             for line in must(["rpm", "-qpl", rpm], "/").split()}
    assert "/usr/lib/udev/rules.d/98-kexec-crash.rules" in files
    theirs = {"/etc/kdump.conf", "/etc/sysconfig/kdump", "/usr/bin/kdumpctl",
              "/usr/lib/systemd/system/kdump.service", "/usr/lib/udev/rules.d/98-kexec.rules",
              "/usr/lib/udev/kdump-udev-throttler", "/usr/share/man/man5/kdump.conf.5.gz",
              "/usr/share/man/man8/kdumpctl.8.gz"}
    assert not files & theirs


def test_the_documents_that_are_named_are_in_it(rpms):
    files = [line for rpm in rpms if ".src." not in rpm.name
             for line in must(["rpm", "-qpl", rpm], "/").split()]
    assert packages.missing_documents(files, f"/usr/share/licenses/{NAME}/COPYING") == []


def test_the_version_is_that_of_the_tree():
    version = re.search(r"^AC_INIT\(\[kexec-tools\], \[(.*)\]\)$",
                        (TOP / "configure.ac").read_text(), re.M)[1]
    assert f"\nVersion:        {version}\n" in SPEC.read_text()
    assert (TOP / "debian/changelog").read_text().startswith(f"{NAME} ({version}) ")
