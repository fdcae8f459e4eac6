#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What container A does; A keeps the policy its namespace was born with.
/shared/jq -r '"\(length) orders, \(map(.total) | add) euro"' /data/orders.json
/bin/xz -c /data/orders.json > /data/orders.json.xz
/app/price
echo "echo 'price: 12 euro'" >> /app/price
/app/price
echo "my list: $(cat /sys/kernel/security/ima/runtime_measurements_count) entries"
echo end
read -r _
