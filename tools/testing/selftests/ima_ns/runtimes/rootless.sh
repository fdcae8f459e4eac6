#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - podman of an ordinary user
#
# The user's containers are below the namespace of podman's pause process, and
# they and their hook are root of a user namespace, that of podman.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

name=ima_ns_rootless
user=ima_ns_user
uid=61234
home=$tmp/home

# On emulated processors, Go's scheduler is busy with itself
as_user() {
	env -i PATH="$PATH" HOME="$home" USER=$user XDG_RUNTIME_DIR="$tmp/run" \
		GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1 \
		setpriv --reuid=$uid --regid=$uid --init-groups --inh-caps=-all "$@"
}

podman() {
	(cd "$home" && as_user podman --runtime crun --cgroup-manager=cgroupfs \
		--events-backend=file --hooks-dir="$home/hooks" "$@")
}

enter() {
	podman exec "$name" "$@"
}

make_user() {
	chmod 755 "$tmp" && mkdir "$home" "$tmp/run" && mount -t tmpfs none "$home" &&
		chown $uid:$uid "$home" "$tmp/run" && chmod 700 "$tmp/run" &&
		echo "$user:x:$uid:$uid::$home:/bin/sh" >>/etc/passwd &&
		echo "$user:x:$uid:" >>/etc/group &&
		echo "$user:600000:65536" | tee -a /etc/subuid >>/etc/subgid
}

import() {
	make_root "$tmp/root" && tar -C "$tmp/root" -cf "$home/root.tar" . &&
		podman import "$home/root.tar" ima_ns
}

# In podman's namespaces, for its hook and for all of its containers
mount_securityfs() {
	podman unshare mount -t securityfs none /sys/kernel/security
}

# With what may be named in it: the administrator's directories are not the user's
own_hook() {
	mkdir "$home/hooks" && jq --arg home "$home" \
		'.hook.args = ["imans", "oci-hook", "--under", $home]' \
		/usr/share/containers/oci/hooks.d/imans.json >"$home/hooks/imans.json"
}

start() {
	echo 'measure func=BPRM_CHECK' >"$home/policy" &&
		podman run --network=none --log-driver=none -d --name "$name" \
			--annotation org.linux.ima.policy="$home/policy" \
			-v /sys/kernel/security:/sys/kernel/security --pidfile="$home/pid" \
			ima_ns /first wait && know "$(cat "$home/pid")"
}

# The user's podman has one in between, of which the host is the parent
below_podman() {
	local parent
	parent=$(cat "$dir/parent")
	! grep -qx "$parent" <<<"$before" && [ "$(cat $ima/namespaces/"$parent"/parent)" = 0 ]
}

remove() {
	podman rm -f -t 0 "$name" && podman system migrate
}

# shellcheck disable=SC2317 # called at the end
clean() {
	remove
	umount -l "$home"
	sed -i "/^$user:/d" /etc/passwd /etc/group /etc/subuid /etc/subgid
}

begin 9 podman conmon crun newuidmap setpriv
undo+=(clean)
must 'a user imports an image' eval 'make_user && install_imans && own_hook && import'
must 'a container runs with a policy by annotation' eval 'mount_securityfs && start'
step "it has a namespace of its own, below that of the user's podman" \
	eval 'own_namespace && below_podman'
step 'the policy was there before its first program' policy_first
step 'podman exec works' look_inside "$tmp/root"
step 'it lands in the namespace' exec_lands
step 'what is executed by it is recorded' recorded
step 'its own list is at the usual place inside' securityfs_inside
step 'its end and that of podman leave nothing' eval 'remove && leaves_nothing'
ktap_finished
