// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the keys that a child's signatures are verified with
 *
 * A keyring of its own, which is the namespace's and is found through it,
 * never by a name.  Keys that are in it, and the keyring itself, bear the id of
 * the namespace, which is what access to them is judged by: the uids that the
 * key facility goes by are the same in many containers.
 */

#include <crypto/public_key.h>
#include <keys/asymmetric-subtype.h>
#include <keys/asymmetric-type.h>
#include <keys/system_keyring.h>
#include <linux/cred.h>
#include <linux/crypto.h>
#include <linux/key.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>

#include "ima_ns_keys.h"

/* Whoever may use it at all, by the hook below, may do this with it. */
#define RING_PERM	((KEY_POS_ALL & ~KEY_POS_SETATTR) | \
			 KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | \
			 KEY_USR_SEARCH | KEY_USR_LINK | \
			 KEY_OTH_VIEW | KEY_OTH_READ | KEY_OTH_WRITE | \
			 KEY_OTH_SEARCH | KEY_OTH_LINK)

/* Nobody uses it but the kernel. */
#define CA_PERM		(KEY_POS_ALL & ~KEY_POS_SETATTR)

#define RING_NAME	".ima"
#define CA_NAME		".ima_ca"

/* What the keyring of a child is called in the lists of its ancestors. */
#define NAME_ABOVE	".ima_ns"

/* The kernel's own credentials, for looking into keyrings: for files' sake... */
static const struct cred *verifier __ro_after_init;

/* ...and for other keys'. */
static const struct cred *certifier __ro_after_init;

/* ima_ns_keys=any */
static bool any_key __ro_after_init;

static int __init ima_ns_keys_setup(char *name)
{
	if (!strcmp(name, "any"))
		any_key = true;
	else
		pr_err("ima_ns_keys=%s: only \"any\" is known\n", name);
	return 1;
}
__setup("ima_ns_keys=", ima_ns_keys_setup);

/* Where a key says whose it is; %NULL if it was made before there was IMA. */
static u64 *key_ns_id(const struct key *key)
{
	return key->security ? key->security + ima_blob_sizes.lbs_key : NULL;
}

static bool is_marked(const struct key *key)
{
	const u64 *id = key_ns_id(key);

	return id && READ_ONCE(*id);
}

/* The namespace, referenced, or %NULL if it is gone or the key is of none. */
static struct ima_namespace *ns_of_key(const struct key *key)
{
	return is_marked(key) ? ima_ns_find(READ_ONCE(*key_ns_id(key))) : NULL;
}

/**
 * ima_ns_is_keyring - is it a namespace's keyring?
 * @keyring: the keyring
 *
 * Context: any.
 * Return: whether keys may enter @keyring by being added only: to link one is
 * an event that nobody measures.
 */
bool ima_ns_is_keyring(const struct key *keyring)
{
	return is_marked(keyring);
}

/* A keyring of the kernel's: users cannot give such a name to one. */
static bool is_systems(const struct key *key)
{
	return key->type == &key_type_keyring && *key->description == '.';
}

/**
 * ima_ns_unrequestable - may keys that are asked for not enter a keyring?
 * @keyring: the keyring
 *
 * request_key(2) asks no restriction: who answers would be asked instead.  Where
 * there is none, as in those where services of the kernel keep what they asked
 * for, nothing is passed by.
 *
 * Context: process context.
 * Return: whether @keyring is a namespace's, or a restricted one of the kernel's
 * and the task is not in the initial namespace.
 */
bool ima_ns_unrequestable(const struct key *keyring)
{
	return is_marked(keyring) ||
	       (is_systems(keyring) && keyring->restrict_link &&
		ima_ns_current()->parent);
}

/**
 * ima_ns_key_changed - a key or a keyring is not what it was
 * @key: the key or keyring, which was changed already
 *
 * What it vouched for has to be looked at again.
 *
 * Context: process context, may sleep; the locks of the key facility may be held.
 */
void ima_ns_key_changed(const struct key *key)
{
	struct ima_namespace *ns = ns_of_key(key);

	if (!ns)
		return;

	/* Pairs with ima_ns_verdict_refresh(). */
	smp_mb__before_atomic();
	atomic64_inc(&ns->keys.gen);
	ima_ns_chain_changed(ns);
	put_ima_ns(ns);
}

/*
 * May it be changed by that?  Who only looks keys up, as verifying does, possesses
 * it; others ask for the same in order to invalidate it.
 */
