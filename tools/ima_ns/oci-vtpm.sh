#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# OCI hook, createRuntime: gives a container its own TPM and measurement policy
# before its first program runs.  In its config.json:
#
#   "annotations": {"org.linux.ima.vtpm": "/the TPM's state, kept from run to run",
#                   "org.linux.ima.policy": "/a policy; optional"},
#   "hooks": {"createRuntime": [{"path": "/.../oci-vtpm.sh"}]}
#
# and in linux.resources.devices, after the rule that denies all:
#
#   {"allow": true, "type": "c", "access": "rw", "major": M}
#
# M is what /proc/devices has for "tpm".  Without "m" a container can use no TPM but
# the one that is made a node for here.  No poststop hook is needed: the emulator
# ends with the container.  Tried with crun 1.8.1, which drops what the hook says
# unless an annotation run.oci.hooks.stderr names a file for it, and runc 1.1.5.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

die() {
	echo "oci-vtpm: $*" >&2
	exit 1
}

state=$(cat)
get() { jq -er "$1 // empty" <<< "$state"; }

vtpm=$(dirname "$0")/vtpm.sh
pid=$(get .pid)
bundle=$(get .bundle)
dir=$(get '.annotations["org.linux.ima.vtpm"]') ||
	die 'the annotation org.linux.ima.vtpm names no directory'
[ "$(stat -Lc %i "/proc/$pid/ns/user")" = "$(stat -Lc %i /proc/self/ns/user)" ] ||
	die 'nodes are of no use in a user namespace: see vtpm for another way'

# The container's /dev is mounted by now, and below its root until pivot_root.  No
# program is run in there: the list would have it.
root=$(jq -r .root.path "$bundle/config.json")
dev=/proc/$pid/root$(cd "$bundle" && cd "$root" && pwd)/dev

tpm=$("$vtpm" start "$dir")
# If not all goes well; crun has other signals blocked
trap 'kill -KILL "$(cat "$dir/pid")"' EXIT
for name in tpm tpmrm; do
	# shellcheck disable=SC2046 # two numbers
	mknod -m 600 "$dev/${name}0" c $(stat -c '0x%t 0x%T' "/dev/$name${tpm#tpm}")
done
id=$("$vtpm" bind "$tpm" "$pid")
if policy=$(get '.annotations["org.linux.ima.policy"]'); then
	cat "$policy" > "/sys/kernel/security/ima/namespaces/$id/policy" ||
		die "$policy was not taken"
fi
trap - EXIT
