#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: boot-list.sh   (inside the machine of scripts/vm, with ima_policy=tcb)
#
# Makes a fixed set of accesses, in a mount namespace of its own as well, and
# prints the initial namespace's list: the same on every kernel.
set -eu

list=/sys/kernel/security/ima/ascii_runtime_measurements
cd /mnt/scratch
for file in new changed; do
	echo "boot list: $file" >"$file"
	cat "$file" >/dev/null
done
echo 'boot list: once more' >changed
cat changed >/dev/null
cp /bin/true program
./program
/bin/busybox true
cat "$list"
