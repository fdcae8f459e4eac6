#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run-mutants.sh DIR 'NUMBER|NAME|[first|]TEST [ARGUMENT...]'...   (for scripts/mutants)
#
# Runs each test of DIR without a mistake, in case that an earlier one left something
# behind, unless `first` says that it cannot be repeated, and with the mistake NUMBER,
# until it says that something is not ok.
set -u

switch=/sys/module/kernel/parameters/ima_ns_mutant
said=/tmp/mutant
session=/tmp/session

# Prints the first failure, if there is one; "nothing" if the test said nothing.
run() { # NUMBER COMMAND
	echo "$1" >$switch || exit 1
	rm -f $session
	{ setsid sh -c "echo \$\$ >$session; exec ./$2" </dev/null 2>/dev/null & } |
		timeout "${TEST_SECONDS:-300}" sed -u '/^not ok/q' >$said
	# Whoever is left of it may hang, and holds the pipe.
	sleep 0.2
	pkill -KILL -s "$(cat $session)"
	echo 0 >$switch
	if ! grep -qE '^(not )?ok' $said; then
		echo 'not ok 0 nothing'
	elif ! grep -qE '^not ok|^# Totals' $said; then
		echo 'not ok 0 no end'
	fi
	sed -n '/^not ok/p' $said
}

cd "$1" || exit 1
shift
for mutant in "$@"; do
	number=${mutant%%|*}
	name=${mutant#*|}
	command=${name#*|}
	name=${name%%|*}
	echo "@ begin $name"
	failure=
	[ "$command" != "${command#first|}" ] || failure=$(run 0 "$command")
	command=${command#first|}
	if [ -n "$failure" ]; then
		echo "not ok - $name: fails without it: ${failure#not ok }"
		continue
	fi
	failure=$(run "$number" "$command")
	if [ -n "$failure" ]; then
		echo "ok - $name: found by ${failure#not ok * }"
	else
		echo "not ok - $name: not found by $command"
	fi
done
