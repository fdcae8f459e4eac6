#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - services of systemd
#
# Debian's systemd is the first process of a container that has the host's /usr,
# and nothing else of it.  It starts these services, and no other unit.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nspawn=
manager=
manager_link=

unit() { # NAME LINE...
	printf '%s\n' '[Unit]' DefaultDependencies=no "${@:2}" >"$tmp/units/$1"
}

service() { # NAME ARGUMENTS SETTING...
	fresh "$tmp/programs/$1" &&
		unit "$1.service" Requires=securityfs.service After=securityfs.service \
			'[Service]' Type=exec "ExecStart=$2" "${@:3}"
}

configure() {
	mkdir "$tmp/units" "$tmp/programs" && chmod 755 "$tmp" &&
		cp "$built/imans" "$tmp/programs/" &&
		echo 'measure func=BPRM_CHECK' >"$tmp/programs/rules" &&
		unit securityfs.service '[Service]' Type=oneshot RemainAfterExit=yes \
			'ExecStart=/bin/mount -t securityfs none /sys/kernel/security' &&
		service plain '/programs/plain wait' &&
		service private '/programs/private wait' PrivateTmp=yes &&
		service system '/programs/system wait' ProtectSystem=strict &&
		service policed \
			'/programs/imans run --policy /programs/rules -- /programs/policed wait' &&
		unit all.target 'Wants=plain.service private.service system.service policed.service'
}

start() {
	configure || return
	systemd-nspawn --quiet --directory=/ --volatile=yes --machine=ima-ns --register=no \
		--keep-unit --private-network --console=pipe --bind-ro="$tmp/programs:/programs" \
		--bind-ro="$tmp/units:/run/systemd/system" --boot systemd.unit=all.target \
		</dev/null >"$tmp/nspawn" 2>&1 &
	nspawn=$!
	if within child_runs "$nspawn" systemd; then
		manager=$pid manager_link=$link
		within child_runs "$manager" policed && return
	fi
	cat "$tmp/nspawn"
	return 1
}

up() { # SERVICE
	within child_runs "$manager" "$1"
}

# What is in no sandbox is where the manager is
shares() { # SERVICE
	up "$1" && echo "$link, should be $manager_link" && [ "$link" = "$manager_link" ]
}

# As each mount namespace does, that of a sandbox brings one, with its own list
separate() { # SERVICE
	up "$1" && own_namespace && [ "$link" != "$manager_link" ] && names &&
		[ "$(names | sed -n 1p)" = boot_aggregate ] &&
		[ "$(names | grep -c '^/programs/')" = 1 ] && names | grep -qx "/programs/$1"
}

# By the namespace that the service's program is in
policed() {
	up policed && names &&
		[ "$(names | paste -sd' ')" = 'boot_aggregate policy-replaced /programs/policed' ]
}

# What they are for goes on to work
sandboxed() {
	touch /proc/"$manager"/root/tmp/ima_ns && up private &&
		[ ! -e "/proc/$pid/root/tmp/ima_ns" ] &&
		up plain && [ -e "/proc/$pid/root/tmp/ima_ns" ] && up system &&
		nsenter --target "$manager" --all touch /var/tmp/ima_ns &&
		! nsenter --target "$pid" --all touch /var/tmp/ima_ns
}

systemctl_inside() {
	nsenter --target "$manager" --all systemctl "$@"
}

# A service that ends takes its namespace along, and is in another one when it is back
restarts() {
	local ended
	up private && ended=$dir && systemctl_inside stop private.service && within gone "$ended" &&
		systemctl_inside start private.service && up private && echo "$ended, now $dir" &&
		[ "$dir" != "$ended" ]
}

# shellcheck disable=SC2317 # called by within
gone() {
	[ ! -e "$1" ]
}

# As machinectl poweroff asks for it
stop() {
	[ -z "$manager" ] || kill -RTMIN+4 "$manager"
	wait "$nspawn"
}

begin 9 systemd-nspawn systemctl /usr/lib/systemd/systemd
undo+=(stop)
must 'systemd starts services in a container' start
step 'a service without a sandbox is where the manager is' shares plain
step 'one with PrivateTmp= has a namespace and a list of its own' separate private
step 'one with ProtectSystem= has, too' separate system
step 'a policy by imans run is there before the program' policed
step 'PrivateTmp= and ProtectSystem= do what they are for' sandboxed
step 'a service that is started again has a new namespace' restarts
step 'the container powers off' stop
step 'its end leaves nothing' leaves_nothing
ktap_finished
