#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What container B does; B's policy is b.policy.  It asks its TPM itself, too.
/shared/jq -r '"\(length) readings, \(max) degrees at most"' /data/readings.json
/bin/sha256sum /data/readings.json > /data/readings.sum
/app/alarm
read -r nonce
/app/quote /tmp "$nonce"
echo "my list: $(cat /sys/kernel/security/ima/runtime_measurements_count) entries"
echo end
read -r _
