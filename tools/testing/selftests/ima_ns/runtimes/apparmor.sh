#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - containers below a profile of AppArmor
#
# That which runtimes load by default denies all of securityfs.  The recipe of
# Documentation/security/ima-namespace-admin.rst leaves a container its own list.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

name=ima_ns_apparmor
profiles=$tmp/profiles
recipe=$here/../../../../../Documentation/security/ima-namespace-admin.rst

enter() {
	crun exec "$name" "$@"
}

profile() { # NAME RULE...
	printf '%s\n' "profile $1 flags=(attach_disconnected,mediate_deleted) {" file, \
		capability, network, signal, unix, ptrace, mount, umount, "${@:2}" "}" \
		>>"$profiles"
}

load_profiles() {
	mapfile -t rules < <(grep -o 'deny /sys/kernel/security/.* rwklx,$' "$recipe")
	printf '%s\n' "${rules[@]}" && [ ${#rules[@]} = 3 ] &&
		profile ima_ns_default "${rules[0]}" &&
		profile ima_ns_recipe "${rules[@]:1}" &&
		apparmor_parser --replace --skip-cache "$profiles"
}

# shellcheck disable=SC2016 # the words are jq's
start() { # PROFILE
	rm -rf "$tmp/bundle" && mkdir "$tmp/bundle" && make_root "$tmp/bundle/rootfs" &&
		echo 'measure func=BPRM_CHECK' >"$tmp/policy" &&
		crun spec --bundle "$tmp/bundle" &&
		jq --arg profile "$1" --arg policy "$tmp/policy" --arg imans "$built/imans" '
			.process.args = ["/first", "wait"] | .process.terminal = false |
			.process.apparmorProfile = $profile |
			.annotations["org.linux.ima.policy"] = $policy |
			.hooks.createRuntime = [{ path: $imans, args: ["imans", "oci-hook"] }] |
			.mounts += [{ destination: "/sys/kernel/security", type: "bind",
				source: "/sys/kernel/security", options: ["rbind", "ro"] }]' \
			"$tmp/bundle/config.json" >"$tmp/config" &&
		mv "$tmp/config" "$tmp/bundle/config.json" &&
		crun --cgroup-manager=cgroupfs run --detach --bundle "$tmp/bundle" \
			--pid-file "$tmp/pid" "$name" </dev/null >/dev/null &&
		know "$(cat "$tmp/pid")"
}

confined() { # PROFILE
	cat "/proc/$pid/attr/current" && [[ $(cat "/proc/$pid/attr/current") == "$1 "* ]]
}

# Whatever is there, nobody below the profile gets at it
denied() { # FILE
	! enter /bin/cat "$1" 2>"$tmp/denied" && cat "$tmp/denied" &&
		grep -q 'Permission denied' "$tmp/denied"
}

all_denied() {
	denied $ima/ascii_runtime_measurements &&
		denied /sys/kernel/security/integrity/ima/ascii_runtime_measurements
}

others_denied() {
	local file
	for file in /sys/kernel/security/lsm /sys/kernel/security/apparmor/profiles; do
		[ -r "$file" ] && denied "$file" || return
	done
}

stop() {
	crun delete --force "$name"
}

# shellcheck disable=SC2317 # called at the end
clean() {
	stop
	apparmor_parser --remove "$profiles"
}

begin 14 apparmor_parser crun jq
[ -e /sys/kernel/security/apparmor/profiles ] || { ktap_skip_all "needs AppArmor"; exit 4; }
undo+=(clean)
must 'the profiles of the documentation are loaded' load_profiles
must 'a container runs below what runtimes load by default' start ima_ns_default
step 'it is confined' confined ima_ns_default
step 'it does not get at its list' all_denied
step 'its policy was there before its first program all the same' policy_first
step 'its end leaves nothing' eval 'stop && leaves_nothing'
must 'another one runs below the recipe' start ima_ns_recipe
step 'it is confined' confined ima_ns_recipe
step 'crun exec works' look_inside "$tmp/bundle/rootfs"
step 'what is executed by it is recorded' recorded
step 'its own list is at the usual place inside' securityfs_inside
step 'it lands in the namespace' exec_lands
step 'other files of securityfs are denied' others_denied
step 'its end leaves nothing' eval 'stop && leaves_nothing'
ktap_finished
