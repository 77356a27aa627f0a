# SPDX-License-Identifier: GPL-2.0-only
"""The packages under test, built once."""

import packages
import pytest


@pytest.fixture(scope="session", name="native")
def native_fixture(tmp_path_factory):
    """The packages for this machine, with the source package."""
    return packages.build_deb(tmp_path_factory.mktemp("native") / "a", kind="full")


@pytest.fixture(scope="session", name="across")
def across_fixture(tmp_path_factory):
    """{Debian's name: the packages built across for it}."""
    return {arch: packages.build_deb(tmp_path_factory.mktemp(arch) / "a", arch=arch)
            for arch in packages.TRIPLETS}
