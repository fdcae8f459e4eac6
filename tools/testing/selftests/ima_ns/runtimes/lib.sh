# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# IMA namespace tests - Helpers for tests of container runtimes
#
# A test takes steps, of which each is a result: `step TEXT COMMAND...`.  It has a
# first process $pid in a container, whose namespace has its files in $dir, and
# `enter COMMAND...`, which executes something there by the runtime's own means.

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../../kselftest/ktap_helpers.sh"

# Where the tests' programs were built
built=${IMA_NS_BUILD:-$(dirname "$here")}
ima=/sys/kernel/security/ima
# Seconds for what takes much less
patience=600
tmp=$(mktemp -d)
# Read by the tests, set by know() and look_inside()
pid='' dir='' link='' digest=''

# Where tests leave what has to be undone, as functions
undo=()
finish() {
	local one
	for one in "${undo[@]}"; do
		"$one" >>"$tmp/undo" 2>&1
	done
	rm -rf "$tmp"
}
trap finish EXIT

begin() { # STEPS PROGRAM...: programs that it needs
	local steps=$1 program; shift
	ktap_print_header
	for program; do
		type -P "$program" >/dev/null || { ktap_skip_all "needs $program"; exit 4; }
	done
	[ -d $ima/namespaces ] || { ktap_skip_all "needs IMA namespaces"; exit 4; }
	ktap_set_plan "$steps"
	before=$(existing)
}

step() { # TEXT COMMAND...
	local text=$1; shift
	if "$@" >"$tmp/said" 2>&1; then
		ktap_test_pass "$text"
	else
		tail -n 40 "$tmp/said" | sed 's/^/# /'
		ktap_test_fail "$text"
		false
	fi
}

# A step without which the others say nothing
must() { # TEXT COMMAND...
	step "$@" || ktap_finished
}

# Looks until the command succeeds, for some time at most
within() {
	local end=$((SECONDS + patience))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# A program that nobody has seen, which does nothing without arguments
fresh() { # FILE
	cp "$built/subject" "$1" && head -c 16 /dev/urandom >>"$1" && chmod 755 "$1"
}

# What a container needs: /first is to be its first program, /second is for later
make_root() { # DIRECTORY
	local applet
	mkdir -p "$1"/{bin,dev,etc,proc,run,sys,tmp,usr,sys/kernel/security} &&
		cp /bin/busybox "$1/bin/busybox" && fresh "$1/first" && fresh "$1/second" &&
		echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd" || return
	for applet in cat false ls mount readlink sh sleep true; do
		ln -sf busybox "$1/bin/$applet" || return
	done
}

existing() { # the ids of the namespaces that there are
	find $ima/namespaces -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}

# Takes PID for the first process of the container
know() { # PID
	local inum
	pid=$1
	link=$(readlink "/proc/$pid/ns/ima") && inum=$(stat -Lc %i "/proc/$pid/ns/ima") &&
		dir=$(dirname "$(grep -lx "$inum" $ima/namespaces/*/inum)") && [ -f "$dir/id" ]
}

# A child of PARENT executes a program of this name by now: know() of it
child_runs() { # PARENT NAME
	local child children
	read -ra children <<<"$(cat "/proc/$1/task/$1/children")"
	for child in "${children[@]}"; do
		if [ "$(basename "$(readlink "/proc/$child/exe")")" = "$2" ]; then
			know "$child"
			return
		fi
	done
	return 1
}

# It has a namespace that was not there before
own_namespace() {
	echo "$link, in $dir" && [ "$link" != "$(readlink /proc/self/ns/ima)" ] &&
		! grep -qx "$(basename "$dir")" <<<"$before"
}

# It is a child of the host's, rather than of one in between
child_of() { # ID
	[ "$(cat "$dir/parent")" = "$1" ]
}

# Enters once, as some runtimes take their time: /second is new to all lists then
look_inside() {
	digest=$(sha256sum <"$1/second" | cut -d' ' -f1)
	! grep "$digest" "$dir/ascii_runtime_measurements" &&
		enter /bin/sh -c "echo link \$(/bin/readlink /proc/self/ns/ima)
			echo id \$(/bin/cat $ima/id)
			/second && echo second
			/bin/cat $ima/ascii_runtime_measurements" >"$tmp/entered" &&
		tr -d '\r' <"$tmp/entered" | tee "$tmp/inside" && grep -qx second "$tmp/inside"
}

# What was executed that way is in the container's namespace
exec_lands() {
	echo "$(sed -n 's/^link //p' "$tmp/inside"), should be $link"
	[ "$(sed -n 's/^link //p' "$tmp/inside")" = "$link" ]
}

names() { # of the records, in their order
	cut -d' ' -f5 "$dir/ascii_runtime_measurements"
}

# The policy was there before the first program
policy_first() {
	names && [ "$(names | head -n 3 | paste -sd' ')" = "boot_aggregate policy-replaced /first" ]
}

# And is in its list, by the digest of what it is
recorded() { # the NAME that it is to have
	cat "$dir/ascii_runtime_measurements"
	grep -q " sha256:$digest ${1:-/second}\$" "$dir/ascii_runtime_measurements"
}

# The usual files, read inside, are those that the host has of the container
securityfs_inside() {
	cat "$tmp/inside" "$dir/ascii_runtime_measurements"
	grep -qx "id $(basename "$dir")" "$tmp/inside" &&
		[ "$(grep '^10 ' "$tmp/inside" | head -n 3)" = \
			"$(head -n 3 "$dir/ascii_runtime_measurements")" ]
}

as_before() {
	[ "$(existing)" = "$before" ]
}

# Nothing is left of what the test did
leaves_nothing() {
	within as_before || { "$built/imans" list; return 1; }
}

# As `make -C tools/ima_ns install PREFIX=/usr` does
install_imans() {
	make -C "$here/../../../../ima_ns" OUTPUT="$built/" PREFIX=/usr install
}
