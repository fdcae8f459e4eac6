/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: certificates of openssl, signatures of evmctl
 *
 * A program has one directory of them, which is there as long as it runs.
 */
#ifndef IMA_NS_TEST_SIGN_H
#define IMA_NS_TEST_SIGN_H

#include "world.h"
#include "keys.h"
#include "run.h"
#include "xattr.h"

/* What security.ima starts with. */
#define IMA_SIGNATURE 0x03
#define IMA_HASH 0x04

static char sign_dir[64];
static pid_t sign_owner;

/* sh -c SCRIPT sh DIRECTORY NAME ISSUER ALGORITHM; an issuer `ca` or `self` is itself. */
static const char cert_script[] =
	"set -e\n"
	"cd \"$1\"\n"
	"cat >cnf <<END\n"
	"[req]\n"
	"distinguished_name=dn\n"
	"prompt=no\n"
	"[dn]\n"
	"CN=$2\n"
	"[ca]\n"
	"basicConstraints=critical,CA:TRUE\n"
	"keyUsage=critical,keyCertSign\n"
	"subjectKeyIdentifier=hash\n"
	"[self]\n"
	"basicConstraints=critical,CA:FALSE\n"
	"keyUsage=critical,digitalSignature\n"
	"subjectKeyIdentifier=hash\n"
	"authorityKeyIdentifier=keyid\n"
	"END\n"
	"case $4 in\n"
	"rsa:*) openssl genrsa -out $2.key ${4#rsa:} ;;\n"
	"*) openssl ecparam -name $4 -genkey -noout -out $2.key ;;\n"
	"esac\n"
	"case $3 in\n"
	"ca|self) openssl req -new -x509 -key $2.key -config cnf \\\n"
	"	-extensions $3 -days 3650 -sha256 -out $2.pem ;;\n"
	"*) openssl req -new -key $2.key -config cnf |\n"
	"	openssl x509 -req -CA $3.pem -CAkey $3.key -set_serial $$ \\\n"
	"		-extfile cnf -extensions self -days 3650 -sha256 \\\n"
	"		-out $2.pem ;;\n"
	"esac\n"
	"openssl x509 -in $2.pem -outform DER -out $2.der\n";

/* Makes a key and its certificate. */
static inline int make_cert(const char *name, const char *issuer,
			    const char *algorithm)
{
	const char *const argv[] = { "sh", "-c", cert_script, "sh", sign_dir,
				     name, issuer, algorithm, NULL };

	return run(argv, NULL, 0);
}

static inline void cert_path(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s.der", sign_dir, name);
}

static __attribute__((destructor)) void sign_clean(void)
{
	const char *const argv[] = { "rm", "-rf", sign_dir, NULL };

	if (sign_owner == getpid() && *sign_dir)
		run(argv, NULL, 0);
}

/* a and b are certified by `authority`, c by nobody but itself. */
static __attribute__((constructor)) void sign_start(void)
{
	snprintf(sign_dir, sizeof(sign_dir), "/tmp/ima_ns_keys.XXXXXX");
	sign_owner = getpid();
	if (!mkdtemp(sign_dir) || chmod(sign_dir, 0755) ||
	    make_cert("authority", "ca", "prime256v1") ||
	    make_cert("a", "authority", "prime256v1") ||
	    make_cert("b", "authority", "prime256v1") ||
	    make_cert("c", "self", "prime256v1")) {
		fprintf(stderr, "openssl made no certificates\n");
		exit(1);
	}
}

/* Is security.ima of a file of that kind? */
static inline bool has_ima_xattr(const char *path, int kind)
{
	unsigned char value[1024];

	return getxattr(path, XATTR_IMA, value, sizeof(value)) > 0 &&
	       value[0] == kind;
}

/* Signs a file with a key, over a digest of @algo. */
static inline int sign_file(const char *path, const char *key,
			    const char *algo)
{
	char key_path[PATH_MAX];
	const char *const argv[] = { "evmctl", "ima_sign", "--key", key_path,
				     "-a", algo, path, NULL };

	snprintf(key_path, sizeof(key_path), "%s/%s.key", sign_dir, key);
	/* Its exit status proves nothing. */
	return run(argv, NULL, 0) || !has_ima_xattr(path, IMA_SIGNATURE);
}

/* Puts the digest of a file in its security.ima. */
static inline int hash_file(const char *path, const char *algo)
{
	const char *const argv[] = { "evmctl", "ima_hash", "-a", algo, path,
				     NULL };

	return run(argv, NULL, 0) || !has_ima_xattr(path, IMA_HASH);
}

/* Has the host vouch for the authority, and the agent add a key. */
static inline long give_key(struct agent *agent, long id, const char *name)
{
	char path[PATH_MAX];
	long ring;
	int err;

	cert_path(path, "authority");
	err = host_add_ca(id, path);
	if (err)
		return err;
	ring = agent_keyring(agent);
	cert_path(path, name);
	return ring < 0 ? ring : agent_add_cert(agent, ring, path);
}

#endif /* IMA_NS_TEST_SIGN_H */
