# SPDX-License-Identifier: GPL-2.0-only
# Made from vmcore-dmesg/options.c by make update-docs.
# shellcheck shell=bash disable=SC2034
_vmcore_dmesg()
{
	local cur prev words cword
	_init_completion || return
	if [[ $cur == -* ]]; then
		local options=(
			--level
			--caller
			--json
			--utf8
			--help
			--version
		)
		mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$cur")
	else
		_filedir
	fi
}
complete -F _vmcore_dmesg vmcore-dmesg
