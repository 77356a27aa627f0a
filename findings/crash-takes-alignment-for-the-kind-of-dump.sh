#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# crash, and the p_align of an ELF core
#
# Debian trixie's crash 8.0.6-1 is given two ELF cores of a kernel that differ in one field: the
# p_align of their only PT_LOAD is 0 in the one and 1 in the other. ELF says of both that no
# alignment is wanted (System V gABI, program header). Of the first "crash --osrelease" prints the
# release in its VMCOREINFO. Of the second it prints "unknown" and ends with 1, and "crash --log"
# finds "no VMCOREINFO data". 4096, with offsets and addresses that are congruent, does as 1 does:
# by that field being 0 crash seems to tell a dump of kdump from one of netdump, its predecessor.
# A session with a vmlinux ends with "... do not match!", which sends one to look for another
# vmlinux. So a program that writes such a core may not fill in the alignment that it has, nor the
# 1 that ELF has for none.
#
# Needs Debian's archive (trixie), binutils and python3. Ends with 0 when all of it was seen again.
set -eu
WANTED="crash=8.0.6-1"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root" "$work/state/lists/partial" "$work/cache/archives/partial" "$work/empty"
: >"$work/status"
echo "deb [arch=amd64 signed-by=$keyring] http://deb.debian.org/debian trixie main" \
	>"$work/sources.list"

apt() {
	apt-get -q -o Dir::State="$work/state" -o Dir::State::status="$work/status" \
		-o Dir::Cache="$work/cache" -o Dir::Etc::sourcelist="$work/sources.list" \
		-o Dir::Etc::sourceparts="$work/empty" -o APT::Sandbox::User= \
		-o Debug::NoLocking=1 -o APT::Architecture=amd64 -o APT::Architectures=amd64 "$@"
}
apt update >/dev/null
apt install --download-only --no-install-recommends -y "$WANTED" >/dev/null
for package in "$work"/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$root"
done
echo "$WANTED"

python3 - "$work" <<'END'
import pathlib
import struct
import sys

INFO = b"OSRELEASE=6.12.0-example\nPAGESIZE=4096\n"
NOTE = struct.pack("<III12s", 11, len(INFO), 0, b"VMCOREINFO") + INFO + bytes(-len(INFO) % 4)
EHDR = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
for align in (0, 1, 4096):
    phdrs = struct.pack("<IIQQQQQQ", 4, 0, 0x1000, 0, 0, len(NOTE), len(NOTE), 0)
    phdrs += struct.pack("<IIQQQQQQ", 1, 7, 0x2000, 0xffff888000000000, 0, 4096, 4096, align)
    head = (EHDR + phdrs).ljust(0x1000, b"\0") + NOTE.ljust(0x1000, b"\0")
    (pathlib.Path(sys.argv[1]) / f"core-{align}").write_bytes(head + bytes(4096))
END

crash() {
	"$root/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/crash" "$@" 2>&1
}
[ -e "$root/lib64" ] || ln -s usr/lib64 "$root/lib64"
for align in 0 1 4096; do
	readelf -lW "$work/core-$align" | grep -E '^ +LOAD'
	status=0
	release=$(crash --osrelease "$work/core-$align") || status=$?
	log=$(crash --log "$work/core-$align" | tail -n 1)
	echo "p_align=$align: $release, status $status; ${log##*/}" | tee -a "$work/seen"
done

grep -qx 'p_align=0: 6.12.0-example, status 0; .*' "$work/seen"
grep -qx 'p_align=1: unknown, status 1; core-1: no VMCOREINFO data' "$work/seen"
grep -qx 'p_align=4096: unknown, status 1; core-4096: no VMCOREINFO data' "$work/seen"
