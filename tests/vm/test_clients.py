# SPDX-License-Identifier: GPL-2.0-only
"""A Debian system with systemd, udev and kdump-tools, and our packages in place of kexec-tools.

One machine, in the order of the tests: it boots, is armed by kdump-tools, gains memory, is armed
by our own service, is restarted by systemd into a kernel that kexec loaded, and panics.

With KEXEC_TEST_SYSTEMS, which names platforms or "all", every test runs on these, and what they saw
is written into the table of doc/testing.md when that was all: `./check clients`.
"""

import collections
import os
import re
import shlex
import subprocess

import pytest

import client_system
import generated
from conftest import LOGS, TOP

KDUMP_TOOLS = "/etc/default/kdump-tools"
OURS = "kexec-crash.service"
LOADED = "/sys/kernel/kexec_crash_loaded"
HOTPLUG = "/sys/devices/system/memory/crash_hotplug"
MIB_ADDED = 256
PROGRAM = "/usr/sbin/kexec"
ENTRY = "/boot/loader/entries/test.conf"
# What runs on PCs by default, see story().
STORY_PLATFORM = "trixie-amd64"
# What was seen on each platform, and where that is told.
DOCUMENT, SECTION = TOP / "doc/testing.md", "clients"


def story(test):
    """What runs on a PC too, where not all does that `./check clients` runs."""
    test.is_story = True
    return test


def long(test):
    """What only `./check clients` runs."""
    test.__test__ = "KEXEC_TEST_SYSTEMS" in os.environ
    return test


def pytest_generate_tests(metafunc):
    """The platforms of each test; KEXEC_TEST_SYSTEMS names others, as words."""
    names = ["trixie-arm64"]
    if hasattr(metafunc.function, "is_story"):
        names.append(STORY_PLATFORM)
    given = os.environ.get("KEXEC_TEST_SYSTEMS", "").split()
    names = list(client_system.PLATFORMS) if given == ["all"] else given or names
    metafunc.parametrize("system", [
        pytest.param(name, marks=getattr(pytest.mark, client_system.PLATFORMS[name].arch))
        for name in names], indirect=True, scope="module")


class System:
    """The machine, with words for what the tests do."""

    def __init__(self, platform, machine, made):
        self.platform, self.machine, self.made = platform, machine, made
        self.release = made.release
        self.seen = {}

    def note(self, what, *args, count=None):
        """A row for the table: that a test came so far, or how often something was seen."""
        words = " ".join((what, *(f"`{arg}`" for arg in args if arg)))
        self.seen[words] = "yes" if count is None else str(count)

    def configure(self, kexec_args):
        """Arm again by kdump-tools, with these options of kexec."""
        self.machine.check(
            "udevadm settle; "
            f"sed -i '/^KDUMP_KEXEC_ARGS=/d' {KDUMP_TOOLS}; "
            f"echo {shlex.quote(f'KDUMP_KEXEC_ARGS={shlex.quote(kexec_args)}')} >>{KDUMP_TOOLS}; "
            "kdump-config unload && kdump-config load")

    def configure_ours(self, **values):
        """What kexec-crash.service loads. The system has no RAM disk."""
        values = {"OPTIONS": "--hotplug=auto --reuse-cmdline", **values}
        self.machine.put("/etc/kexec-crash.conf", "".join(
            f'{name}="{value}"\n' for name, value in values.items()).encode())

    def log(self, *match):
        """What the journal has of the boot; match is for journalctl."""
        return self.machine.check("journalctl --sync; journalctl -b -o cat "
                                  f"{shlex.join(match)}").splitlines()

    def reloads(self):
        """The answers of kdump-tools to what asked it to load again since the boot, and those
        reloads of our service that went well."""
        answers = [line for line in self.log("SYSLOG_IDENTIFIER=kdump-config", "+",
                                             "SYSLOG_IDENTIFIER=kdump-tools")
                   if re.fullmatch("(failed to unload|unloaded) kdump kernel", line)]
        return answers + [line for line in self.log("-u", OURS) if line.startswith("Reloaded ")]

    def reloads_after(self, event):
        """Let it happen, and udev and what it started come to an end, and see."""
        before = collections.Counter(self.reloads())
        event()
        self.machine.check("udevadm settle; sleep 1; until [ -z \"$(systemctl list-units --plain "
                           "--no-legend --state=activating,active 'run-*.service')\" ]; do "
                           "sleep 0.5; done; udevadm settle")
        return list((collections.Counter(self.reloads()) - before).elements())

    def reloads_after_hot_add(self):
        """Of memory."""
        return self.reloads_after(lambda: self.machine.hot_add(MIB_ADDED))

    def reloads_after_cpu(self):
        """Of a CPU that goes and comes."""
        online = "/sys/devices/system/cpu/cpu1/online"
        return self.reloads_after(
            lambda: self.machine.check(f"echo 0 >{online}; udevadm settle; echo 1 >{online}"))

    def loaded(self):
        return self.machine.check(f"cat {LOADED}") == "1\n"

    def hotplug(self):
        return self.machine.check(f"cat {HOTPLUG}") == "1\n"

    def is_active(self, unit):
        """Its state, once it is not about to reload: a rule may ask for that at any time."""
        return self.machine.sh(f"while systemctl is-active {unit} >/run/state; "
                               "grep -q reloading /run/state; do sleep 0.5; done; "
                               "cat /run/state").text.strip()


