# SPDX-License-Identifier: GPL-2.0-only
# Usage: awk -v out=DIR -v old=DIR -f series/divide.awk series/plan DIFF
#
# Divides DIFF, made by `git diff -U0`, into the steps of the plan.  Its changes are
# cut into units: one hunk, or a paragraph of a hunk that only adds or only deletes
# lines (a logical line in a Makefile, an entry in a Kconfig).  What a file is like
# after a step is its old version with the units of all steps so far, so that
# nothing has to fit and the last step gives the new version by construction.

function fail(text) {
	print "series: " text >"/dev/stderr"
	failed = 1
	exit 1
}

# ---- the plan

FNR == 1 { part++ }

part == 1 && /^== / {
	if (steps && !nr_lines[steps])
		fail("plan: step " steps " has no files")
	steps++
	in_files = 0
	next
}
part == 1 && /^-- files$/ { in_files = 1; next }
part == 1 && !steps { next }
part == 1 && !in_files {
	message[steps] = message[steps] $0 "\n"
	next
}
part == 1 && NF && !/^#/ {
	n = ++nr_lines[steps]
	path[steps, n] = $1
	pattern[steps, n] = $0
	sub(/^[^ \t]+[ \t]*/, "", pattern[steps, n])
	next
}
part == 1 { next }

# ---- the difference

# A unit: `deleted` old lines from `start` on, replaced by `text`.  A pattern of the
# plan is looked for in `shown`.
function unit(start, deleted, text, shown,	u) {
	u = ++units[file]
	first[file, u] = start
	count[file, u] = deleted
	added[file, u] = text
	all[file, u] = shown
}

# Tells, for line i of the n of `line`, whether a new piece begins there.  Blank lines
# go with what follows them, but where the hunk ends in one.
function begins_piece(line, i, n,	is_blank, at) {
	if (i == 1) {
		depth = 0
		seen = 0
	}
	is_blank = line[i] ~ /^[ \t]*$/
	if (file ~ /(^|\/)Makefile$/)
		at = line[i - 1] !~ /\\$/
	else if (file ~ /(^|\/)Kconfig$/)
		at = line[i] ~ /^(config|choice) ?/
	else if (line[n] ~ /^[ \t]*$/)
		at = seen && depth == 0 && !is_blank && line[i - 1] ~ /^[ \t]*$/
	else
		at = seen && depth == 0 && is_blank
	if (i == 1)
		at = 0
	if (at)
		seen = 0
	if (!is_blank)
		seen = 1
	nest(line[i])
	return at
}

