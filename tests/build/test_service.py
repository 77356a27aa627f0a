# SPDX-License-Identifier: GPL-2.0-only
"""The udev rules, the throttle and the systemd unit, each run by what will run it.

They are installed below a temporary prefix. udevd itself, with real hotplug, is in tests/vm.
"""

import os
import pathlib
import re
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
THROTTLE = "lib/udev/kexec-crash-throttle"
UNIT = "lib/systemd/system/kexec-crash.service"
LOAD = "libexec/kexec-crash-load"
CONFIG = "etc/kexec-crash.conf"


def run(*command, **options):
    """Run a command that has to work; returns what it printed."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def files(root):
    """Paths of all files below a folder."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", name="build")
def build_fixture(tmp_path_factory):
    """A configured build with all switches, and the prefix it is for."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("prefix")
    run(TOP / "configure", f"--prefix={prefix}", f"--with-udevrulesdir={prefix}/lib/udev/rules.d",
        f"--with-systemdsystemunitdir={prefix}/lib/systemd/system", cwd=build)
    (build / "prefix").symlink_to(prefix)
    return build


@pytest.fixture(scope="module", name="prefix")
def prefix_fixture(build):
    """Where rules and unit are installed."""
    run("make", "install-udev", "install-systemd", cwd=build)
    return (build / "prefix").resolve()


# --- installation ---------------------------------------------------------------------

def test_what_is_installed_and_removed(build, prefix, tmp_path):
    assert files(prefix) == {THROTTLE, UNIT, LOAD, CONFIG, "lib/udev/rules.d/98-kexec-crash.rules",
                             "share/man/man5/98-kexec-crash.rules.5"}
    theirs = tmp_path / str(prefix / "lib/udev/rules.d/98-kexec.rules").lstrip("/")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# of kdump-utils\n")
    run("make", "install-udev", "install-systemd", f"DESTDIR={tmp_path}", cwd=build)
    config = tmp_path / str(prefix / CONFIG).lstrip("/")
    config.write_text("KERNEL=/mine\n")
    run("make", "install-systemd", f"DESTDIR={tmp_path}", cwd=build)
    assert config.read_text() == "KERNEL=/mine\n", "the administrator's file was overwritten"
    run("make", "uninstall", f"DESTDIR={tmp_path}", cwd=build)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {config, theirs}
    assert theirs.read_text() == "# of kdump-utils\n", "the rules of another package"


def test_no_place_is_left_open(prefix):
    for name in files(prefix):
        assert not any(f"@{word}@" in (prefix / name).read_text()
                       for word in ("sbindir", "libexecdir", "sysconfdir", "udevdir")), name


# --- udev -----------------------------------------------------------------------------

# A machine of its own: udevadm reads rules and devices from fixed places, so these are covered,
# for itself only.
UDEV_TEST = """
set -e
mount -t tmpfs none /etc/udev; mkdir /etc/udev/rules.d; cp "$1" /etc/udev/rules.d
mount -t tmpfs none /run
mount -t tmpfs none /sys/devices/system; cd /sys/devices/system
mkdir -p cpu/cpu3 memory/memory9 node/node1
for folder in cpu memory node */*; do : >$folder/uevent; done
for device in */*[0-9]; do ln -s ../../../../bus/${device%/*} $device/subsystem; done
[ -z "$2" ] || for folder in cpu memory; do echo $2 >$folder/crash_hotplug; done
udevadm test --action="$3" "$PWD/$4" 2>&1
"""


def udev_says(rules, hotplug, action, device):
    """What udevadm prints about an event of a device when crash_hotplug reads this."""
    private = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    text = run(*private, "sh", "-c", UDEV_TEST, "sh", rules, hotplug, action, device,
               env={**os.environ, "SYSTEMD_DEVICE_VERIFY_SYSFS": "0"})
    mine = [line for line in text.splitlines() if rules.name in line]
    assert mine and mine[0].startswith("Reading rules file"), text
    assert not any(word in line.lower() for line in mine for word in ("invalid", "unknown")), text
    return text


def udev_runs(*event):
    """The commands of ours that udev runs for an event."""
    return [line.partition("run: ")[2].strip("'") for line in udev_says(*event).splitlines()
            if line.startswith("run: ") and "kexec" in line]


@pytest.mark.parametrize("hotplug, action, device, reloads", [
    ("0", "add", "cpu/cpu3", True),
    ("0", "remove", "cpu/cpu3", True),
    ("0", "online", "cpu/cpu3", False),
    ("0", "online", "memory/memory9", True),
    ("0", "offline", "memory/memory9", True),
    ("0", "remove", "memory/memory9", True),
    ("0", "add", "memory/memory9", False),
    ("", "online", "memory/memory9", True),
    ("1", "online", "memory/memory9", False),
    ("1", "remove", "memory/memory9", False),
    ("1", "add", "cpu/cpu3", False),
    ("0", "add", "node/node1", False),
])
def test_udev_reloads_only_where_the_kernel_does_not(prefix, hotplug, action, device, reloads):
    commands = udev_runs(prefix / "lib/udev/rules.d/98-kexec-crash.rules", hotplug, action, device)
    assert commands == ([f"/usr/bin/systemd-run --quiet --no-block --collect {prefix}/{THROTTLE}"]
                        if reloads else [])


@pytest.mark.parametrize("hotplug, reloads", [("0", True), ("1", False)])
def test_the_rules_that_we_tell_debian_users_to_write(tmp_path, hotplug, reloads):
    text = (TOP / "doc/kdumpctl.md").read_text()
    rules = tmp_path / "50-kdump-tools.rules"
    begin, end = text.index("    SUBSYSTEM!="), text.index('    LABEL="kdump_tools_end"')
    rules.write_text(text[begin:end] + 'LABEL="kdump_tools_end"\n')
    said = udev_says(rules, hotplug, "online", "memory/memory9")
    assert ("PROGRAM '/usr/sbin/kdump-config try-reload'" in said) == reloads, said


# --- the throttle ---------------------------------------------------------------------

class Storm:
    """Events, the throttle, and a slow reload that notes which event was the last before it."""

    def __init__(self, prefix, folder, seconds=0.5, **times):
        self.folder = folder
        self.throttle = prefix / THROTTLE
        self.events = 0
        self.calls = []
        times = {"QUIET_SECONDS": 0.2, "SETTLE_SECONDS": 7, "RELOAD_SECONDS": 20, **times}
        (prefix / CONFIG).write_text("".join(f'{name}="{value}"\n'
                                             for name, value in times.items()))
        self.script("udevadm", 'echo "$@" >>settled')
        self.reload = self.script("reload", 'echo "begin $(cat events)" >>log; '
                                            f'sleep {seconds}; echo end >>log')

    def script(self, name, text):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\ncd {self.folder}\n{text}\n")
        path.chmod(0o755)
        return path

    def event(self, *command):
        """Something changed, and udev says so."""
        self.events += 1
        (self.folder / "events.new").write_text(str(self.events))
        (self.folder / "events.new").rename(self.folder / "events")
        self.calls.append(subprocess.Popen(
            [self.throttle, *(command or [self.reload])],
            env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder),
                 "PATH": f"{self.folder}:{os.environ['PATH']}"}))

    def wait(self):
        """Until all is quiet; returns the exit statuses."""
        return [call.wait(timeout=60) for call in self.calls]

    @property
    def seen(self):
        """The last event before each reload; one begins after the other has ended."""
        log = (self.folder / "log").read_text().split("\n")[:-1]
        assert log[1::2] == ["end"] * (len(log) // 2), log
        return [int(line.removeprefix("begin ")) for line in log[::2]]


def wait_for(path):
    """Until there is such a file."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def test_a_storm_leads_to_few_loads_and_the_last_event_to_one(prefix, tmp_path):
    storm = Storm(prefix, tmp_path)
    for _ in range(80):
        storm.event()
        time.sleep(0.04)
    assert set(storm.wait()) == {0}
    # Some six where nothing else runs: a wait and a load take 0.7 seconds. A busy machine stretches
    # the storm, and so the number is no matter of how long it lasted.
    assert 2 <= len(storm.seen) <= 40, storm.seen
    assert storm.seen[-1] == 80
    assert (tmp_path / "settled").read_text() == "settle --timeout=7\n" * len(storm.seen)


def test_an_event_during_a_load_leads_to_another(prefix, tmp_path):
    storm = Storm(prefix, tmp_path, seconds=1)
    storm.event()
    wait_for(tmp_path / "log")
    storm.event()
    storm.wait()
    assert storm.seen == [1, 2]


def test_a_load_that_fails_is_told_and_does_not_stop_the_next(prefix, tmp_path):
    storm = Storm(prefix, tmp_path)
    storm.event("sh", "-c", "exit 3")
    assert storm.wait() == [3]
    storm.event()
    assert storm.wait() == [3, 0]
    assert storm.seen == [2]


def test_a_load_that_hangs_is_ended(prefix, tmp_path):
    storm = Storm(prefix, tmp_path, RELOAD_SECONDS=1)
    storm.event("sh", "-c", f"echo >{tmp_path}/hangs; exec sleep 1000")
    wait_for(tmp_path / "hangs")
    storm.event()
    assert storm.wait() == [124, 0]
    assert storm.seen == [2]


def test_a_load_that_will_not_be_ended_is_killed(prefix, tmp_path):
    storm = Storm(prefix, tmp_path, RELOAD_SECONDS=1)
    storm.event("sh", "-c", f"trap '' TERM; echo >{tmp_path}/hangs; sleep 1000")
    wait_for(tmp_path / "hangs")
    storm.event()
    assert storm.wait() == [137, 0]
    assert storm.seen == [2]


def test_the_configuration_names_the_command(prefix, tmp_path):
    storm = Storm(prefix, tmp_path)
    with open(prefix / CONFIG, "a") as config:
        config.write(f'RELOAD="{storm.reload} now"\n')
    storm.calls.append(subprocess.Popen(
        [storm.throttle], env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path),
                               "PATH": f"{tmp_path}:{os.environ['PATH']}"}))
    (tmp_path / "events").write_text("5")
    assert storm.wait() == [0]
    assert storm.seen == [5]


# --- systemd --------------------------------------------------------------------------

def analyze(prefix, *words):
    """systemd-analyze, which finds our unit before those of this machine."""
    folder = (prefix / UNIT).parent
    tool = prefix / "sbin/kexec"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return run("systemd-analyze", *words, cwd=folder,
               env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})


def test_systemd_accepts_the_unit(prefix):
    assert analyze(prefix, "verify", "--man=no", "--recursive-errors=no",
                   "kexec-crash.service") == ""


def test_a_shutdown_does_not_stop_the_unit(prefix):
    """It stops what it stops, and all that requires that: sysinit.target, mounts."""
    unit = (prefix / UNIT).read_text()
    assert "\nDefaultDependencies=no\n" in unit
    assert not re.search(r"^(Requires|Requisite|BindsTo|PartOf|Conflicts)\w*=", unit, re.M)


def test_the_unit_is_confined(prefix):
    analyze(prefix, "security", "--offline=true", "--threshold=35", prefix / UNIT)


# A /boot of its own, with the files that are named; what is loaded is printed.
LOAD_TEST = """
set -e
mount -t tmpfs none /boot; cd /boot
tool=$1; load=$2; shift 2
printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' >$tool; chmod 755 $tool
for file; do : >$file; done
exec $load
"""


def loads(prefix, *names, **configured):
    """The arguments that kexec-crash-load gives to kexec, with RELEASE for the running one."""
    private = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    release = os.uname().release
    tool = prefix / "sbin/kexec"
    tool.parent.mkdir(exist_ok=True)
    text = run(*private, "sh", "-c", LOAD_TEST, "sh", tool, prefix / LOAD,
               *(name.replace("RELEASE", release) for name in names),
               env={"PATH": os.environ["PATH"], **configured})
    return re.findall("<([^>]*)>", text.replace(release, "RELEASE"))


@pytest.mark.parametrize("names", [
    ("vmlinuz-RELEASE", "initrd.img-RELEASE"),          # Debian
    ("vmlinuz-RELEASE", "initramfs-RELEASE.img"),       # Fedora
    ("Image-RELEASE", "initrd-RELEASE"),                # openSUSE on arm64
    ("vmlinuz-RELEASE", "initrd-RELEASE"),              # and elsewhere
])
def test_each_distribution_has_its_names(prefix, names):
    kernel, initrd = names
    assert loads(prefix, *names, "vmlinuz-other", "initrd-other", "initramfs-RELEASEx.img") == [
        "-p", "--hotplug=auto", "--reuse-cmdline", f"--initrd=/boot/{initrd}",
        "--append=irqpoll nr_cpus=1 reset_devices panic=10", f"/boot/{kernel}"]


def test_what_is_configured_has_the_say(prefix):
    assert loads(prefix, "initrd-RELEASE", "vmlinuz-RELEASE", KERNEL="/k", APPEND="a  b",
                 OPTIONS="-c --initrd=/[a-z]*") == ["-p", "-c", "--initrd=/[a-z]*", "--append=a  b",
                                                    "/k"]


def test_what_is_missing_is_missed_by_its_name(prefix):
    assert loads(prefix)[3:] == ["--initrd=/boot/initrd.img-RELEASE",
                                 "--append=irqpoll nr_cpus=1 reset_devices panic=10",
                                 "/boot/vmlinuz-RELEASE"]


def test_the_example_is_what_is_loaded(prefix):
    """The commented lines of the configuration are the defaults."""
    example = (TOP / "systemd/kexec-crash.conf").read_text()
    throttle = (prefix / THROTTLE).read_text()
    *options, append, _ = loads(prefix, "initrd.img-RELEASE")[1:]
    assert f'\n#APPEND="{append.removeprefix("--append=")}"\n' in example
    assert f'\n#OPTIONS="{" ".join(options).removesuffix("-RELEASE")}"\n' in example
    reload = example.partition('#RELOAD="')[2].partition('"')[0]
    assert f'RELOAD="{reload}"' in throttle
