#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - CRIU
#
# A list cannot be restored, so a process that holds on to a namespace cannot be
# dumped, and is left as it was.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

holder=
space=

dump() { # PID
	rm -rf "$tmp/images"
	mkdir "$tmp/images" && criu dump --tree "$1" --images-dir "$tmp/images" \
		--leave-running --shell-job -v4 --log-file dump.log
	local status=$?
	grep -E 'Error|Warn|finished' "$tmp/images/dump.log"
	return $status
}

start() { # FILE that it has open
	{ exec -a holder "$built/subject" wait; } 5<"$1" </dev/null >/dev/null 2>&1 &
	holder=$!
	within running
}

# shellcheck disable=SC2317 # called by within
running() {
	[ "$(basename "$(readlink "/proc/$holder/exe")")" = subject ]
}

# The same process, which goes on to wait
goes_on() {
	running && [[ $(sed -n 's/^State:[[:space:]]*//p' "/proc/$holder/status") == S* ]] &&
		! grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$holder/status"
}

end() {
	[ -z "$holder" ] || kill -KILL "$holder"
	[ -z "$space" ] || kill -KILL "$space"
	wait
	holder='' space=''
}

new_space() {
	unshare --mount "$built/subject" wait &
	space=$!
	within in_space
}

# shellcheck disable=SC2317 # called by within
in_space() {
	[ "$(basename "$(readlink "/proc/$space/exe")")" = subject ] && know "$space"
}

refused() {
	! dump "$holder" && grep -q "Can't dump file 5 of that type" "$tmp/images/dump.log"
}

dumped() {
	dump "$holder" && goes_on
}

hold_namespace() {
	end
	new_space && start "/proc/$space/ns/ima"
}

as_it_was() {
	goes_on && [ "$(readlink "/proc/$holder/fd/5")" = "$link" ] &&
		[ "$(readlink "/proc/$holder/ns/ima")" = "$(readlink /proc/self/ns/ima)" ]
}

end_all() {
	end
	leaves_nothing
}

begin 6 criu
undo+=(end)
must 'a process holds an ordinary file' start /dev/null
step 'CRIU dumps it' dumped
must 'another one holds an IMA namespace' hold_namespace
step 'CRIU refuses to dump it, and says so' refused
step 'it goes on, in the namespaces that it was in' as_it_was
step 'its end leaves nothing' end_all
ktap_finished