def write_results(name, seen):
    """Put what was seen on a platform into the table, in which the others' columns stay."""
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")]
                      for line in generated.read(DOCUMENT, SECTION).splitlines()]
    found = {column: {row[0]: row[number] for row in rows if row[number]}
             for number, column in enumerate(head) if number}
    found[name] = seen
    names = [name for name in client_system.PLATFORMS if name in found]
    rows = dict.fromkeys(row for name in names for row in found[name])
    generated.write(DOCUMENT, SECTION, "".join(
        "| " + " | ".join(cells) + " |\n" for cells in (
            ("Seen", *names), ["---"] * (len(names) + 1),
            *((row, *(found[name].get(row, "") for name in names)) for row in rows))))


@pytest.fixture(scope="module", name="system")
def system_fixture(request, tmp_path_factory):
    """The system, booted, with room for memory."""
    platform = client_system.PLATFORMS[request.param]
    made = client_system.make(platform, tmp_path_factory.mktemp("clients"))
    machine = platform.board(
        made.kernel, made.initrd, slots=10, max_memory=8192, disks=(made.disk,),
        append=f"root={platform.root} rw", **platform.options)
    with machine:
        system = System(platform, machine.boot(timeout=400), made)
        try:
            yield system
        finally:
            if os.environ.get("KEXEC_TEST_SYSTEMS"):
                write_results(request.param, system.seen)
            LOGS.mkdir(parents=True, exist_ok=True)
            (LOGS / f"clients-{request.param}.console").write_text(machine.console())


@story
def test_kdump_tools_arms_at_boot(system):
    machine = system.machine
    machine.check("systemctl is-system-running --wait || systemctl --failed | grep -q '^0 '",
                  timeout=300)
    assert machine.check("systemctl is-active kdump-tools.service") == "active\n"
    assert system.loaded()
    assert "ready to kdump" in machine.check("kdump-config status")
    assert machine.check("dpkg-query -W -f '${db:Status-Abbrev}' kdump-tools kexec-utils") \
        == "ii ii "
    system.note("armed at boot by kdump-tools")


def test_kdump_config_unload_and_load(system):
    machine = system.machine
    assert "unloaded kdump kernel" in machine.check("kdump-config unload")
    assert not system.loaded()
    assert "Not ready to kdump" in machine.check("kdump-config status")
    assert "loaded kdump kernel" in machine.check("kdump-config load")
    assert system.loaded()
    shown = machine.check("kdump-config show")
    assert re.search(r"^  /sbin/kexec -p --command-line=\".*\" (--initrd=/var/lib/kdump/initrd.img "
                     r")?/var/lib/kdump/vmlinuz$", shown, re.M)
    system.note("`kdump-config` unloads and loads")


@pytest.mark.parametrize("kexec_args, hotplug", [("-c", False), ("-c --hotplug", True)])
def test_debians_rules_try_at_every_event(system, kexec_args, hotplug):
    """50-kdump-tools.rules of Debian does not look at crash_hotplug, and calls kdump-config inside
    of udevd, whose system call filter does not let it load: nothing is loaded, nothing lost.
    """
    system.configure(kexec_args)
    assert system.hotplug() == hotplug
    for what, reloads in (("a DIMM", system.reloads_after_hot_add()),
                          ("a CPU offline and online", system.reloads_after_cpu())):
        assert set(reloads) == {"failed to unload kdump kernel"}, what
        system.note(f"reloads that Debian's rules try, and udevd stops, after {what},",
                    kexec_args, count=len(reloads))
    assert system.loaded()