# A guard against including a header twice is no nesting.
function nest(text) {
	if (text ~ /^#[ \t]*if/ && text !~ /^#ifndef _.*_H_?$/)
		depth++
	else if (text ~ /^#[ \t]*endif/)
		depth--
	depth += gsub(/[{]/, "{", text) - gsub(/[}]/, "}", text)
	if (depth < 0)
		depth = 0
}

function end_hunk(	i, from, text, shown) {
	if (!in_hunk)
		return
	in_hunk = 0
	if (nr_minus && nr_plus) {
		text = shown = ""
		for (i = 1; i <= nr_minus; i++)
			shown = shown "-" minus[i] "\n"
		for (i = 1; i <= nr_plus; i++) {
			if (file ~ /(^|\/)Makefile$/ && i > 1 && plus[i - 1] !~ /\\$/) {
				unit(hunk_start, nr_minus, text, shown)
				hunk_start += nr_minus
				nr_minus = 0
				text = shown = ""
			}
			text = text plus[i] "\n"
			shown = shown "+" plus[i] "\n"
		}
		unit(hunk_start, nr_minus, text, shown)
		return
	}
	text = shown = ""
	from = hunk_start
	for (i = 1; i <= nr_minus; i++) {
		if (begins_piece(minus, i, nr_minus)) {
			unit(from, hunk_start + i - 1 - from, "", shown)
			from = hunk_start + i - 1
			shown = ""
		}
		shown = shown "-" minus[i] "\n"
	}
	if (nr_minus) {
		unit(from, hunk_start + nr_minus - from, "", shown)
		return
	}
	for (i = 1; i <= nr_plus; i++) {
		if (begins_piece(plus, i, nr_plus)) {
			unit(hunk_start, 0, text, shown)
			text = shown = ""
		}
		text = text plus[i] "\n"
		shown = shown "+" plus[i] "\n"
	}
	unit(hunk_start, 0, text, shown)
}

/^diff --git a\// {
	end_hunk()
	file = $3
	sub(/^a\//, "", file)
	files[++nr_files] = file
	is_new[file] = 0
	units[file] = 0
	next
}
/^new file mode/ && !in_hunk { is_new[file] = 1; next }
/^@@ -[0-9,]+ \+[0-9,]+ @@/ {
	end_hunk()
	split(substr($2, 2), range, ",")
	# What is added behind a line stands before the next one.
	hunk_start = range[1] + (range[2] == "0" && $2 ~ /,/ ? 1 : 0)
	nr_minus = nr_plus = 0
	in_hunk = 1
	next
}
in_hunk && /^-/ { minus[++nr_minus] = substr($0, 2) }
in_hunk && /^\+/ { plus[++nr_plus] = substr($0, 2) }

# ---- steps

function remains(file) { return units[file] ? used[file] < units[file] : !taken[file] }

# Takes those units of FILE that are left and match; returns their number.
function take(file, want,	u, no, n) {
	no = want ~ /^!/
	if (no)
		want = substr(want, 2)
	if (!units[file] && !taken[file]) {	# an empty file
		taken[file] = 1
		return 1
	}
	for (u = 1; u <= units[file]; u++) {
		if ((file, u) in chosen || (want != "" && (all[file, u] ~ want) == no))
			continue
		chosen[file, u] = 1
		used[file]++
		n++
	}
	return n + 0
}

function read_old(file,	line, name) {
	if (file in nr_old)
		return
	nr_old[file] = 0
	name = old "/" file
	while (!is_new[file] && (getline line <name) > 0)
		old_line[file, ++nr_old[file]] = line
	close(name)
}

function content(file,	i, u, text, gone) {
	read_old(file)
	u = 1
	for (i = 1; i <= nr_old[file] + 1; i++) {
		for (; u <= units[file] && first[file, u] <= i; u++) {
			if (!((file, u) in chosen))
				continue
			text = text added[file, u]
			if (count[file, u])
				gone = first[file, u] + count[file, u] - 1
		}
		if (i > gone && i <= nr_old[file])
			text = text old_line[file, i] "\n"
	}
	return text
}

# A change for one step alone, as sed would write it: s/THIS/THAT/
function for_now(text, change,	parts) {
	split(change, parts, "/")
	if (!sub(parts[2], parts[3], text))
		fail("plan: step " step ": nothing to change for now: " change)
	return text
}

function emit(file,	change, name) {
	change = temporary[step, file]
	if (!remains(file) && change == "") {
		print step, "whole", file
		return
	}
	name = out "/" step "/" file
	sub(/\/[^\/]*$/, "", name)
	system("mkdir -p '" name "'")
	name = out "/" step "/" file
	printf "%s", change == "" ? content(file) : for_now(content(file), change) >name
	close(name)
	print step, "part", file
}

function plan_line(where, want,	i, file, n, prefix) {
	prefix = where ~ /\*$/ ? substr(where, 1, length(where) - 1) : ""
	if (want ~ /^s\//) {
		temporary[step, where] = want
		touched[where] = step
		again[where] = 1
		return
	}
	for (i = 1; i <= nr_files; i++) {
		file = files[i]
		if ((prefix == "" ? file != where : index(file, prefix) != 1) || !remains(file))
			continue
		if (take(file, want)) {
			touched[file] = step
			n++
		}
	}
	if (!n)
		fail("plan: step " step " finds nothing left of: " where " " want)
}

END {
	if (failed)
		exit 1
	end_hunk()
	for (step = 1; step <= steps; step++) {
		sub(/^\n+/, "", message[step])
		sub(/\n+$/, "\n", message[step])
		printf "%s", message[step] >(out "/" step ".msg")
		close(out "/" step ".msg")
		# What was changed for the last step alone is no more.
		for (name in again) {
			touched[name] = step
			delete again[name]
		}
		for (n = 1; n <= nr_lines[step]; n++)
			plan_line(path[step, n], pattern[step, n])
		for (i = 1; i <= nr_files; i++)
			if (touched[files[i]] == step)
				emit(files[i])
	}
	for (i = 1; i <= nr_files; i++)
		if (remains(files[i])) {
			print "series: plan: no step has, or has all of: " files[i] >"/dev/stderr"
			left = 1
		}
	if (left)
		exit 1
}
