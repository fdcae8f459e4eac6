#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - unshare, nsenter and lsns of util-linux, by root and by a user

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

root=$tmp/root
unshare=

enter() {
	nsenter --target "$pid" --all --root --wd -- "$@"
}

start() { # WORDS of a command that takes unshare as its last arguments
	rm -rf "$root"
	make_root "$root" && chmod 755 "$tmp" || return
	"$@" --mount --fork --pid --mount-proc="$root/proc" --kill-child chroot "$root" \
		/first wait &
	unshare=$!
	within child_runs "$unshare" first
}

stop() {
	[ -z "$pid" ] || kill -KILL "$pid"
	wait "$unshare"
	[ ! -e "/proc/$pid" ]
}

# The namespace's policy was there before the program that unshare executes
chroot_first() {
	names && [ "$(names | head -n 2 | paste -sd' ')" = \
		"boot_aggregate $(readlink -f "$(type -P chroot)")" ] &&
		names | grep -qx "$root/first"
}

others_share() {
	local type
	for type in uts ipc net cgroup time user; do
		echo "$type"
		[ "$(unshare --$type readlink /proc/self/ns/ima)" = \
			"$(readlink /proc/self/ns/ima)" ] || return
	done
}

# It does not know the new kind, and shows the others as ever
lsns_works() {
	lsns --task "$pid" && [ "$(lsns --noheadings --task "$pid" | wc -l)" = 8 ] &&
		lsns --noheadings --output NS --type mnt | tee "$tmp/mnt" &&
		grep -qx " *$(stat -Lc %i "/proc/$pid/ns/mnt")" "$tmp/mnt"
}

enters() {
	enter /bin/mount -t securityfs none /sys/kernel/security && look_inside "$root"
}

begin 15 unshare nsenter lsns setpriv
undo+=(stop)
must 'unshare --mount by root' start unshare
step 'it makes a namespace' own_namespace
step 'in which the first program is the first in the list' chroot_first
step 'nsenter works' enters
step 'it lands in the namespace' exec_lands
step 'what is executed by it is recorded' recorded "$root/second"
step 'lsns shows the mount namespace' lsns_works
step 'unshare of other kinds makes none' others_share
step 'its end leaves nothing' eval 'stop && leaves_nothing'
must 'unshare --mount --user by a user' start setpriv --reuid=61234 --regid=61234 \
	--clear-groups unshare --user --map-root-user
step 'it makes a namespace' own_namespace
step 'nsenter works' enters
step 'it lands in the namespace' exec_lands
step 'its own list is in the securityfs that its root mounts' securityfs_inside
step 'its end leaves nothing' eval 'stop && leaves_nothing'
ktap_finished