static bool may_change(key_ref_t key_ref, enum key_need_perm need_perm)
{
	switch (need_perm) {
	case KEY_NEED_WRITE:
	case KEY_NEED_LINK:
	case KEY_NEED_SETATTR:
	case KEY_SYSADMIN_OVERRIDE:
		return true;
	case KEY_NEED_SEARCH:
		return !is_key_possessed(key_ref);
	default:
		return false;
	}
}

/*
 * Uid 0 is root's in many containers.  Without being privileged in the initial
 * user namespace it does not change the kernel's keyrings.
 */
static int system_permission(key_ref_t key_ref, const struct cred *cred,
			     enum key_need_perm need_perm)
{
	return ima_ns_current()->parent && may_change(key_ref, need_perm) &&
	       !ima_ns_privileged(&init_ima_ns, cred) ? -EACCES : 0;
}

/**
 * ima_ns_key_permission - may a task use a key of a namespace?
 * @key_ref: the key or keyring
 * @cred: the credentials that count
 * @need_perm: what for
 *
 * Context: LSM hook; may be called under RCU.
 * Return: 0, or -EACCES: the task is neither in that namespace nor above it,
 * or not privileged over its owner.  The kernel's own keyrings are the initial
 * namespace's.
 */
int ima_ns_key_permission(key_ref_t key_ref, const struct cred *cred,
			  enum key_need_perm need_perm)
{
	const struct key *key = key_ref_to_ptr(key_ref);
	struct ima_namespace *ns, *own = ima_ns_current();
	int err = -EACCES;

	if (cred == verifier || cred == certifier)
		return 0;
	if (!is_marked(key))
		return is_systems(key) ?
			       system_permission(key_ref, cred, need_perm) : 0;

	ns = ns_of_key(key);
	if (ns && (ns == own || ima_ns_is_below(ns, own)) &&
	    ima_ns_privileged(ns, cred))
		err = 0;
	put_ima_ns(ns);
	return err;
}

/* As for the host's keyring, or by a certificate that was given for this. */
static int is_certified(struct ima_namespace *ns, struct key *ring,
			const struct key_type *type,
			const union key_payload *payload)
{
	struct key *ca = READ_ONCE(ns->keys.ca);
	int err;

	err = restrict_link_by_digsig_builtin_and_secondary(ring, type, payload,
							    NULL);
	if (err && ca)
		err = restrict_link_by_digsig(ring, type, payload, ca);
	return err;
}

/*
 * Is the algorithm there?  A module for it is loaded now, since nobody may wait
 * for one while a file is verified: the file may be what loads it.
 */
static bool is_usable(const union key_payload *payload)
{
	const struct public_key *key = payload->data[asym_crypto];

	return payload->data[asym_subtype] == &public_key_subtype && key &&
	       crypto_has_alg(key->pkey_algo, CRYPTO_ALG_TYPE_AKCIPHER,
			      CRYPTO_ALG_TYPE_MASK);
}

static int may_add(struct key *ring, const struct key_type *type,
		   const union key_payload *payload, struct key *unused)
{
	struct ima_namespace *ns __free(put_ima_ns) = ns_of_key(ring);
	const struct cred *old;
	int err;

	if (type != &key_type_asymmetric)
		return -EOPNOTSUPP;
	if (!ns)
		return -EKEYREVOKED;
	if (READ_ONCE(ns->keys.locked))
		return -EPERM;
	if (!is_usable(payload))
		return -ENOPKG;
	if (any_key)
		return 0;

	old = override_creds(certifier);
	err = is_certified(ns, ring, type, payload);
	revert_creds(old);
	return err;
}

static struct key *alloc_ring(struct ima_namespace *ns, const char *name,
			      key_perm_t perm, key_restrict_link_func_t check,
			      unsigned long flags)
{
	struct key_restriction *restriction;
	kuid_t uid = make_kuid(ns->user_ns, 0);
	kgid_t gid = make_kgid(ns->user_ns, 0);
	struct key *ring;

	restriction = kzalloc(sizeof(*restriction), GFP_KERNEL_ACCOUNT);
	if (!restriction)
		return ERR_PTR(-ENOMEM);

	restriction->check = check;
	ring = keyring_alloc(name, uid_valid(uid) ? uid : ns->user_ns->owner,
			     gid_valid(gid) ? gid : ns->user_ns->group,
			     verifier, CA_PERM, flags, restriction, NULL);
	if (IS_ERR(ring)) {
		kfree(restriction);
		return ring;
	}

	/* Not before it is known whose it is does anybody come by it. */
	WRITE_ONCE(*key_ns_id(ring), ns->id);
	/* Who finds it usable finds the mark; by dependency. */
	smp_store_release(&ring->perm, perm);
	return ring;
}

