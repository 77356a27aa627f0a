# SPDX-License-Identifier: GPL-2.0-only
"""The blobs as they are shipped, on emulated machines: one test, several machines. What only one
family has is below its name, or in test_<arch>.py. See emulator.py and harness_*.S."""

import abi
import cavp
from emulator import ARM64, MACHINES, PPC64LE, X86_64, Case
from expect import (POLICIES, SILENT, VERBOSE, assert_followed, assert_outcome, cases, params_line,
                    policy_line, region_line, until, verified)
from layout import (DATA_SIZES, DEFAULT_LOAD, MEM_SIZES, RAM, RAM_SIZE, RECORD, START, UNMAPPED,
                    WINDOW)

SIZE, DATA = MEM_SIZES, DATA_SIZES
# One machine of each, where one is enough.
FAMILIES = {"arm64": "el1", "ppc64le": "power9", "x86_64": "max"}
BY_FAMILY = {"arm64": ARM64, "ppc64le": PPC64LE, "x86_64": X86_64}


# ---------------------------------------------------------------------------- all is well

@cases({machine: Case(machine) for machine in MACHINES})
def test_good_is_silent(case, result):
    assert result.report == ""
    assert_outcome(case, result, "boot")


@cases({machine: Case(machine) for machine in ARM64})
def test_exception_levels(case, result):
    """The machines are what their names say."""
    level = result.registers("after")["CurrentEL"] >> 2
    assert level == (1 if case.machine == "el1" else 2)
    if level == 2:
        assert (result.registers("after")["HCR_EL2"] >> 34 & 1) == (case.machine == "vhe")


@cases({machine: Case(machine, params=VERBOSE) for machine in MACHINES})
def test_good_verbose(case, result):
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


@cases({f"{machine}-without-{what}": Case(machine, hidden=(what,), params=VERBOSE)
        for machine in ARM64 for what in ("sha2", "simd")} | {
    f"sha-without-{what}": Case("sha", cpu=f"max,-{what}", params=VERBOSE)
    for what in ("ssse3", "sha-ni,-bmi2", "sse4.1,-bmi2")})
def test_cpu_without_sha256_instructions(case, result):
    assert result.report == verified(case.machine, core=abi.CORE_PLAIN)
    assert_outcome(case, result, "boot")


@cases({what: Case("sha", cpu=f"max,-{what}", params=VERBOSE) for what in ("sha-ni", "sse4.1")})
def test_cpu_with_vectors_only(case, result):
    assert result.report == verified(case.machine, core=abi.CORE_VECTOR)
    assert_outcome(case, result, "boot")


@cases({machine: Case(machine, cpu="max", streaming=True, params=VERBOSE) for machine in ARM64})
def test_streaming_mode(case, result):
    """Left, so that the instructions are not undefined, and put back."""
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")
    assert result.registers("svcr") == {"SVCR": 1}


def cases_of_sme(known, *, streaming=False, closed=False):
    """One for each level that SME can be used at: all but those of a CPU without it."""
    return cases({f"{machine}-{'streaming' if streaming else 'closed'}": Case(
        machine, cpu="max", streaming=streaming, hidden=("svcr",) if closed else (), sme=known,
        params=VERBOSE) for machine in ARM64})


@cases_of_sme(abi.SME_UNUSED, closed=True)
def test_sme_that_is_not_used_is_not_looked_at(case, result):
    """Firmware may have closed it; SHA-256 by the CPU needs nothing of it."""
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


@cases_of_sme(0, closed=True)
def test_sme_that_is_not_known_is_not_looked_at(case, result):
    assert result.report == verified(case.machine, core=abi.CORE_PLAIN)
    assert_outcome(case, result, "boot")


@cases_of_sme(0, streaming=True)
def test_unknown_streaming_mode(case, result):
    """The instructions would be undefined, so it goes without them, and the mode stays."""
    assert result.report == verified(case.machine, core=abi.CORE_PLAIN)
    assert_outcome(case, result, "boot")
    assert result.registers("svcr") == {"SVCR": 1}


