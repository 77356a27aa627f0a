# SPDX-License-Identifier: GPL-2.0-only
"""A Debian system with systemd, udev and kdump-tools, and our packages in place of kexec-tools.

One machine, in the order of the tests: it boots, is armed by kdump-tools, gains memory, is armed
by our own service, is restarted by systemd into a kernel that kexec loaded, and panics.
"""

import collections
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "package"))
import client_system  # noqa: E402  pylint: disable=wrong-import-position
from conftest import LOGS  # noqa: E402  pylint: disable=wrong-import-position
from qemu import Machine  # noqa: E402  pylint: disable=wrong-import-position

KDUMP_TOOLS = "/etc/default/kdump-tools"
OURS = "kexec-crash.service"
LOADED = "/sys/kernel/kexec_crash_loaded"
HOTPLUG = "/sys/devices/system/memory/crash_hotplug"
MIB_ADDED = 256


class System:
    """The machine, with words for what the tests do."""

    def __init__(self, machine, disk, release):
        self.machine, self.disk, self.release = machine, disk, release

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

    def reloads_after_hot_add(self):
        """Add memory, let udev and what it started come to an end, and see."""
        before = collections.Counter(self.reloads())
        self.machine.hot_add(MIB_ADDED)
        self.machine.check("udevadm settle; sleep 1; until [ -z \"$(systemctl list-units --plain "
                           "--no-legend --state=activating,active 'run-*.service')\" ]; do "
                           "sleep 0.5; done; udevadm settle")
        return list((collections.Counter(self.reloads()) - before).elements())

    def loaded(self):
        return self.machine.check(f"cat {LOADED}") == "1\n"

    def hotplug(self):
        return self.machine.check(f"cat {HOTPLUG}") == "1\n"

    def is_active(self, unit):
        """Its state, once it is not about to reload: a rule may ask for that at any time."""
        return self.machine.sh(f"while systemctl is-active {unit} >/run/state; "
                               "grep -q reloading /run/state; do sleep 0.5; done; "
                               "cat /run/state").text.strip()


@pytest.fixture(scope="module", name="system")
def system_fixture(tmp_path_factory):
    """The system, booted by UEFI, since memory is added."""
    text = subprocess.run([client_system.HERE / "kernel/build", "--own"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    kernel = pathlib.Path(text.splitlines()[-1])
    disk, release = client_system.make_disk(tmp_path_factory.mktemp("clients"), kernel)
    machine = Machine(kernel / "Image", None, kind="uefi", slots=10, max_memory=8192, disks=(disk,),
                      append=f"root={client_system.ROOT_DISK} rw")
    with machine:
        try:
            yield System(machine.boot(timeout=400), disk, release)
        finally:
            LOGS.mkdir(parents=True, exist_ok=True)
            (LOGS / "clients.console").write_text(machine.console())


def test_kdump_tools_arms_at_boot(system):
    machine = system.machine
    machine.check("systemctl is-system-running --wait || systemctl --failed | grep -q '^0 '",
                  timeout=300)
    assert machine.check("systemctl is-active kdump-tools.service") == "active\n"
    assert system.loaded()
    assert "ready to kdump" in machine.check("kdump-config status")
    assert machine.check("dpkg-query -W -f '${db:Status-Abbrev}' kdump-tools kexec-utils") \
        == "ii ii "


def test_kdump_config_unload_and_load(system):
    machine = system.machine
    assert "unloaded kdump kernel" in machine.check("kdump-config unload")
    assert not system.loaded()
    assert "Not ready to kdump" in machine.check("kdump-config status")
    assert "loaded kdump kernel" in machine.check("kdump-config load")
    assert system.loaded()
    shown = machine.check("kdump-config show")
    assert re.search(r"^  /sbin/kexec -p --command-line=\".*\" /var/lib/kdump/vmlinuz$", shown,
                     re.M)


@pytest.mark.parametrize("kexec_args, hotplug", [("-c", False), ("-c --hotplug", True)])
def test_debians_rules_try_at_every_event(system, kexec_args, hotplug):
    """50-kdump-tools.rules of Debian does not look at crash_hotplug, and calls kdump-config inside
    of udevd, whose system call filter does not let it load: nothing is loaded, nothing lost.
    """
    system.configure(kexec_args)
    assert system.hotplug() == hotplug
    assert set(system.reloads_after_hot_add()) == {"failed to unload kdump kernel"}
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
    assert system.loaded()


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
    assert system.loaded()


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


def test_systemctl_kexec(system):
    """kexec-load-kernel loads, systemd's shutdown starts what is loaded."""
    machine = system.machine
    before = machine.check("cat /proc/sys/kernel/random/boot_id")
    machine.check(f"echo KERNEL_IMAGE=/boot/vmlinuz-{system.release} >/etc/default/kexec; "
                  "echo \"APPEND='$(cat /proc/cmdline) started-by-kexec "
                  "earlycon=pl011,0x9000000'\" >>/etc/default/kexec; "
                  "kexec-load-kernel")
    assert machine.check("cat /sys/kernel/kexec_loaded") == "1\n"
    machine.sh("systemctl --no-block kexec")
    machine.wait_restarted(timeout=400)
    assert machine.check("cat /proc/sys/kernel/random/boot_id") != before
    assert "started-by-kexec" in machine.check("cat /proc/cmdline")


def test_our_service_arms_until_the_end_and_at_boot(system):
    machine = system.machine
    assert "armed before kexec: 1" in machine.console()
    machine.check("systemctl is-system-running --wait", timeout=300)
    assert (system.is_active(OURS), system.loaded(), system.hotplug()) == ("active", True, True)
    machine.check(f"systemctl disable --now {OURS}; systemctl enable --now kdump-tools.service")


def test_a_panic_leaves_a_dump_by_makedumpfile(system):
    """kdump-tools saves it in the capture kernel, and restarts the machine, which ends here."""
    machine = system.machine
    machine.check("systemctl is-active --wait kdump-tools.service || "
                  "systemctl start kdump-tools.service", timeout=300)
    assert system.loaded()
    machine.check("echo the-words-of-the-first-kernel >/dev/kmsg; sync")
    machine.panic()
    machine.wait_exit(timeout=600)
    folders = [name for name in client_system.list_disk(system.disk, "/var/crash")
               if re.fullmatch(r"\d{12}", name)]
    assert len(folders) == 1, machine.console()[-4000:]
    stamp = folders[0]
    dump = client_system.read_disk(system.disk, f"/var/crash/{stamp}/dump.{stamp}")
    assert dump.startswith(b"makedumpfile") and b"KDUMP   " in dump
    log = client_system.read_disk(system.disk, f"/var/crash/{stamp}/dmesg.{stamp}")
    assert b"the-words-of-the-first-kernel" in log and b"sysrq: Trigger a crash" in log