/* Whoever is first makes it; the others take that one. */
static struct key *publish_ring(struct key **where, struct key *ring)
{
	struct key *first;

	if (IS_ERR(ring))
		return ring;

	first = cmpxchg(where, NULL, ring);
	if (!first)
		return ring;

	key_put(ring);
	return first;
}

/**
 * ima_ns_keys_ring - the keyring of a child
 * @ns: the namespace
 *
 * Made when it is first asked for, and charged to the owner's root.
 *
 * Context: process context, may sleep.
 * Return: the keyring, which lives as long as @ns, or
 * - -EDQUOT: the quota for keys is used up; - -ENOMEM: no memory.
 */
struct key *ima_ns_keys_ring(struct ima_namespace *ns)
{
	struct key *ring = READ_ONCE(ns->keys.ring);

	if (ring)
		return ring;

	return publish_ring(&ns->keys.ring,
			    alloc_ring(ns, RING_NAME, RING_PERM, may_add, 0));
}

/**
 * ima_ns_keys_add_ca - let a certificate vouch for the keys of a child
 * @ns: the namespace
 * @data: the certificate, X.509 in DER
 * @size: bytes of @data
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * - -EBADMSG, -EINVAL: no certificate;
 * - -ENOKEY: not one that may certify others;
 * - -ENOPKG: of an algorithm that the kernel does not have;
 * - -EDQUOT: there are as many as can be; - -ENOMEM: no memory.
 */
int ima_ns_keys_add_ca(struct ima_namespace *ns, const void *data, size_t size)
{
	const struct cred *old;
	struct key *ca;
	key_ref_t ref;

	ca = READ_ONCE(ns->keys.ca) ?:
	     publish_ring(&ns->keys.ca,
			  alloc_ring(ns, CA_NAME, CA_PERM, restrict_link_by_ca,
				     KEY_ALLOC_NOT_IN_QUOTA));
	if (IS_ERR(ca))
		return PTR_ERR(ca);
	if (ca->keys.nr_leaves_on_tree >= IMA_NS_MAX_CAS)
		return -EDQUOT;

	old = override_creds(certifier);
	ref = key_create_or_update(make_key_ref(ca, 1), "asymmetric", NULL,
				   data, size, KEY_POS_SEARCH | KEY_POS_VIEW,
				   KEY_ALLOC_NOT_IN_QUOTA);
	revert_creds(old);
	if (IS_ERR(ref))
		return PTR_ERR(ref);

	key_ref_put(ref);
	return 0;
}

static void free_ring(struct key *ring)
{
	if (!ring)
		return;

	/* Somebody may have linked it: it is of no use to them any more. */
	key_revoke(ring);
	key_put(ring);
}

/**
 * ima_ns_keys_free - the end of the keys of a namespace
 * @ns: the namespace, which nobody finds any more
 *
 * Context: process context, may sleep.
 */
void ima_ns_keys_free(struct ima_namespace *ns)
{
	free_ring(ns->keys.ring);
	free_ring(ns->keys.ca);
}

static int measure_key(struct ima_walk *walk, struct ima_namespace *from,
		       struct ima_namespace *end, const char *name,
		       const void *payload, size_t size)
{
	return ima_measure_buffer(walk, from, end, &nop_mnt_idmap, NULL,
				  payload, size, name, KEY_CHECK, 0, name,
				  false, NULL, 0);
}

/**
 * ima_ns_key_added - a key was added to a keyring
 * @keyring: the keyring
 * @key: the key, which may be in use already
 * @payload: what it was made from
 * @size: bytes of @payload
 *
 * If the keyring is a namespace's, whoever added the key, it is recorded in
 * that namespace under the keyring's name, and above it under another one:
 * a level's keyrings= means the level's own keyrings.
 *
 * Context: LSM hook; the keyring's lock is held.
 * Return: whether it is a keyring of a namespace.
 */