@cases({f"{machine}-{name}": Case(machine, load=load, params=VERBOSE, cached=False)
        for machine in FAMILIES.values() for name, load in {
            "4k-aligned": DEFAULT_LOAD + 0x1000,
            "64k-aligned": RAM + 0x2340000,
            "odd-page": RAM + 0x2345000,
            "across-2-mib": RAM + 0x23FE000,
            # Seven pages are what the larger blob takes; memory of a pSeries ends elsewhere.
            "end-of-ram": RAM + RAM_SIZE - 0x7000}.items()
        if (name, machine) != ("end-of-ram", "power9")} | {
    f"{machine}-above-4-gib": Case(machine, load=(4 << 30) + 0x12345000, params=VERBOSE)
    for machine in ("max", "la57")})
def test_runs_anywhere(case, result):
    caches = abi.NO_TABLES if case.machine in ARM64 else abi.CACHES_ON
    assert result.report == verified(case.machine, caches)
    assert_outcome(case, result, "boot")


@cases({name: Case("el1", load=load, params=VERBOSE) for name, load in {
    "4k-aligned": DEFAULT_LOAD + 0x1000,
    "64k-aligned": RAM + 0x2340000,
    "odd-page": RAM + 0x2345000,
    "across-2-mib": RAM + 0x23FE000}.items()})
def test_tables_anywhere(case, result):
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{name}": (Case(machine, params=VERBOSE, **more), expected)
        for machine in ARM64
        for name, more, expected in (("no-tables", {"cached": False}, abi.NO_TABLES),
                                     ("no-granule", {"hidden": ("4k",)}, abi.NO_GRANULE))})
def test_without_caches(case, expected, result):
    assert result.report == verified(case.machine, expected)
    assert_outcome(case, result, "boot")


@cases({f"{machine}-max": Case(machine, cpu="max", params=VERBOSE) for machine in ARM64})
def test_newest_cpu(case, result):
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


# ------------------------------------------------------------------------- seen afterwards

DATA_BYTES = sum(DATA.values())


def recorded(case, result):
    """The record, of which these are always true."""
    record = abi.Record.parse(result.record)
    assert (record.magic, record.version, record.size) == (b"KEXECREC", 1, abi.RECORD.size)
    assert record.tick_rate == case.kind.tick_rate
    # The kernel of the harness counts from just before the purgatory to just behind it; arm64's
    # stub has set an offset by which the virtual counter begins short of its end.
    assert 0 < (record.left - record.entered) % (1 << 64) < result.registers("clock")["TICKS"]
    return record


@cases({f"{machine}-{path}": (Case(machine, **more), caches, core)
        for machine, kind in MACHINES.items()
        for path, (more, caches, core) in kind.paths.items()})
def test_record_of_a_good_image(case, expected, more, result):
    """Also when nothing is said."""
    record = recorded(case, result)
    assert (record.result, record.caches, record.core) == (abi.VERIFIED, expected, more)
    assert (record.bytes, record.bad_count, record.bad_name) == (DATA_BYTES, 0, bytes(16))
    assert result.report == ""
    assert_outcome(case, result, "boot")


def damage_two(memory):
    memory.flip("initrd", -1)
    memory.flip("handed", 1)


@cases({f"{machine}-{path}": (Case(machine, damage=damage_two, params={"on_corruption": abi.BOOT},
                                   **more), caches, core)
        for machine, kind in MACHINES.items()
        for path, (more, caches, core) in kind.paths.items()})
def test_record_of_a_bad_image(case, expected, more, result):
    record = recorded(case, result)
    assert (record.result, record.caches, record.core) == (abi.CORRUPT, expected, more)
    assert (record.bytes, record.bad_count) == (DATA_BYTES, 2)
    assert record.bad_name == b"initrd".ljust(16, b"\0")
    assert_outcome(case, result, "boot")


