# SPDX-License-Identifier: GPL-2.0-only
# Names the scripts; each tells its own usage in its first comment.

CONFIG ?= default
WORK = $${IMA_NS_WORK:-$${XDG_CACHE_HOME:-$$HOME/.cache}/ima_ns}

run test check setup tree export mutants coverage series bench:
	@scripts/$@

# On the kernel source in KERNEL_SRC, which is changed.
install-overlay:
	@scripts/$@

# Hours, and much space; CONFIG names another configuration than Debian's.
deb: apply
	@CONFIG="$(if $(filter file,$(origin CONFIG)),,$(CONFIG))" scripts/$@

# Debian's container runtimes in the virtual machine.
test-runtimes:
	@scripts/test runtimes

# Ten minutes of random acts on the debug kernel; SOAK_SECONDS says how long.
soak:
	@SOAK_SECONDS=$${SOAK_SECONDS:-600} scripts/test soak

apply: tree
	@scripts/apply

kernel: apply
	@scripts/build $(CONFIG)

# What can be built again; the kernel tree and the compiler's cache stay.
clean:
	rm -rf "$(WORK)/build" "$(WORK)/stock/build" "$(WORK)/vm" "$(WORK)/deb" "$(WORK)/deb-default" "$(WORK)/steps/build"

.PHONY: run test test-runtimes check setup tree export mutants coverage series bench install-overlay deb soak apply kernel clean
