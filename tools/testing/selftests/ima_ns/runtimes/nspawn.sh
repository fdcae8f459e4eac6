#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - systemd-nspawn
#
# It has no hook, and makes one mount namespace to prepare the container and
# another one for it.  A policy that is to be there first is that of a level above.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

root=$tmp/root
nspawn=

# What machinectl does with the help of machined
enter() {
	nsenter --target "$pid" --all "$@"
}


# No systemd is there to be asked for a scope
start() {
	make_root "$root" && echo 'measure func=BPRM_CHECK' >"$tmp/policy" || return
	"$built/imans" run --policy "$tmp/policy" -- systemd-nspawn --quiet --directory="$root" \
		--machine=ima-ns --register=no --keep-unit --private-network --console=pipe \
		/first wait </dev/null >"$tmp/nspawn" 2>&1 &
	nspawn=$!
	within child_runs "$nspawn" first || { cat "$tmp/nspawn"; return 1; }
}

own_first() {
	names && [ "$(names | head -n 2 | paste -sd' ')" = 'boot_aggregate /first' ]
}

# The list of the level that nspawn itself was started in
above_first() {
	local above=$dir
	while [ "$(cat "$above/parent")" != 0 ]; do
		above=$ima/namespaces/$(cat "$above/parent")
	done
	[ "$above" != "$dir" ] && dir=$above names >"$tmp/above" && cat "$tmp/above" &&
		[ "$(sed -n 2p "$tmp/above")" = policy-replaced ] && grep -qx /first "$tmp/above"
}

enters() {
	enter /bin/mount -t securityfs none /sys/kernel/security && look_inside "$root"
}

stop() {
	kill -KILL "$pid"
	wait "$nspawn"
	[ ! -e "/proc/$pid" ]
}

begin 9 systemd-nspawn
undo+=(stop)
must 'a container runs' start
step 'it has a namespace of its own' own_namespace
step 'its first program is the first in its list' own_first
step 'and in that of the level above, whose policy was there before' above_first
step 'nsenter works' enters
step 'it lands in the namespace' exec_lands
step 'what is executed by it is recorded' recorded
step 'its own list is at the usual place inside' securityfs_inside
step 'its end leaves nothing' eval 'stop && leaves_nothing'
ktap_finished
