#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage, as root:
#   vtpm start DIR        an emulator with its state in DIR; prints its chip, tpmN
#   vtpm bind tpmN PID    the chip extends the list of PID's IMA namespace; prints
#                         the namespace's id
#
# For container runtimes: vtpm start; create the container; vtpm bind; write its
# policy; start the container.  So the first program is in the TPM before it runs.
# oci-vtpm.sh does all of it as an OCI hook.  The container sees its chip where
# /dev/tpmN and /dev/tpmrmN are bind-mounted as its /dev/tpm0 and /dev/tpmrm0; with a
# user namespace, chown both to its root.  An OCI runtime has to be told in
# linux.resources.devices, too: {"allow": true, "type": "c", "access": "rw",
# "major": what /proc/devices has for "tpm"}.
#
# The emulator belongs outside of the container, whose list would else wait for it.
# It ends when the container's IMA namespace does: nobody has to stop it.
set -eu
export LC_ALL=C

die() {
	echo "vtpm: $*" >&2
	exit 1
}

start() {
	local dir tpm said
	mkdir -p "$1"
	dir=$(cd "$1" && pwd) # swtpm leaves its working directory
	said=$(swtpm chardev --tpm2 --vtpm-proxy --tpmstate "dir=$dir" --daemon \
		--pid "file=$dir/pid" --log "file=$dir/log") ||
		die "swtpm with its state in $dir did not start: see $dir/log"
	tpm=$(sed -n 's|.*/dev/\(tpm[0-9]*\) .*|\1|p' <<< "$said")
	for _ in {1..300}; do
		[ ! -c "/dev/tpmrm${tpm#tpm}" ] || { echo "$tpm"; return; }
		sleep 0.1
	done
	die "$tpm was not registered in 30 s: see $dir/log"
}

# The id of a process's namespace; a runtime asks for one that it has just made,
# so the newest ones, whose ids are the greatest, come first.
namespace() {
	local wanted inum id
	[ -e "/proc/self/ns/ima" ] || die 'this kernel has no IMA namespaces'
	wanted=$(stat -Lc %i "/proc/$1/ns/ima") || die "process $1 cannot be looked at"
	for id in $(printf '%s\n' "$all"/[0-9]* | sed 's|.*/||' | sort -rn); do
		read -r inum 2> /dev/null < "$all/$id/inum" || continue
		[ "$inum" != "$wanted" ] || { echo "$id"; return; }
	done
	die "process $1 is in no IMA namespace below this one"
}

bind() {
	local id error
	id=$(namespace "$2")
	error=$({ echo "$1" > "$all/$id/tpm"; } 2>&1) || case $error in
	*'not permitted' | *'denied') die 'it takes CAP_SYS_ADMIN or CAP_MAC_ADMIN on the host' ;;
	*'Invalid argument') die "$1 is not a chip of tpm_vtpm_proxy" ;;
	*'No such device') die "there is no $1, or its emulator is gone" ;;
	*'busy') die "$1 has or had another list, or its PCRs are not at reset," \
		"or namespace $id has or had a TPM: it says '$(cat "$all/$id/tpm")'" ;;
	*'Input/output error') die "$1 answers with an error, see dmesg" ;;
	*'timed out') die "$1 does not answer in time: namespace $id has lost its TPM" ;;
	*) die "$error" ;;
	esac
	echo "$id"
}

all=/sys/kernel/security/ima/namespaces
case "${1:-} $#" in
'start 2') start "$2" ;;
'bind 3') bind "$2" "$3" ;;
*) sed -n '3,6s/^# //p' "$0" >&2; exit 2 ;;
esac
