#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Memory that comes to a ppc64le guest, and the size of the hash table in its device tree
#
# Debian sid's linux-binary-7.2.13+deb14-powerpc64le 7.2.13-1 runs with hashed page tables
# (disable_radix) on an emulated pSeries machine of 2 GiB with room for more. QEMU makes a hash
# table of 2^24 bytes and says so in ibm,pft-size of each CPU. One block of 256 MiB is added. The
# kernel has the hypervisor resize the table, and says "HPT resize to shift 26 complete": four times
# as large for an eighth more of memory, since the kernel counts by its pages of 4 KiB. (One with
# pages of 64 KiB has it made smaller.) /proc/device-tree says 24 still, for good, and every kernel
# that kexec starts from there, for a panic or a restart, is given that tree and believes it.
# "resize-hpt" is on by default; where it is off, the two agree.
#
# Needs Debian's archive (bookworm for QEMU, sid for the rest), cpio and python3. Ends with 0 when
# all of it was seen again.
set -eu
EMULATOR="qemu-system-ppc=1:7.2+dfsg-7+deb12u18+b3"
RELEASE=7.2.13+deb14-powerpc64le
GUEST="linux-binary-$RELEASE=7.2.13-1 busybox-static=1:1.38.0-3+b1"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch SUITE ARCHITECTURE PACKAGE... puts them and what they need below $work/ARCHITECTURE.
fetch() {
	suite=$1 arch=$2
	shift 2
	place=$work/$arch
	state=$work/apt-$arch
	mkdir -p "$place" "$state/lists/partial" "$state/archives/partial" "$work/empty"
	: >"$state/status"
	echo "deb [arch=$arch signed-by=$keyring check-valid-until=no]" \
		"http://deb.debian.org/debian $suite main" >"$state/sources.list"
	for command in update "install --download-only --no-install-recommends -y $*"; do
		# shellcheck disable=SC2086
		apt-get -q -o Dir::State="$state" -o Dir::Cache="$state" \
			-o Dir::State::status="$state/status" \
			-o Dir::Etc::sourcelist="$state/sources.list" \
			-o Dir::Etc::sourceparts="$work/empty" -o APT::Sandbox::User= \
			-o Debug::NoLocking=1 -o APT::Architecture="$arch" \
			-o APT::Architectures="$arch" $command >/dev/null
	done
	for package in "$state"/archives/*.deb; do
		dpkg-deb -x "$package" "$place"
	done
}

# shellcheck disable=SC2086
fetch bookworm amd64 $EMULATOR
# shellcheck disable=SC2086
fetch sid ppc64el $GUEST
echo "$EMULATOR $GUEST" | tr -s ' \n\t' '\n'

host=$work/amd64
guest=$work/guest
kernel=$(find "$work/ppc64el" -name "vmlinuz*" -type f)
mkdir -p "$guest/bin"
cp "$work/ppc64el/usr/bin/busybox" "$guest/bin/"
cat >"$guest/init" <<'END'
#!/bin/busybox sh
PATH=/bin
busybox mkdir -p /proc /sys
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
blocks() {
	busybox ls -d /sys/devices/system/memory/memory* | busybox wc -l
}
tell() {
	busybox hexdump -v -s 7 -n 1 -e '1/1 "SEEN tree: %d\n"' \
		/proc/device-tree/cpus/PowerPC*@0/ibm,pft-size
}
echo "SEEN release $(busybox uname -r)"
busybox grep MMU /proc/cpuinfo | busybox sed 's/^/SEEN /'
tell
before=$(blocks)
echo "READY"
while [ "$(blocks)" = "$before" ]; do
	busybox sleep 1
done
busybox sleep 5
busybox dmesg | busybox grep -o 'HPT resize to shift [0-9]* complete' | busybox sed 's/^/SEEN /'
tell
busybox poweroff -f
END
chmod +x "$guest/init"
(cd "$guest" && find . | cpio -o -H newc --quiet) >"$work/initrd"

: >"$work/console"
# Add the block when the guest waits for it.
python3 - "$work" <<'END' &
import pathlib
import socket
import sys
import time

work = pathlib.Path(sys.argv[1])
while "READY" not in (work / "console").read_text(errors="replace"):
    time.sleep(0.5)
with socket.socket(socket.AF_UNIX) as monitor:
    monitor.connect(str(work / "monitor"))
    monitor.sendall(b"object_add memory-backend-ram,id=more,size=256M\n"
                    b"device_add pc-dimm,id=dimm,memdev=more\n")
    time.sleep(5)
END
libraries=$host/lib/x86_64-linux-gnu:$host/usr/lib/x86_64-linux-gnu
QEMU_MODULE_DIR=$host/usr/lib/x86_64-linux-gnu/qemu timeout 600 \
	"$host/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" \
	"$host/usr/bin/qemu-system-ppc64" -nodefaults -L "$host/usr/share/qemu" \
	-M pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off \
	-cpu POWER9 -m 2048,slots=4,maxmem=32768M -display none -no-reboot \
	-serial "file:$work/console" -monitor "unix:$work/monitor,server,nowait" \
	-kernel "$kernel" -initrd "$work/initrd" -append "console=hvc0 panic=-1 disable_radix"
tr -d '\r' <"$work/console" | grep SEEN | tee "$work/seen"

grep -q "release $RELEASE" "$work/seen"
grep -q 'MMU.*: Hash' "$work/seen"
grep -q 'HPT resize to shift 26 complete' "$work/seen"
[ "$(grep -c 'tree: 24$' "$work/seen")" = 2 ]
