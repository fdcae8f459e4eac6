// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS 180-4)
 *
 * A verifier shall not have to ask the kernel whose list it looks at.
 */
#include <string.h>

#include "verify.h"

static uint32_t sha1_rol(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void sha1_schedule(uint32_t w[80], const unsigned char *p)
{
	int i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	for (; i < 80; i++)
		w[i] = sha1_rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

/* The function and the constant of round @i. */
static uint32_t sha1_mix(int i, uint32_t b, uint32_t c, uint32_t d)
{
	if (i < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (i < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void sha1_block(void *state, const unsigned char *p)
{
	uint32_t w[80], v[5], *const h = state;
	int i;

	sha1_schedule(w, p);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 80; i++) {
		const uint32_t a = sha1_rol(v[0], 5) +
				sha1_mix(i, v[1], v[2], v[3]) + v[4] + w[i];

		memmove(v + 1, v, 4 * sizeof(*v));
		v[2] = sha1_rol(v[2], 30);
		v[0] = a;
	}
	for (i = 0; i < 5; i++)
		h[i] += v[i];
}

static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t sha256_ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_schedule(uint32_t w[64], const unsigned char *p)
{
	int i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	for (; i < 64; i++) {
		const uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (sha256_ror(a, 7) ^ sha256_ror(a, 18) ^ a >> 3) +
		       (sha256_ror(b, 17) ^ sha256_ror(b, 19) ^ b >> 10);
	}
}

static void sha256_block(void *state, const unsigned char *p)
{
	uint32_t w[64], v[8], *const h = state;
	int i;

	sha256_schedule(w, p);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 64; i++) {
		const uint32_t e = v[4], a = v[0];
		const uint32_t t1 = v[7] + sha256_k[i] + w[i] +
				 (sha256_ror(e, 6) ^ sha256_ror(e, 11) ^
				  sha256_ror(e, 25)) +
				 ((e & v[5]) ^ (~e & v[6]));
		const uint32_t t2 = (sha256_ror(a, 2) ^ sha256_ror(a, 13) ^
				  sha256_ror(a, 22)) +
				 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

static const uint64_t sha512_k[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f,
	0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
	0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242,
	0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
	0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
	0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
	0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f,
	0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
	0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc,
	0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6,
	0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
	0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
	0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99,
	0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
	0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc,
	0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
	0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
	0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba,
	0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
	0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
	0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t sha512_ror(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static void sha512_schedule(uint64_t w[80], const unsigned char *p)
{
	int i, j;

	for (i = 0; i < 16; i++)
		for (j = 0, w[i] = 0; j < 8; j++)
			w[i] = w[i] << 8 | *p++;
	for (; i < 80; i++) {
		const uint64_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (sha512_ror(a, 1) ^ sha512_ror(a, 8) ^ a >> 7) +
		       (sha512_ror(b, 19) ^ sha512_ror(b, 61) ^ b >> 6);
	}
}

static void sha512_block(void *state, const unsigned char *p)
{
	uint64_t w[80], v[8], *const h = state;
	int i;

	sha512_schedule(w, p);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 80; i++) {
		const uint64_t e = v[4], a = v[0];
		const uint64_t t1 = v[7] + sha512_k[i] + w[i] +
				 (sha512_ror(e, 14) ^ sha512_ror(e, 18) ^
				  sha512_ror(e, 41)) +
				 ((e & v[5]) ^ (~e & v[6]));
		const uint64_t t2 = (sha512_ror(a, 28) ^ sha512_ror(a, 34) ^
				  sha512_ror(a, 39)) +
				 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

struct sha {
	const char *name;
	void (*block)(void *state, const unsigned char *p);
	size_t block_size;
	/* Of a word of the state, and of the digest */
	size_t word, size;
	/* The state to start from: words of that size */
	const void *init;
};

static const uint32_t sha1_init[8] = {
	0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0,
};

static const uint32_t sha256_init[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint64_t sha384_init[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

static const uint64_t sha512_init[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const struct sha algorithms[] = {
	{ "sha1", sha1_block, 64, 4, 20, sha1_init },
	{ "sha256", sha256_block, 64, 4, 32, sha256_init },
	{ "sha384", sha512_block, 128, 8, 48, sha384_init },
	{ "sha512", sha512_block, 128, 8, 64, sha512_init },
};

const struct sha *sha_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (!strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

size_t sha_size(const struct sha *sha)
{
	return sha->size;
}

/* Big endian, as far as the digest goes */
static void put_state(const struct sha *sha, const uint64_t *state,
		      unsigned char *digest)
{
	const uint32_t *words = (const void *)state;
	size_t i, shift;

	for (i = 0; i < sha->size; i++) {
		shift = 8 * (sha->word - 1 - i % sha->word);
		digest[i] = sha->word == 4 ? words[i / 4] >> shift :
					     state[i / 8] >> shift;
	}
}

void sha_digest(const struct sha *sha, const void *data, size_t size,
		unsigned char *digest)
{
	size_t block = sha->block_size, left, i;
	unsigned char last[256] = {};
	const unsigned char *p = data;
	uint64_t bits = (uint64_t)size * 8, state[8];

	memcpy(state, sha->init, 8 * sha->word);
	for (left = size; left >= block; left -= block, p += block)
		sha->block(state, p);
	memcpy(last, p, left);
	last[left] = 0x80;
	left = left < block - 2 * sha->word ? block : 2 * block;
	for (i = 0; i < 8; i++)
		last[left - 1 - i] = bits >> (8 * i);
	for (i = 0; i < left; i += block)
		sha->block(state, last + i);
	put_state(sha, state, digest);
}