# As planned with --no-checks: nothing is listed.
@cases({machine: Case(machine, params={"flags": abi.SKIP_CHECK, "regions": []}, cached=False)
        for machine in MACHINES})
def test_record_of_a_check_that_was_skipped(case, result):
    record = recorded(case, result)
    assert (record.result, record.caches, record.core) == (abi.SKIPPED, 0, 0)
    assert (record.bytes, record.bad_count) == (0, 0)
    assert_outcome(case, result, "boot")


@cases({machine: Case(machine, unmapped="initrd", params={"on_corruption": abi.BOOT})
        for machine in ARM64})
def test_record_of_a_fault_of_the_mmu(case, result):
    record = recorded(case, result)
    assert (record.result, record.caches) == (abi.FAULT, abi.CACHES_ON)
    assert (record.bad_count, record.bad_name) == (1, b"initrd".ljust(16, b"\0"))
    assert_outcome(case, result, "boot", faulted=True)


# Those on which memory that is not there is a fault.
SEE_NOTHING = [name for name, kind in MACHINES.items() if name not in PPC64LE or kind.newer]


def unreadable(machine, policy):
    return Case(machine, until=until(policy),
                extra_regions=[abi.Region("ghost", UNMAPPED, b"", 0x1000)],
                params={"on_corruption": POLICIES[policy]})


@cases({machine: unreadable(machine, "boot") for machine in SEE_NOTHING})
def test_record_of_a_fault(case, result):
    record = recorded(case, result)
    assert (record.result, record.caches) == (abi.FAULT, abi.CACHES_ON)
    assert (record.bad_count, record.bad_name) == (1, b"ghost".ljust(16, b"\0"))
    assert_outcome(case, result, "boot", faulted=True)


def without_template(memory):
    memory.put(RECORD, b"KEXECREK")


# Where it may not be written it is not written, and the image is booted all the same.
@cases({f"{machine}-{name}": Case(machine, **more)
        for machine in ("el2", "power9", "max") for name, more in {
            "nowhere": {"params": {"record": 0}},
            "another-segment": {"params": {"record": START["initrd"]}},
            "unaligned": {"params": {"record": RECORD + 2}},
            "end-of-what-is-handed": {"params": {
                "record": START["handed"] + DATA["handed"] - abi.RECORD.size + 3}},
            "tail": {"params": {"record": START["handed"] + 0xF00}},
            "used": {"params": {"on_corruption": abi.BOOT, **SILENT}, "damage": without_template},
            "no-memory": {"params": {"flags": abi.SKIP_CHECK, "handed": UNMAPPED,
                                     "record": UNMAPPED, **SILENT}},
        }.items()})
def test_record_is_written_only_where_it_belongs(case, result):
    """The last is a fault on the way, which is not worth a dump."""
    assert result.report == "" and result.reached_kernel
    assert abi.Record.parse(result.record).result == abi.RESULT_NONE
    assert not set(result.changed) & set(range(WINDOW + 0x40000, WINDOW + 0xB0000)).difference(
        *case.kind.writes)


# -------------------------------------------------------------------------- nothing else

@cases({
    **{f"{machine}-good": Case(machine, whole_ram=True)
       for machine in ("el2", "power8", "qemu64", "la57")},
    "el1-good-uncached": Case("el1", whole_ram=True, cached=False),
    "la57-good-tables": Case("la57", whole_ram=True, uart=True,
                             params=MACHINES["la57"].second_uart),
    **{f"{machine}-bad": Case(machine, whole_ram=True, params={"on_corruption": abi.BOOT},
                              damage=lambda memory: memory.flip("initrd", 0))
       for machine in ("vhe", "power9", "max")},
})
def test_no_byte_elsewhere_changes(result):
    """All of RAM, before and after; `result` compares. That the stack did is a check of that."""
    assert result.reached_kernel
    assert result.changed


