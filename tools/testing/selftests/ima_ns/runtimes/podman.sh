#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: podman.sh crun|runc
#
# IMA namespace tests - podman of the host's root, with either runtime
#
# imans and its hook file are installed as an administrator would; podman knows
# nothing but that.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runtime=${1:-crun}
name=ima_ns_$runtime
# Where the hook looks for what annotations name
files=/etc/imans
# No systemd is there to make groups or to take events
podman=(podman --runtime "$runtime" --cgroup-manager=cgroupfs --events-backend=file)
run=(run --network=none --log-driver=none)

# On emulated processors, Go's scheduler is busy with itself
export GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1

enter() {
	"${podman[@]}" exec "$name" "$@"
}

# Its storage cannot be on the overlay that the machine's root is
import() {
	mkdir -p /var/lib/containers && mount -t tmpfs -o mode=755 tmpfs /var/lib/containers &&
		make_root "$tmp/root" && tar -C "$tmp/root" -cf "$tmp/root.tar" . &&
		"${podman[@]}" import "$tmp/root.tar" ima_ns
}

start() {
	mkdir -p $files && echo 'measure func=BPRM_CHECK' >"$files/policy" &&
		"${podman[@]}" "${run[@]}" -d --name "$name" \
			--annotation org.linux.ima.policy="$files/policy" \
			-v /sys/kernel/security:/sys/kernel/security:ro \
			--pidfile="$tmp/pid" ima_ns /first wait && know "$(cat "$tmp/pid")"
}

# Where the hook cannot do as it was told, there is no container
refuses() { # POLICY WHAT-IT-SAYS [OPTION...]
	! "${podman[@]}" "${run[@]}" --rm "${@:3}" \
		--annotation run.oci.hooks.stderr="$tmp/hook" ima_ns /first >>"$tmp/hook" 2>&1 &&
		cat "$tmp/hook" && grep -q "$1: $2" "$tmp/hook"
}

refused() {
	echo 'measure it' >"$files/bad"
	refuses bad:1 'Invalid argument' --annotation org.linux.ima.policy="$files/bad"
}

# Its annotations count as well, whoever made it
bad_image() {
	"${podman[@]}" tag ima_ns ima_ns_good && echo 'FROM ima_ns_good' >"$tmp/Containerfile" &&
		"${podman[@]}" build -t ima_ns \
			--annotation org.linux.ima.policy=/etc/shadow "$tmp" &&
		refuses /etc/shadow 'annotations may name'
}

remove() {
	"${podman[@]}" rm -f -t 0 "$name"
}

# shellcheck disable=SC2317 # called at the end
clean() {
	remove
	umount -l /var/lib/containers
	rm -rf $files
}

begin 11 podman conmon "$runtime"
undo+=(clean)
must 'an image is made, the hook is installed' eval 'import && install_imans'
must "a container of $runtime runs with a policy by annotation" start
step 'it has a namespace of its own, below the host' eval 'own_namespace && child_of 0'
step 'the policy was there before its first program' policy_first
step 'podman exec works' look_inside "$tmp/root"
step 'it lands in the namespace' exec_lands
step 'what is executed by it is recorded' recorded
step 'its own list is at the usual place inside' securityfs_inside
step 'a policy that is refused stops the container' refused
step 'an image names no file of the host' bad_image
step 'its end leaves nothing' eval 'remove && leaves_nothing'
ktap_finished
