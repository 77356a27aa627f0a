# SPDX-License-Identifier: GPL-2.0-only
"""The device trees of Debian's arm64 kernel package."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "vm"))
import debian  # noqa: E402  pylint: disable=wrong-import-position

SUITE = "trixie"


def unpacked():
    """(name of the package, folder with its trees), in the cache."""
    archive = debian.Archive(SUITE)
    with debian.locked("trees"):
        archive.update()
        depends = archive.show(["linux-image-arm64"], "Depends")["linux-image-arm64"]
        package = re.match(r"[\w.+-]+", depends)[0]
        version = archive.show([package], "Version")[package]
        target = debian.cache_dir() / "trees" / f"{package}_{version}"
        if not target.is_dir():
            (deb,) = archive.download([package])
            with debian.published(target) as root:
                debian.unpack(deb, root, lambda path: path.endswith(".dtb"))
            deb.unlink()
    return f"{package} {version}", target
