# SPDX-License-Identifier: GPL-2.0-only
# Usage: awk -v a=A.LIST -v b=B.LIST -v c=C.LIST [-v host=1] -f show.awk LIST
# A list for people: number, digest of the file, who else has it, name, remark
function load(file, seen,   line, field) {
	while ((getline line < file) > 0) {
		split(line, field, " ")
		seen[field[4] " " field[5]] = 1
	}
	close(file)
}

function remark(key,   others) {
	if ($5 == "boot_aggregate")
		return "opens the list: PCRs 0 to 9 of its TPM"
	if ($5 == "tpm-bound")
		return "its TPM is bound"
	if ($5 == "policy-replaced")
		return "the policy that it has from here on"
	if ($5 in digest && digest[$5] != $4)
		return "was modified: measured again"
	others = (key in in_a) + (key in in_b) + (key in in_c)
	if (host && !others)
		return "read by root: only the host's policy asks"
	if ($5 == "/bin/tpm2")
		return "asks the TPM for a quote, from inside"
	if ($5 ~ /\.so/)
		return "library, mapped to be executed"
	if ($5 ~ /^\/data\//)
		return "data: the policy of b asks for it"
	if (others > 1)
		return "in " (others == 3 ? "all" : "two") " containers"
	return "in one container"
}

BEGIN {
	load(a, in_a)
	load(b, in_b)
	load(c, in_c)
}

{
	key = $4 " " $5
	who = ""
	if (host)
		who = (key in in_a ? "a" : "-") " " (key in in_b ? "b" : "-") " " \
			(key in in_c ? "c" : "-") "  "
	printf "  %4d  %s  %s%-35s %s\n", NR, \
		substr($4, index($4, ":") + 1, 12), who, $5, remark(key)
	digest[$5] = $4
}