def test_it_is_the_filter_of_udevd_that_stops_them(system):
    """Both system calls fail inside of udevd, as does the unloading, and with them let through
    Debian's rules load. Then an image is armed again and again, with moments without one.
    """
    machine = system.machine
    machine.put("/root/probe", b"#!/bin/sh\n"
                b"for call in -c -s; do\n"
                b"/sbin/kexec $call -p --append=x /var/lib/kdump/vmlinuz; echo $call $?\n"
                b"/sbin/kexec $call -p -u; echo $call -u $?\n"
                b"done >/run/probe 2>&1\n")
    machine.check("chmod 755 /root/probe; echo 'SUBSYSTEM==\"memory\", ACTION==\"change\", "
                  "PROGRAM=\"/root/probe\"' >/etc/udev/rules.d/10-probe.rules; "
                  "udevadm control --reload")

    def probe():
        """What kexec says in a rule."""
        machine.check("rm -f /run/probe; "
                      "udevadm trigger --settle --action=change /sys/devices/system/memory/memory8")
        text = machine.check("cat /run/probe")
        return text.count("Operation not permitted"), re.findall(r"^(-\w .*)$", text, re.M)

    assert probe() == (4, ["-c 255", "-c -u 255", "-s 255", "-s -u 255"])
    assert system.loaded()
    override = "/run/systemd/system/systemd-udevd.service.d"
    machine.check(f"mkdir -p {override}; echo '[Service]\nSystemCallFilter=kexec_load "
                  f"kexec_file_load' >{override}/kexec.conf; systemctl daemon-reload; "
                  "systemctl restart systemd-udevd")
    assert probe() == (0, ["-c 0", "-c -u 0", "-s 0", "-s -u 0"])
    machine.check("rm /etc/udev/rules.d/10-probe.rules; udevadm control --reload; "
                  "kdump-config load")
    assert set(system.reloads_after_hot_add()) == {"unloaded kdump kernel"}
    assert system.loaded()
    machine.check(f"rm -r {override}; systemctl daemon-reload; systemctl restart systemd-udevd")


@pytest.mark.parametrize("kexec_args, least, most",
                         [("-c", 1, 2), ("-c --hotplug", 0, 0), ("-s", 0, 0)])
def test_our_rules_load_only_where_the_kernel_does_not(system, kexec_args, least, most):
    """98-kexec-crash.rules in place of Debian's, with kdump-tools as what loads."""
    machine = system.machine
    machine.check("ln -sf /dev/null /etc/udev/rules.d/50-kdump-tools.rules; "
                  "udevadm control --reload")
    system.configure_ours(RELOAD="kdump-config try-reload")
    system.configure(kexec_args)
    reloads = system.reloads_after_hot_add()
    assert least <= len(reloads) <= most and set(reloads) <= {"unloaded kdump kernel"}
    # A CPU that is offline is in the header as it was, as far as the kernel lets it be read.
    assert system.reloads_after_cpu() == []
    assert system.loaded() and machine.sh(f"{PROGRAM} --elfcorehdr").rc != 1
    system.note("reloads by our rules after a DIMM, kdump-tools", kexec_args, count=len(reloads))
    system.note("... after a CPU offline and online, kdump-tools", kexec_args, count=0)


def test_our_service_leaves_the_say_to_others(system):
    """To kdump-tools where that is enabled, and to whoever has armed something."""
    machine = system.machine
    system.configure_ours()
    machine.check(f"kdump-config unload; systemctl start {OURS}")
    assert (system.is_active(OURS), system.loaded()) == ("inactive", False)
    machine.check("systemctl disable --now kdump-tools.service; "
                  f"kexec -c -p --append=x /boot/vmlinuz-{system.release}; systemctl start {OURS}")
    assert (system.is_active(OURS), system.hotplug()) == ("inactive", False)
    machine.check(f"kexec -p -u; systemctl start {OURS}")
    assert (system.is_active(OURS), system.hotplug()) == ("active", True)


