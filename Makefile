# SPDX-License-Identifier: GPL-2.0-only
# Names the scripts; each tells its own usage in its first comment.

CONFIG ?= default
WORK = $${IMA_NS_WORK:-$${XDG_CACHE_HOME:-$$HOME/.cache}/ima_ns}

run test check setup tree export:
	@scripts/$@

apply: tree
	@scripts/apply

kernel: apply
	@scripts/build $(CONFIG)

# What can be built again; the kernel tree and the compiler's cache stay.
clean:
	rm -rf "$(WORK)/build" "$(WORK)/stock/build" "$(WORK)/vm"

.PHONY: run test check setup tree export apply kernel clean
