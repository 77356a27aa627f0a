# SPDX-License-Identifier: GPL-2.0-only
# Made from kexec/cmd/option_table.c by make update-docs.
# shellcheck shell=bash disable=SC2034
_kexec()
{
	local cur prev words cword split
	_init_completion -s || return
	case $prev in
	--initrd | --ramdisk | --dtb | --devicetreeblob | --module)
		_filedir
		return
		;;
	--sysroot)
		_filedir -d
		return
		;;
	--serial)
		mapfile -t COMPREPLY < <(cd /sys/class/tty && compgen -f -- "$cur")
		return
		;;
	--status)
		$split && mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		;;
	--elfcorehdr)
		$split && mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		;;
	--identify)
		$split && mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		;;
	--hotplug)
		$split && mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$cur")
		;;
	--on-corruption)
		mapfile -t COMPREPLY < <(compgen -W 'halt reset boot' -- "$cur")
		return
		;;
	--dry-run)
		$split && mapfile -t COMPREPLY < <(compgen -W 'text json svg' -- "$cur")
		;;
	esac
	$split && return
	if [[ $cur == -* ]]; then
		local options=(
			--load
			--load-panic
			--force
			--exec
			--unload
			--status
			--load-jump-back-helper
			--elfcorehdr
			--print-ckr-size
			--identify
			--no-ifdown
			--no-sync
			--initrd=
			--ramdisk=
			--reuseinitrd
			--append=
			--command-line=
			--reuse-cmdline
			--dtb=
			--devicetreeblob=
			--type=
			--args-linux
			--args-elf
			--args-none
			--real-mode
			--entry-32bit
			--module=
			--mem-min=
			--mem-max=
			--load-preserve-context
			--entry=
			--no-cma
			--noefi
			--dt-no-old-root
			--no-capture-defaults
			--hotplug
			--hotplug-size=
			--no-checks
			--console=
			--serial=
			--console-serial
			--serial-baud=
			--console-vga
			--on-corruption=
			--kexec-syscall-auto
			--kexec-syscall
			--kexec-file-syscall
			--dry-run
			--sysroot=
			--seed=
			--debug
			--help
			--version
		)
		mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
	else
		_filedir
	fi
}
complete -F _kexec kexec
