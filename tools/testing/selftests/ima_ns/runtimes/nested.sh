#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespace tests - programs that make mount namespaces by themselves, over and over
#
# They work as they do without IMA namespaces, inside of one another as well.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

user=ima_ns_user

deeper() { # LINK that a program saw: another namespace than this one
	echo "$1" && [[ $1 == ima:\[*\] ]] && [ "$1" != "$(readlink /proc/self/ns/ima)" ]
}

# With names of network namespaces, /sys and /etc/resolv.conf in place of the host's
ip_netns() {
	ip netns add ima_ns_net && mkdir -p /etc/netns/ima_ns_net &&
		echo 'nameserver 192.0.2.1' >/etc/netns/ima_ns_net/resolv.conf &&
		deeper "$(ip netns exec ima_ns_net readlink /proc/self/ns/ima)" &&
		ip netns exec ima_ns_net grep -qx 'nameserver 192.0.2.1' /etc/resolv.conf &&
		[ "$(ip netns exec ima_ns_net ls /sys/class/net)" = lo ]
}

# More deeply than there are levels: it goes on, in the namespace of the last one
ip_netns_nested() {
	local words=() i
	for ((i = 0; i < 70; i++)); do
		words+=(ip netns exec ima_ns_net)
	done
	"${words[@]}" readlink /proc/self/ns/ima >"$tmp/deepest" && deeper "$(cat "$tmp/deepest")"
}

ip_netns_end() {
	ip netns delete ima_ns_net && rm -r /etc/netns/ima_ns_net
}

# A session has a /tmp of its own
pam_namespace() {
	mkdir -m 0 "$tmp/instances" && mkdir -m 1777 "$tmp/poly" && chmod 755 "$tmp" &&
		touch "$tmp/poly/hosts" &&
		echo "$user:x:61234:61234::/:/bin/sh" >>/etc/passwd &&
		echo "$tmp/poly $tmp/instances/ user root" >/etc/security/namespace.conf &&
		printf '%s\n' 'auth sufficient pam_rootok.so' 'account required pam_permit.so' \
			'session required pam_namespace.so' >/etc/pam.d/su-l &&
		cp /etc/pam.d/su-l /etc/pam.d/su &&
		su $user -c "readlink /proc/self/ns/ima; ls $tmp/poly | wc -l" >"$tmp/session" &&
		cat "$tmp/session" && deeper "$(sed -n 1p "$tmp/session")" &&
		[ "$(sed -n 2p "$tmp/session")" = 0 ]
}

# It fails if one of its workers does; and it is to have done something
stress() { # STRESSOR
	local status
	stress-ng --temp-path "$tmp" --metrics-brief "--$1" 2 "--$1-ops" 4 >"$tmp/stress" 2>&1
	status=$?
	cat "$tmp/stress"
	[ $status = 0 ] && grep -q 'successful run completed' "$tmp/stress" &&
		grep -qE "metrc: .* $1 +[1-9]" "$tmp/stress" && ! grep -q 'fail: ' "$tmp/stress"
}

end() {
	ip netns delete ima_ns_net
	rm -rf /etc/netns/ima_ns_net
	sed -i "/^$user:/d" /etc/passwd
}

begin 7 ip su stress-ng
undo+=(end)
step 'ip netns exec works, in a namespace of its own' ip_netns
step 'ip netns exec in ip netns exec works, 70 times' ip_netns_nested
step 'it leaves nothing' eval 'ip_netns_end && leaves_nothing'
step 'a session with pam_namespace has a namespace of its own' pam_namespace
step "stress-ng's unshare stressor succeeds" stress unshare
step "stress-ng's clone stressor succeeds" stress clone
step 'they leave nothing' leaves_nothing
ktap_finished