def test_our_service_loads_what_is_configured(system):
    """The reload takes the new configuration, over the armed image; to stop is to disarm."""
    machine = system.machine
    assert system.hotplug()
    system.configure_ours(OPTIONS="-c --reuse-cmdline")
    machine.check(f"systemctl reload {OURS}")
    assert (system.loaded(), system.hotplug()) == (True, False)
    machine.check(f"systemctl stop {OURS}")
    assert (system.is_active(OURS), system.loaded()) == ("inactive", False)


def test_our_service_says_what_is_wrong_and_a_reload_loses_nothing(system):
    machine = system.machine

    def refused(verb, kernel):
        """Whether systemctl fails, and the journal tells why."""
        system.configure_ours(KERNEL=kernel)
        failed = machine.sh(f"systemctl {verb} {OURS}").rc != 0
        return failed and any(f"cannot open {kernel}:" in line and "[file-not-found]" in line
                              for line in system.log("-u", OURS))

    assert refused("start", "/boot/one")
    assert (system.is_active(OURS), system.loaded()) == ("failed", False)
    system.configure_ours()
    machine.check(f"systemctl start {OURS}")
    assert refused("reload", "/boot/two")
    assert (system.is_active(OURS), system.loaded(), system.hotplug()) == ("active", True, True)
    assert refused("restart", "/boot/three")
    assert (system.is_active(OURS), system.loaded()) == ("failed", False)


def test_our_service_mounts_boot(system):
    """Where it is noauto; and it stays armed when that is unmounted."""
    machine = system.machine
    system.configure_ours()
    machine.check("mkdir /srv/boot; mv /boot/* /srv/boot; "
                  "echo '/srv/boot /boot none bind,noauto 0 0' >>/etc/fstab; "
                  "systemctl daemon-reload")
    assert system.is_active("boot.mount") == "inactive"
    machine.check(f"systemctl start {OURS}")
    assert (system.is_active("boot.mount"), system.loaded()) == ("active", True)
    machine.check("systemctl stop boot.mount")
    assert machine.check("ls /boot") == ""
    assert (system.is_active(OURS), system.loaded()) == ("active", True)
    machine.check("sed -i '/noauto/d' /etc/fstab; systemctl daemon-reload; mv /srv/boot/* /boot")


@pytest.mark.parametrize("options, least, most", [("-c", 1, 2), ("--hotplug=auto", 0, 0)])
def test_our_rules_reload_our_service(system, options, least, most):
    machine = system.machine
    system.configure_ours(OPTIONS=f"{options} --reuse-cmdline")
    machine.check("systemctl disable --now kdump-tools.service; "
                  f"systemctl reload-or-restart {OURS}")
    reloads = system.reloads_after_hot_add()
    assert least <= len(reloads) <= most and all(line.startswith("Reloaded ") for line in reloads)
    assert system.reloads_after_cpu() == []
    assert system.loaded()
    system.note(f"reloads by our rules after a DIMM, {OURS}", options, count=len(reloads))
    system.note(f"... after a CPU offline and online, {OURS}", options, count=0)


def test_our_service_is_enabled(system):
    """For the restart that follows, with a witness at its end."""
    machine = system.machine
    system.configure_ours()
    machine.check("mkdir -p /usr/lib/systemd/system-shutdown")
    witness = "/usr/lib/systemd/system-shutdown/witness"
    machine.put(witness, f"#!/bin/sh\necho \"armed before $1: $(cat {LOADED})\" "
                ">/dev/console\n".encode())
    machine.check(f"chmod 755 {witness}; systemctl disable --now kdump-tools.service; "
                  f"systemctl enable {OURS}; systemctl reload-or-restart {OURS}")
    assert system.hotplug()


@story
def test_systemctl_kexec(system):
    """kexec-load-kernel loads, systemd's shutdown starts what is loaded."""
    machine = system.machine
    before = machine.check("cat /proc/sys/kernel/random/boot_id")
    machine.check(f"echo KERNEL_IMAGE=/boot/vmlinuz-{system.release} >/etc/default/kexec; "
                  f"echo INITRD=/boot/initrd.img-{system.release} >>/etc/default/kexec; "
                  "echo \"APPEND='$(cat /proc/cmdline) started-by-kexec "
                  f"earlycon={machine.UART}'\" >>/etc/default/kexec; "
                  "kexec-load-kernel")
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    machine.sh("systemctl --no-block kexec")
    machine.wait_restarted(timeout=400)
    assert machine.check("cat /proc/sys/kernel/random/boot_id") != before
    assert "started-by-kexec" in machine.check("cat /proc/cmdline")
    system.note("`systemctl kexec` starts what `kexec-load-kernel` loaded")


