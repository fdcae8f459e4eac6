# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# bash completion for imans(8)

_imans_namespaces() {
	local dir
	for dir in /sys/kernel/security/ima/namespaces/*/; do
		[ -e "$dir" ] && basename "$dir"
	done 2>/dev/null
}

_imans_files() {
	local file
	for file in /sys/kernel/security/ima/*; do
		[ -f "$file" ] && basename "$file"
	done 2>/dev/null
}

_imans() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local setup='--policy --cert --ca --vtpm' words='' command=${COMP_WORDS[1]:-}
	COMPREPLY=()

	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W 'list show verify run set vtpm oci-hook --help' -- "$word")
		return
	fi
	case $before in
	--policy | --cert | --ca) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--vtpm | --list | --under) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	esac
	case $command in
	list) words=--json ;;
	show)
		words="--json $(_imans_namespaces)"
		[ "$COMP_CWORD" != 3 ] || [ "$before" = --json ] || words=$(_imans_files) ;;
	verify) words="--json --list $(_imans_namespaces)" ;;
	set) words="$setup $(_imans_namespaces)" ;;
	run)
		words=$setup
		[[ $word == -* ]] || { mapfile -t COMPREPLY < <(compgen -c -- "$word"); return; } ;;
	oci-hook) words=--under ;;
	vtpm) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _imans imans
