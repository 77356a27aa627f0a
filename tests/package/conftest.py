# SPDX-License-Identifier: GPL-2.0-only
"""The packages under test, built once."""

import packages
import pytest


@pytest.fixture(scope="session", name="native")
def native_fixture():
    """The packages for this machine, with the source package."""
    return packages.built()


@pytest.fixture(scope="session", name="across")
def across_fixture():
    """{Debian's name: the packages built across for it}."""
    return {arch: packages.built(arch) for arch in packages.TRIPLETS}