def test_our_service_arms_until_the_end_and_at_boot(system):
    machine = system.machine
    assert "armed before kexec: 1" in machine.console()
    machine.check("systemctl is-system-running --wait", timeout=300)
    assert (system.is_active(OURS), system.loaded(), system.hotplug()) == ("active", True, True)
    machine.check(f"systemctl disable --now {OURS}; systemctl enable --now kdump-tools.service")
    system.note(f"{OURS} is armed to the end of a shutdown, and at boot")


# kexec_file_load(2) of x86_64 takes 2016 bytes of it, a kernel 2047.
@long
@pytest.mark.parametrize("length", [0, 2030])
def test_systemctl_kexec_of_a_boot_entry(system, length):
    """With nothing loaded systemctl loads what the boot loader would start: by our program, or from
    systemd 261 on by kexec_file_load itself, and by our program what that does not take."""
    machine = system.machine
    words = machine.check("cat /proc/cmdline").strip()
    words = re.sub(r" ?(started-by|earlycon|pad)\S*", "", words)
    words += f" started-by-entry-{length}"
    words += " pad=".ljust(length - len(words), "x") if length else ""
    initrd = machine.sh(f"ls /boot/initrd.img-{system.release}").rc == 0
    machine.check(f"mkdir -p $(dirname {ENTRY})")
    machine.put(ENTRY, f"title test\nlinux /vmlinuz-{system.release}\noptions {words}\n".encode()
                + (f"initrd /initrd.img-{system.release}\n".encode() if initrd else b""))
    machine.put("/root/witness", b"#!/bin/sh\necho \"called: $@\" >/dev/console\n"
                + f'exec {PROGRAM}.real "$@"\n'.encode())
    machine.check(f"mv {PROGRAM} {PROGRAM}.real; cp /root/witness {PROGRAM}; "
                  f"chmod 755 {PROGRAM}; sync")
    said_before = len(machine.console())
    said = machine.sh("SYSTEMD_RELAX_ESP_CHECKS=1 SYSTEMD_ESP_PATH=/boot "
                      "systemctl --no-block kexec")
    machine.wait_restarted(timeout=400)
    machine.check(f"mv {PROGRAM}.real {PROGRAM}")
    assert machine.check("cat /proc/cmdline").strip() == words
    calls = re.findall("^called: (--load .*)$", machine.console()[said_before:], re.M)
    itself = int(machine.check("systemctl --version").split()[1]) >= 261
    if itself and not length:
        assert calls == [], said
    else:
        (call,) = calls
        assert f"--append {words}" in call and (" --initrd " in call) == initrd, said
    system.note(f"`systemctl kexec` of a boot entry, {length or 'few'} bytes of command line, "
                "calls " + ("`kexec --load`" if calls else "the kernel itself"))


@story
def test_a_panic_leaves_a_dump_by_makedumpfile(system, tmp_path):
    """kdump-tools saves it in the capture kernel, and restarts the machine, which ends here."""
    machine = system.machine
    machine.check("systemctl is-active --wait kdump-tools.service || "
                  "systemctl start kdump-tools.service", timeout=300)
    assert system.loaded()
    machine.check("echo the-words-of-the-first-kernel >/dev/kmsg; sync")
    machine.panic()
    machine.wait_exit(timeout=600)
    folders = [name for name in client_system.list_disk(system.made.disk, "/var/crash")
               if re.fullmatch(r"\d{12}", name)]
    assert len(folders) == 1, machine.console()[-4000:]
    stamp = folders[0]
    dump = client_system.read_disk(system.made.disk, f"/var/crash/{stamp}/dump.{stamp}")
    assert dump.startswith(b"makedumpfile") and b"KDUMP   " in dump
    log = client_system.read_disk(system.made.disk, f"/var/crash/{stamp}/dmesg.{stamp}")
    assert b"the-words-of-the-first-kernel" in log and b"sysrq: Trigger a crash" in log
    on_host = tmp_path / "dump"
    on_host.write_bytes(client_system.unflattened(dump))
    done = subprocess.run([os.environ["VMCORE_DMESG_HOST"], on_host], capture_output=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"the-words-of-the-first-kernel" in done.stdout
    assert b"sysrq: Trigger a crash" in done.stdout
    system.note("a panic leaves a dump by makedumpfile, whose log is read elsewhere")
