#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - LXC

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

name=ima_ns_lxc
root=$tmp/root

enter() { # without the host's environment, which names files of the host's
	lxc-attach -P "$tmp" -n "$name" --clear-env -- "$@"
}

# A hook that runs on the host, when all is set up and before the first program
configure() {
	make_root "$root" && mkdir "$tmp/$name" && echo 'measure func=BPRM_CHECK' >"$tmp/policy" &&
		cat >"$tmp/hook" <<-END &&
			#!/bin/sh
			exec $built/imans set --policy $tmp/policy pid:\$LXC_PID 2>>$tmp/hook.log
		END
		chmod 755 "$tmp" "$tmp/hook" && cat >"$tmp/$name/config" <<-END
			lxc.uts.name = $name
			lxc.rootfs.path = dir:$root
			lxc.net.0.type = empty
			lxc.mount.auto = proc:mixed sys:ro
			lxc.mount.entry = /sys/kernel/security sys/kernel/security none bind,ro 0 0
			lxc.init.cmd = /first wait
			lxc.hook.start-host = $tmp/hook
		END
}

start() {
	lxc-start -P "$tmp" -n $name -o "$tmp/log" -l INFO -d || { cat "$tmp/log"; return 1; }
	know "$(lxc-info -P "$tmp" -n $name -pH)"
}

stop() {
	lxc-stop -P "$tmp" -n $name -k
}

refused() {
	echo 'measure it' >"$tmp/policy"
	! lxc-start -P "$tmp" -n $name -o "$tmp/log2" -l INFO -F && cat "$tmp/hook.log" &&
		grep -q 'policy:1: Invalid argument' "$tmp/hook.log"
}

begin 9 lxc-start
undo+=(stop)
must 'a container runs with a policy by a start-host hook' eval 'configure && start'
step 'it has a namespace of its own' own_namespace
step 'the policy was there before its first program' policy_first
step 'lxc-attach works' look_inside "$root"
step 'it lands in the namespace' exec_lands
step 'what is executed by it is recorded' recorded
step 'its own list is at the usual place inside' securityfs_inside
step 'a policy that is refused stops the container' eval 'stop && refused'
step 'its end leaves nothing' leaves_nothing
ktap_finished
