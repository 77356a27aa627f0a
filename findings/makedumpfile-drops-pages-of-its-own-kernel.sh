#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# makedumpfile -d 31, and the ppc64le kernel of the same suite
#
# Debian sid's linux-binary-7.2.13+deb14-powerpc64le 7.2.13-1 (pages of 4 KiB, radix) panics on an
# emulated pSeries machine, and its capture kernel, loaded by kexec-tools 1:2.0.32-3, runs
# makedumpfile 1:1.7.8-1. "makedumpfile -d 31 -c /proc/vmcore FILE" says that the dump is saved,
# and ends with 0. FILE lacks pages that no level of -d names, also of the kernel's own data:
# "makedumpfile --dump-dmesg FILE", which finds the log in /proc/vmcore, finds none in FILE and
# fails. The only hint at the time is "The kernel version is not supported. The makedumpfile
# operation may be incomplete", which the program says of every new kernel, also of those that it
# reads well, and of this one, too, when it runs with hashed page tables (disable_radix). Whoever
# trusts the exit status has no dump.
#
# Needs Debian's archive (bookworm for QEMU, sid for the rest) and cpio. Ends with 0 when all of it
# was seen again.
set -eu
EMULATOR="qemu-system-ppc=1:7.2+dfsg-7+deb12u18+b3"
RELEASE=7.2.13+deb14-powerpc64le
GUEST="linux-binary-$RELEASE=7.2.13-1 makedumpfile=1:1.7.8-1 kexec-tools=1:2.0.32-3
	busybox-static=1:1.38.0-3+b1"
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
power=$work/ppc64el
kernel=$(find "$power" -name "vmlinuz*" -type f)
guest=$work/guest
mkdir -p "$guest/bin" "$guest/lib64" "$guest/lib"
cp "$power/usr/bin/busybox" "$power/usr/bin/makedumpfile" "$power/usr/sbin/kexec" "$guest/bin/"
cp -L "$power"/usr/lib64/ld64.so.2 "$guest/lib64/"
for library in c.so.6 z.so.1 dw.so.1 elf.so.1 lzo2.so.2 zstd.so.1 bz2.so.1.0 lzma.so.5; do
	cp -L "$power/usr/lib/powerpc64le-linux-gnu/lib$library" "$guest/lib/"
done
cat >"$guest/init" <<'END'
#!/bin/busybox sh
PATH=/bin
busybox mkdir -p /proc /sys /dev /tmp
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
busybox mount -t devtmpfs none /dev
if [ ! -e /proc/vmcore ]; then
	kexec -p /vmlinuz --initrd=/capture --append="console=hvc0 panic=-1 maxcpus=1"
	echo c >/proc/sysrq-trigger
fi
echo "SEEN release $(busybox uname -r)"
echo "SEEN $(makedumpfile -v 2>&1 | busybox head -n 1)"
makedumpfile -d 31 -c /proc/vmcore /filtered >/said 2>&1
echo "SEEN filter: status $?"
busybox grep -E 'saved to|not supported' /said | busybox sed 's/^/SEEN /'
for dump in /proc/vmcore /filtered; do
	makedumpfile --dump-dmesg $dump /log >/said 2>&1
	status=$?
	panics=$(busybox cat /log | busybox grep -c 'Kernel panic')
	echo "SEEN log of $dump: status $status, $panics panic"
	busybox grep "an't" /said | busybox sed 's/^/SEEN /'
	busybox rm -f /log
done
busybox poweroff -f
END
chmod +x "$guest/init"
(cd "$guest" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/capture"
cp "$kernel" "$guest/vmlinuz"
cp "$work/capture" "$guest/capture"
(cd "$guest" && find . | cpio -o -H newc --quiet) >"$work/initrd"

libraries=$host/lib/x86_64-linux-gnu:$host/usr/lib/x86_64-linux-gnu
QEMU_MODULE_DIR=$host/usr/lib/x86_64-linux-gnu/qemu timeout 900 \
	"$host/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" \
	"$host/usr/bin/qemu-system-ppc64" -nodefaults -L "$host/usr/share/qemu" \
	-M pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off \
	-cpu POWER9 -m 2048 -display none -no-reboot -serial "file:$work/console" \
	-kernel "$kernel" -initrd "$work/initrd" -append "console=hvc0 panic=-1 crashkernel=512M"
tr -d '\r' <"$work/console" | grep SEEN | tee "$work/seen"

grep -q "release $RELEASE" "$work/seen"
grep -q 'makedumpfile: version 1.7.8' "$work/seen"
grep -q 'filter: status 0' "$work/seen"
grep -q 'saved to /filtered' "$work/seen"
grep -q 'log of /proc/vmcore: status 0, 1 panic' "$work/seen"
grep -q 'log of /filtered: status 1, 0 panic' "$work/seen"
