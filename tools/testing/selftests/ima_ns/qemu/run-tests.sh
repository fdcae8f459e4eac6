#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run-tests.sh PROGRAM...   (inside the machine of scripts/vm)
#
# Runs test programs one after the other, each in its own directory, and frames
# the output of each by lines that begin with @, for scripts/test.
set -u

for program in "$@"; do
	dir=$(dirname "$program")
	name=$(basename "$program")
	echo "@ start $(basename "$dir")/$name"
	cd "$dir" || exit 1
	timeout -k 5 "${TEST_SECONDS:-900}" "./$name" </dev/null
	status=$?
	# A program killed in the middle of a line must not swallow the frame.
	printf '\n@ exit %s\n' "$status"
done