bool ima_ns_key_added(struct key *keyring, struct key *key,
		      const void *payload, size_t size)
{
	struct ima_namespace *ns __free(put_ima_ns) = NULL;
	struct ima_walk walk = {};

	if (!is_marked(keyring))
		return false;

	ns = ns_of_key(keyring);
	if (!ns)
		return true;

	WRITE_ONCE(*key_ns_id(key), ns->id);
	if (keyring == READ_ONCE(ns->keys.ring))
		WRITE_ONCE(ns->keys.used, true);
	/* What was done to the key before it had its mark counts now. */
	ima_ns_key_changed(key);

	walk.leaf = ns;
	measure_key(&walk, ns, ns->parent, keyring->description, payload,
		    size);
	measure_key(&walk, ns->parent, NULL, NAME_ABOVE, payload, size);
	return true;
}

/* When the key that a signature names expires; an error if there is none. */
static int find_expiry(struct key *ring, const char *sig, time64_t *expiry)
{
	const struct signature_v2_hdr *hdr = (const void *)sig;
	key_ref_t ref;
	char name[12];

	snprintf(name, sizeof(name), "id:%08x", be32_to_cpu(hdr->keyid));
	ref = keyring_search(make_key_ref(ring, 1), &key_type_asymmetric, name,
			     true);
	if (IS_ERR(ref))
		return PTR_ERR(ref) == -EAGAIN ? -ENOKEY : PTR_ERR(ref);

	*expiry = READ_ONCE(key_ref_to_ptr(ref)->expiry);
	key_ref_put(ref);
	return 0;
}

/**
 * ima_ns_digsig_verify - verify a signature with the keys of a child
 * @ns: the namespace
 * @state: remembers when a key expires that the verdict rests on
 * @sig: the signature, as security.ima has it
 * @siglen: bytes of @sig
 * @digest: what was signed
 * @digestlen: bytes of @digest
 *
 * Context: process context; iint->mutex is held.
 * Return: 0, or
 * - -ENOKEY: there is no such key in the keyring;
 * - -EKEYEXPIRED, -EKEYREVOKED, -EKEYREJECTED: the key is that, or the
 *   signature is not its;
 * - -EOPNOTSUPP, -EBADMSG, -EINVAL, -ENOPKG: no signature that can be verified.
 */
int ima_ns_digsig_verify(struct ima_namespace *ns, struct ima_iint_state *state,
			 const char *sig, int siglen, const char *digest,
			 int digestlen)
{
	struct key *ring = READ_ONCE(ns->keys.ring);
	const struct cred *old;
	time64_t expiry;
	int err;

	if (siglen <= (int)sizeof(struct signature_v2_hdr))
		return -EBADMSG;
	if (sig[1] != 2 && sig[1] != 3)
		return -EOPNOTSUPP;
	if (!ring)
		return -ENOKEY;

	old = override_creds(verifier);
	/* Whoever asks first spares the host's log unknown keys. */
	err = find_expiry(ring, sig, &expiry) ?:
	      asymmetric_verify(ring, sig, siglen, digest, digestlen);
	revert_creds(old);
	if (!err)
		state->key_expiry = min(state->key_expiry, expiry);
	return err;
}

/**
 * ima_ns_modsig_verify - verify an appended signature with a child's keys
 * @ns: the namespace
 * @state: is told that the verdict is for this once: nobody says when the key
 *	   expires, of those that are chained to it
 * @modsig: the signature
 *
 * Context: process context; iint->mutex is held.
 * Return: 0, -ENOKEY: no key of the keyring made it, or what verifying it
 * failed with.
 */
int ima_ns_modsig_verify(struct ima_namespace *ns, struct ima_iint_state *state,
			 const struct modsig *modsig)
{
	struct key *ring = READ_ONCE(ns->keys.ring);
	const struct cred *old;
	int err;

	state->key_expiry = 0;

	/* Without a keyring, the kernel's own would do for PKCS#7. */
	if (!ring)
		return -ENOKEY;

	old = override_creds(verifier);
	err = ima_modsig_verify(ring, modsig);
	revert_creds(old);
	return err;
}

/**
 * ima_ns_verifies - is the task verifying a child's signature?
 *
 * Context: any.
 * Return: whether it is, and must not wait for a module: it holds the lock of a
 * file that loading one may need.
 */
bool ima_ns_verifies(void)
{
	return current_cred() == verifier;
}

static int __init ima_ns_keys_init(void)
{
	verifier = prepare_kernel_cred(&init_task);
	certifier = prepare_kernel_cred(&init_task);
	return verifier && certifier ? 0 : -ENOMEM;
}
core_initcall(ima_ns_keys_init);