@cases({f"{machine}-{name}": Case(machine, **more)
        for machine in ("el1", "vhe", "power9", "max") for name, more in {
            "silent": {},
            "report": {"params": {"on_corruption": abi.BOOT}, "damage": lambda memory: [
                memory.flip("initrd", i) for i in (0, -1)]},
        }.items()})
def test_half_of_the_stack_is_enough(case, result):
    assert result.reached_kernel
    lowest = min(address for address in result.changed if address in result.scratch)
    assert result.scratch.stop - lowest < 2048 + case.kind.state_size


# ---------------------------------------------------------------------- published vectors

# FIPS 180-4's examples, and NIST's additional ones; as in test_sha256.c.
VECTORS = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
     b"klmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
    (bytes(55), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
    (bytes(56), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
    (bytes(57), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"),
    (bytes(64), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
    (bytes(1000), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"),
    (b"A" * 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"),
    (b"U" * 1005, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"),
    (b"a" * 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]


# All of CAVP's messages, in as many boots as it takes: purgatory looks at so many segments.
SEGMENTS = len(SIZE)
CAVP = cavp.messages("SHA256ShortMsg.rsp") + cavp.messages("SHA256LongMsg.rsp")
BATCHES = [CAVP[at:at + abi.REGIONS_MAX - SEGMENTS]
           for at in range(0, len(CAVP), abi.REGIONS_MAX - SEGMENTS)]


def vectors(messages, machine, path):
    """All of them as segments behind the usual three, in memory that nothing else uses, and what
    is said about it."""
    more, caches, core = MACHINES[machine].paths[path]
    regions, at = [], RAM + 0x1000000
    for i, (message, digest) in enumerate(messages):
        size = -len(message) % 0x1000 + len(message) or 0x1000
        regions.append(abi.Region(f"vector-{i}", at, message, size, bytes.fromhex(digest)))
        at += size
    return (Case(machine, params=VERBOSE, extra_regions=regions, loaded=regions, **more),
            verified(machine, caches, core, SEGMENTS + len(regions)))


@cases({f"{machine}-{path}": vectors(VECTORS, machine, path)
        for machine, kind in MACHINES.items() for path in kind.paths})
def test_published_vectors(case, expected, result):
    assert result.report == expected
    assert_outcome(case, result, "boot")


def machine_for(family, i):
    return list(family)[i % len(family)]


# Through all cores; machines and caches take turns.
CAVP_CORES = {"cpu": (ARM64, ("cached-cpu", "uncached-cpu")),
              "plain": (ARM64, ("cached-plain", "uncached-plain")),
              "ppc64le-cpu": (PPC64LE, ("cached-cpu",)),
              "ppc64le-plain": (PPC64LE, ("cached-plain",)),
              "x86_64": (("qemu64", "server", "max", "la57"), ("cached-plain",)),
              "x86_64-vector": (("server", "max", "la57", "sha"), ("cached-vector",)),
              "x86_64-cpu": (["sha"], ("cached-cpu",))}


@cases({f"{i}-{core}": vectors(batch, machine_for(family, i), paths[i % len(paths)])
        for i, batch in enumerate(BATCHES) for core, (family, paths) in CAVP_CORES.items()})
def test_cavp_vectors(case, expected, result):
    assert result.report == expected
    assert_outcome(case, result, "boot")


def test_cavp_vectors_are_all_there():
    assert (len(CAVP), sum(map(len, BATCHES))) == (65 + 64, 65 + 64)


# ------------------------------------------------------------------------- a bad segment

PLACES = {
    "first-byte": (0, 0),
    "middle-byte": (0x800, 3),
    "last-byte": (None, 7),
}
TAIL_PLACES = {"first-byte": None, "last-byte": -1}


def corrupted(name, offset, bit, policy, machine, more):
    offset = DATA[name] + (-1 if bit is not None else 0) if offset is None else offset
    return Case(machine, until=until(policy), params={"on_corruption": POLICIES[policy]},
                damage=lambda memory: memory.flip(name, offset, bit or 0), **more)


def options_for(family, i):
    """Those of each path, and of no SHA-256 and no granule, take turns."""
    hidden = ["", "sha2", "4k", "sha2 4k"]
    hidden = hidden if family is ARM64 else hidden[:2 if family is PPC64LE else 1]
    return {"hidden": hidden[i % len(hidden)].split()}


DIGEST_CASES = {
    f"{arch}-{name}-{place}-{policy}": (
        corrupted(name, offset, bit, policy, machine_for(family, i + j + k),
                  options_for(family, i + j + k)), name, policy)
    for arch, family in BY_FAMILY.items()
    for i, name in enumerate(["initrd", "handed", "kernel"])
    for j, (place, (offset, bit)) in enumerate(PLACES.items())
    for k, policy in enumerate(POLICIES)
    # A kernel without its first instruction does not say that it was reached.
    if (name, place, policy) not in {("kernel", "first-byte", "boot"),
                                     ("kernel", "middle-byte", "boot")}
}


@cases(DIGEST_CASES)
def test_flipped_bit(case, expected, more, result):
    wanted, found = result.digests[expected]
    assert result.report == (f"{region_line(expected)}\n"
                             f"purgatory:   expected {wanted}\n"
                             f"purgatory:   found    {found}\n"
                             + policy_line(more))
    assert_followed(case, result, more)


TAIL_CASES = {
    f"{arch}-{name}-{place}-{policy}": (
        corrupted(name, offset, None, policy, machine_for(family, i + j + k), {}),
        (name, DATA[name] if offset is None else SIZE[name] - 1), policy)
    for arch, family in BY_FAMILY.items()
    for i, name in enumerate(["initrd", "kernel"])
    for j, (place, offset) in enumerate(TAIL_PLACES.items())
    for k, policy in enumerate(POLICIES)
}


@cases(TAIL_CASES)
def test_tail_not_zero(case, expected, more, result):
    name, offset = expected
    assert result.report == (f"{region_line(name)} tail not zero at {START[name] + offset:#x}\n"
                             + policy_line(more))
    assert_followed(case, result, more)


# On every path through the digest, at every exception level, all segments damaged at one place.
DAMAGE = {
    "first-byte": (lambda name: 0, False),
    "middle-byte": (lambda name: DATA[name] // 2, False),
    "last-byte": (lambda name: DATA[name] - 1, False),
    "tail-first-byte": (lambda name: DATA[name], True),
    "tail-last-byte": (lambda name: SIZE[name] - 1, True),
}


def damaged(machine, more, offset):
    return Case(machine, until="halt", **more,
                damage=lambda memory: [memory.flip(name, offset(name), 3) for name in START])


@cases({f"{machine}-{path}-{place}": (damaged(machine, more, offset), (offset, in_tail))
        for machine, kind in MACHINES.items() for path, (more, _, _) in kind.paths.items()
        for place, (offset, in_tail) in DAMAGE.items()} | {
    f"{machine}-max-{path}-{place}": (
        damaged(machine, MACHINES[machine].paths[path][0] | {"cpu": "max"}, offset),
        (offset, in_tail))
        for machine in ("el1", "el2") for path in ("cached-cpu", "cached-plain")
        for place, (offset, in_tail) in DAMAGE.items()})
def test_every_path_sees_it(case, expected, result):
    """On cortex-a57 at EL1 and EL2, on arm64's max everywhere."""
    offset, in_tail = expected
    lines = [line for line in result.report.split("\n") if "mismatch" in line]
    assert lines == [region_line(name) + (f" tail not zero at {START[name] + offset(name):#x}"
                                          if in_tail else "") for name in START]
    assert_followed(case, result, "halt")


def damage_everything(memory):
    memory.flip("kernel", -1)
    memory.flip("initrd", 17)
    memory.flip("initrd", -1)
    memory.flip("handed", 0)


@cases({machine: Case(machine, params={"on_corruption": abi.BOOT}, damage=damage_everything)
        for machine in MACHINES})
def test_all_damage_is_reported(case, result):
    mismatches = [line for line in result.report.split("\n") if "mismatch" in line]
    assert mismatches == [
        f"{region_line('kernel')} tail not zero at {START['kernel'] + 0xffff:#x}",
        region_line("initrd"),
        f"{region_line('initrd')} tail not zero at {START['initrd'] + 0x5fff:#x}",
        region_line("handed"),
    ]
    assert_followed(case, result, "boot")


# ----------------------------------------------------------------- a bad parameter block

def bad_param(offset, bit=0, policy="halt", **params):
    return (offset, bit, policy, params)


def bad_param_case(machine, offset, bit, policy, params):
    return Case(machine, until=until(policy), params={"on_corruption": POLICIES[policy]} | params,
                damage=lambda memory: memory.flip_param(offset, bit))


BAD_PARAMS = {
    "magic-halt": (bad_param(0), "magic", "halt"),
    "magic-reset": (bad_param(7, 7, "reset"), "magic", "reset"),
    "magic-boot": (bad_param(3, 1, "boot"), "magic", "boot"),
    "version": (bad_param(8, 2), "version", "halt"),
    "size": (bad_param(12, 3), "size", "halt"),
    "flags": (bad_param(51, 7, "boot"), "flags", "boot"),
    "policy": (bad_param(52, 4, "halt"), "on_corruption", "halt"),
    "policy-boot": (bad_param(53, 0, "halt", on_corruption=abi.BOOT), "on_corruption", "halt"),
    "count-less": (bad_param(80, 0), "region_count", "halt"),
    "count-more": (bad_param(80, 2), "region mem_size", "halt"),
    "count-many": (bad_param(80, 6), "region_count", "halt"),
    "kernel": (bad_param(28, 0, "reset"), "kernel_entry", "reset"),
    "handed": (bad_param(33, 7), "handed", "halt"),
    "region-start": (bad_param(88, 3), "region start", "halt"),
    "region-data-size": (bad_param(88 + 72 + 8 + 4, 0), "region data_size", "halt"),
    "unused-region": (bad_param(1239, 7), "region_count", "halt"),
    "record": (bad_param(1288, 2), "sum", "halt"),
    "sum": (bad_param(1303, 7), "sum", "halt"),
    # What is plausible either way: nothing but the sum can tell.
    "skip-check": (bad_param(48, 0), "sum", "halt"),
    "verbose": (bad_param(48, 1), "sum", "halt"),
    "conduit": (bad_param(56, 5), "sum", "halt"),
    "shift": (bad_param(72), "sum", "halt"),
    "divisor": (bad_param(84), "sum", "halt"),
    "digest": (bad_param(88 + 24), "sum", "halt"),
    "name": (bad_param(88 + 56, 5), "sum", "halt"),
}


@cases({f"{machine}-{name}": (bad_param_case(machine, *bad), expected, policy)
        for machine in FAMILIES.values()
        for name, (bad, expected, policy) in BAD_PARAMS.items()} | {
    "el1-tables-of-el2": (bad_param_case("el1", *bad_param(1240 + 24 + 16)), "sum", "halt"),
    "max-tables-of-nobody": (bad_param_case("max", *bad_param(1240 + 24 + 16)), "tables", "halt"),
})
def test_bad_parameter(case, expected, more, result):
    assert result.report == params_line(case, expected) + policy_line(more)
    assert_outcome(case, result, more)


def flip_table(memory, offset):
    memory.tables[offset] ^= 0x80


# What the other exception level would have used does not matter to this one.
@cases({
    "el1-root": (Case("el1", until="halt", damage=lambda m: flip_table(m, 0)), "halt"),
    "el2-root": (Case("el2", params=SILENT, damage=lambda m: flip_table(m, 0)), "boot"),
    "vhe-root": (Case("vhe", until="halt", damage=lambda m: flip_table(m, 0)), "halt"),
    "el1-last": (Case("el1", params=SILENT, damage=lambda m: flip_table(m, -1)), "boot"),
    "el2-last": (Case("el2", until="halt", damage=lambda m: flip_table(m, -1)), "halt"),
    "parameter": (bad_param_case("el1", *bad_param(1240 + 1)), "halt"),
})
def test_bad_tables(case, expected, result):
    assert result.report == ("" if expected == "boot" else params_line(case, "tables")
                             + policy_line("halt"))
    assert_outcome(case, result, expected)


# --------------------------------------------------------------------------------- flags

@cases({f"{machine}-{name}": (Case(machine, **more), expected)
        for machine in ("el1", "el2", "vhe", "power9", "max") for name, more, expected in (
            ("silent", {"params": {"flags": abi.SKIP_CHECK}, "damage": damage_everything}, ""),
            ("verbose", {"params": {"flags": abi.SKIP_CHECK | abi.VERBOSE},
                         "damage": damage_everything}, "purgatory: check skipped\n"),
            ("no-regions", {"params": {"flags": abi.SKIP_CHECK, "regions": []}}, ""))})
def test_skip_check(case, expected, result):
    assert result.report == expected
    assert_outcome(case, result, "boot")


# -------------------------------------------------------------------------------- resets

NO_RESET = {"on_corruption": abi.RESET, "reset": abi.NO_RESET}


@cases({**{f"{machine}-none": Case(machine, until="halt", params=NO_RESET,
                                   damage=lambda m: m.flip("handed", 0))
           for machine in FAMILIES.values()},
        "el1-unknown": Case("el1", until="halt", params=NO_RESET | {"reset": 9},
                            damage=lambda m: m.flip("handed", 0))})
def test_no_way_to_reset(case, result):
    assert result.report.endswith(policy_line("reset") + "purgatory: no reset came, halting\n")
    assert_outcome(case, result, "halt")


@cases({
    "smc-at-el1": Case("el1", until="halt", damage=lambda m: m.flip("handed", 0),
                       params={"on_corruption": abi.RESET, "reset": abi.PSCI_SMC}),
    "hvc-at-el2": Case("el2", until="halt", damage=lambda m: m.flip("handed", 0),
                       params={"on_corruption": abi.RESET, "reset": abi.PSCI_HVC}),
    "hvc-at-vhe": Case("vhe", until="halt", damage=lambda m: m.flip("handed", 0),
                       params={"on_corruption": abi.RESET, "reset": abi.PSCI_HVC}),
})
def test_wrong_conduit_ends_in_halt(case, result):
    """The call faults, is tried once more without a word, faults again; then peace."""
    after = result.report.partition(policy_line("reset"))[2]
    assert after.startswith("purgatory: fault ")
    assert after.count("\n") == 2
    assert after.endswith(policy_line("reset"))
    assert_outcome(case, result, "halt")


# -------------------------------------------------------------------------------- faults

@cases({f"{machine}-{policy}": (unreadable(machine, policy), policy)
        for machine in SEE_NOTHING for policy in POLICIES})
def test_unreadable_segment(case, expected, result):
    lines = result.report.split("\n")
    assert case.kind.is_unreadable(int(lines[0].split()[2], 16))
    address = int(lines[0].split()[-1], 16)
    assert address in range(UNMAPPED, UNMAPPED + 64, 8)  # a line is read in the compiler's order
    assert lines[1] == (f"purgatory: digest mismatch: ghost [{UNMAPPED:#x}, {UNMAPPED + 0x1000:#x})"
                        f" unreadable at {address:#x}")
    assert len(lines) == 4
    assert_followed(case, result, expected, faulted=True)


@cases({f"{machine}-{policy}": (Case(
    machine, until=until(policy), unmapped="initrd",
    params={"on_corruption": POLICIES[policy]}), policy)
        for machine in ARM64 for policy in POLICIES})
def test_fault_of_the_mmu(case, expected, result):
    """A segment that the tables leave out; the way out of the fault is also that of the MMU."""
    lines = result.report.split("\n")
    syndrome = int(lines[0].split()[2], 16)
    assert syndrome >> 26 == 0x25 and syndrome & 0x3C == 0x04  # data abort, translation fault
    assert lines[0].endswith(f" address {START['initrd']:#x}")
    assert lines[1] == f"{region_line('initrd')} unreadable at {START['initrd']:#x}"
    assert len(lines) == 4
    assert_followed(case, result, expected, faulted=True)


@cases({f"{machine}-{policy}": (Case(
    machine, until=until(policy),
    params={"on_corruption": POLICIES[policy], "console_base": UNMAPPED},
    damage=lambda memory: memory.flip("handed", 1)), policy)
        for machine in MACHINES for policy in POLICIES})
def test_console_that_faults(case, expected, result):
    assert result.report == ""
    assert_outcome(case, result, expected, faulted=True)


# ------------------------------------------------------------------------------ consoles

@cases({f"{width}-bytes": Case("el1", params=VERBOSE | {"console_reg_width": width})
        for width in (1, 2, 4)})
def test_pl011_width(case, result):
    assert result.report == verified(case.machine)
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{name}": (
    Case(machine, uart=True, params=kind.second_uart | params, damage=damage), expected)
        for machine, kind in ({"el1": ARM64["el1"]} | X86_64).items()
        for name, params, damage, expected in (
            ("good", VERBOSE, None, verified(machine)),
            ("bad", {"on_corruption": abi.BOOT}, lambda memory: memory.flip("initrd", -1),
             f"{region_line('initrd')} tail not zero at {START['initrd'] + 0x5fff:#x}\n"
             + policy_line("boot")))})
def test_8250_in_memory(case, expected, result):
    """On a PC by tables of our own, which the kernel does not see."""
    assert result.uart == expected
    assert result.report == ""
    assert_outcome(case, result, "boot")


STUCK = WINDOW + 0xC0000
STUCK_8250 = {"console_type": abi.CONSOLE_8250, "console_base": STUCK, "console_reg_width": 1}


@cases({
    "pl011": Case("el1", params=VERBOSE | {"console_base": STUCK},
                  damage=lambda memory: memory.put(STUCK, b"\xff" * 64)),
    **{f"{machine}-8250": Case(machine, params=VERBOSE | STUCK_8250,
                               damage=lambda memory: memory.put(STUCK, b"\0" * 64))
       for machine in FAMILIES.values()},
    # Nothing but the status of the keyboard controller, where an idle line would say so.
    "8250-port": Case("max", params=VERBOSE | {"console_base": 0x64 - 5}),
})
def test_stuck_uart_is_given_up(case, result):
    """A UART that is always busy: here some RAM that reads like one, and must stay as it is."""
    assert result.report == ""
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{name}": Case(machine, params=VERBOSE | params)
        for machine in FAMILIES.values() for name, params in {
            "none": SILENT,
            "unknown": {"console_type": 7},
            **({} if machine in PPC64LE else {"odd-width": {"console_reg_width": 3}}),
            "unaligned": {"console_reg_width": 4,
                          "console_base": MACHINES[machine].console["console_base"] + 1},
        }.items()})
def test_unusable_console_is_no_corruption(case, result):
    assert result.report == ""
    assert_outcome(case, result, "boot")


@cases({f"{machine}-{policy}": (Case(
    machine, until=until(policy), params=SILENT | {"on_corruption": POLICIES[policy]},
    damage=lambda memory: memory.flip("initrd", 9)), policy)
        for machine in FAMILIES.values() for policy in POLICIES})
def test_policy_without_console(case, expected, result):
    assert result.report == ""
    assert_outcome(case, result, expected)
