/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: the keyring of a child
 */
#ifndef _IMA_NS_KEYS_H
#define _IMA_NS_KEYS_H

#include "ima.h"

/* Certificates that may vouch for the keys of one namespace. */
#define IMA_NS_MAX_CAS	16

struct key *ima_ns_keys_ring(struct ima_namespace *ns);
int ima_ns_keys_add_ca(struct ima_namespace *ns, const void *data, size_t size);

#endif /* _IMA_NS_KEYS_H */
