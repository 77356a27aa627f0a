#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A signed kernel image, and a kernel that says it is unsigned
#
# Debian bookworm's linux-image-6.1.0-56-cloud-amd64 6.1.192-2, started with lockdown=integrity on
# a machine with BIOS, is given its own file by kexec_file_load(2) (kexec-tools 2.0.25, kexec -s).
# The file carries an Authenticode signature by Debian's Secure Boot signer, which sbverify lists.
# The call ends with EPERM, and the kernel's log has "kexec of unsigned images is restricted". Not
# the signature is missing but the key: the certificate of Debian's CA gets into the platform
# keyring from UEFI variables alone, so that without them no image of Debian's is ever accepted.
# The true answer (ENOKEY) is dropped where lockdown is what asks for the signature; it is seen only
# where signatures are enforced, as under Secure Boot. A hint built on EPERM and on that line sends
# the administrator to look for a signature that is there.
#
# Needs Debian bookworm's archive and cpio. Ends with 0 when all of it was seen again.
set -eu
WANTED="linux-image-6.1.0-56-cloud-amd64=6.1.192-2 kexec-tools=1:2.0.25-3+deb12u3
	busybox-static=1:1.35.0-4+deb12u1+b1 qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3
	seabios=1.16.2-1 sbsigntool=0.9.4-3.1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root" "$work/state/lists/partial" "$work/cache/archives/partial"
: >"$work/status"

apt() {
	apt-get -q -o Dir::State="$work/state" -o Dir::State::status="$work/status" \
		-o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1 \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 "$@"
}
apt update >/dev/null
# shellcheck disable=SC2086
apt install --download-only --no-install-recommends -y $WANTED >/dev/null
for package in "$work"/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$root"
done
loader=$root/lib64/ld-linux-x86-64.so.2
libraries=$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu

kernel=$root/boot/vmlinuz-6.1.0-56-cloud-amd64
echo "$WANTED" | tr -s '\n\t ' '\n'
"$loader" --library-path "$libraries" "$root/usr/bin/sbverify" --list "$kernel" |
	tee "$work/signatures"

guest=$work/guest
mkdir -p "$guest/bin" "$guest/lib64" "$guest/lib"
cp "$root/bin/busybox" "$guest/bin/busybox"
cp "$root/sbin/kexec" "$guest/bin/kexec"
cp "$loader" "$guest/lib64/"
"$loader" --library-path "$libraries" --list "$root/sbin/kexec" |
	awk '$2 == "=>" { print $3 }' | xargs -I '{}' cp '{}' "$guest/lib/"
cp "$kernel" "$guest/vmlinuz"
cat >"$guest/init" <<'END'
#!/bin/busybox sh
PATH=/bin
busybox mkdir -p /proc /sys
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
busybox mount -t securityfs none /sys/kernel/security
echo "SEEN release $(busybox uname -r)"
echo "SEEN lockdown $(busybox cat /sys/kernel/security/lockdown)"
echo "SEEN $(kexec -s -l /vmlinuz --command-line=none 2>&1)"
echo "SEEN $(busybox dmesg | busybox grep -o 'kexec of unsigned images is restricted')"
busybox poweroff -f
END
chmod +x "$guest/init"
(cd "$guest" && find . | cpio -o -H newc --quiet) >"$work/initrd"
QEMU_MODULE_DIR=$root/usr/lib/x86_64-linux-gnu/qemu timeout 300 \
	"$loader" --library-path "$libraries" "$root/usr/bin/qemu-system-x86_64" \
	-L "$root/usr/share/seabios" -L "$root/usr/share/qemu" \
	-machine pc -m 1024 -nodefaults -display none -no-reboot -serial "file:$work/console" \
	-kernel "$kernel" -initrd "$work/initrd" -append "console=ttyS0 quiet lockdown=integrity"
tr -d '\r' <"$work/console" | grep SEEN | tee "$work/seen"

grep -q 'Debian Secure Boot Signer' "$work/signatures"
grep -q 'lockdown none \[integrity\]' "$work/seen"
grep -q 'kexec_file_load failed: Operation not permitted' "$work/seen"
grep -q 'kexec of unsigned images is restricted' "$work/seen"
