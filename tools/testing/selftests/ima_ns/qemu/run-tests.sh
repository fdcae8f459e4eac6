#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run-tests.sh 'PROGRAM [ARGUMENT...]'...   (inside the machine of scripts/vm)
#
# Runs test programs one after the other, each in its own directory, and frames
# the output of each by lines that begin with @, for scripts/test.  With PRESSURE
# set, stress-ng takes memory and processors meanwhile.
set -u

if [ -n "${PRESSURE:-}" ]; then
	stress-ng --quiet --cpu 2 --vm 2 --vm-bytes 60% --temp-path /tmp &
	pressure=$!
	# Of no use is a pressure that was not there all the time.
	trap 'kill $pressure || exit 1; wait $pressure' EXIT
fi

for command in "$@"; do
	program=${command%% *}
	dir=$(dirname "$program")
	name=$(basename "$program")
	echo "@ start $(basename "$dir")/$name"
	cd "$dir" || exit 1
	start=$(date +%s)
	# shellcheck disable=SC2086 # words are arguments
	timeout -k 5 "${TEST_SECONDS:-900}" $command </dev/null
	status=$?
	# A program killed in the middle of a line must not swallow the frame.
	printf '\n# %s took %s s\n@ exit %s\n' "$name" $(($(date +%s) - start)) "$status"
done
