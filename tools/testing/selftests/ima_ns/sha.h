/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS 180-4) for IMA namespace tests
 *
 * The digests that a list must show are computed here, independently of the
 * kernel under test and of programs, whose execution would be measured.
 */

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline __u32 sha1_rol(__u32 x, int n)
{
	return x << n | x >> (32 - n);
}

static inline void sha1_schedule(__u32 w[80], const unsigned char *p)
{
	int i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	for (; i < 80; i++)
		w[i] = sha1_rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

/* The function and the constant of round @i. */
static inline __u32 sha1_mix(int i, __u32 b, __u32 c, __u32 d)
{
	if (i < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (i < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static inline void sha1_block(__u64 *h, const unsigned char *p)
{
	__u32 w[80], v[5];
	int i;

	sha1_schedule(w, p);
	for (i = 0; i < 5; i++)
		v[i] = h[i];
	for (i = 0; i < 80; i++) {
		const __u32 a = sha1_rol(v[0], 5) +
				sha1_mix(i, v[1], v[2], v[3]) + v[4] + w[i];

		memmove(v + 1, v, 4 * sizeof(*v));
		v[2] = sha1_rol(v[2], 30);
		v[0] = a;
	}
	for (i = 0; i < 5; i++)
		h[i] = (__u32)(h[i] + v[i]);
}

/* Of SHA-512; the upper halves of the first ones are those of SHA-256. */
static const __u64 sha2_k[80] = {
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

/* What SHA-256 and SHA-512 differ in; a schedule's last number is a shift. */
struct sha2 {
	/* Of a word. */
	int bits;
	int rounds;
	unsigned char w15[3], w2[3], e[3], a[3];
};

static const struct sha2 sha2_32 = {
	32, 64, { 7, 18, 3 }, { 17, 19, 10 }, { 6, 11, 25 }, { 2, 13, 22 },
};

static const struct sha2 sha2_64 = {
	64, 80, { 1, 8, 7 }, { 19, 61, 6 }, { 14, 18, 41 }, { 28, 34, 39 },
};

static __always_inline __u64 sha2_word(const struct sha2 *sha, __u64 x)
{
	return sha->bits == 32 ? (__u32)x : x;
}

static __always_inline __u64 sha2_ror(const struct sha2 *sha, __u64 x, int n)
{
	return sha2_word(sha, x >> n | x << (sha->bits - n));
}

static __always_inline void sha2_schedule(const struct sha2 *sha, __u64 *w,
					  const unsigned char *p)
{
	int i, j;

	for (i = 0; i < 16; i++)
		for (j = 0, w[i] = 0; j < sha->bits / 8; j++)
			w[i] = w[i] << 8 | *p++;
	for (; i < sha->rounds; i++) {
		const __u64 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (sha2_ror(sha, a, sha->w15[0]) ^
			sha2_ror(sha, a, sha->w15[1]) ^ a >> sha->w15[2]) +
		       (sha2_ror(sha, b, sha->w2[0]) ^
			sha2_ror(sha, b, sha->w2[1]) ^ b >> sha->w2[2]);
		w[i] = sha2_word(sha, w[i]);
	}
}

/* Inline, so that the compiler makes of it what is fast for either. */
static __always_inline void sha2_block(const struct sha2 *sha, __u64 *h,
				       const unsigned char *p)
{
	__u64 w[80], v[8];
	int i;

	sha2_schedule(sha, w, p);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < sha->rounds; i++) {
		const __u64 e = v[4], a = v[0];
		const __u64 t1 = v[7] + (sha2_k[i] >> (64 - sha->bits)) + w[i] +
				 (sha2_ror(sha, e, sha->e[0]) ^
				  sha2_ror(sha, e, sha->e[1]) ^
				  sha2_ror(sha, e, sha->e[2])) +
				 ((e & v[5]) ^ (~e & v[6]));
		const __u64 t2 = (sha2_ror(sha, a, sha->a[0]) ^
				  sha2_ror(sha, a, sha->a[1]) ^
				  sha2_ror(sha, a, sha->a[2])) +
				 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] = sha2_word(sha, v[4] + t1);
		v[0] = sha2_word(sha, t1 + t2);
	}
	for (i = 0; i < 8; i++)
		h[i] = sha2_word(sha, h[i] + v[i]);
}

static inline void sha256_block(__u64 *state, const unsigned char *p)
{
	sha2_block(&sha2_32, state, p);
}

static inline void sha512_block(__u64 *state, const unsigned char *p)
{
	sha2_block(&sha2_64, state, p);
}

/* What tells the algorithms apart; half a block is the least to be padded. */
struct sha {
	void (*block)(__u64 *state, const unsigned char *p);
	size_t block_size;
	/* Of a word, and of the digest. */
	size_t word, size;
	/* The state to start from. */
	const __u64 *init;
};

/* The digest of @size bytes as hexadecimal digits. */
static inline void sha_hex(const struct sha *sha, const void *data,
			   size_t size, char *hex)
{
	const size_t block = sha->block_size;
	const unsigned char *p = data;
	const __u64 bits = (__u64)size * 8;
	unsigned char last[256] = {};
	__u64 state[8];
	size_t left, i;

	memcpy(state, sha->init, sizeof(state));
	for (left = size; left >= block; left -= block, p += block)
		sha->block(state, p);
	memcpy(last, p, left);
	last[left] = 0x80;
	left = left < block - 2 * sha->word ? block : 2 * block;
	for (i = 0; i < 8; i++)
		last[left - 1 - i] = bits >> (8 * i);
	for (i = 0; i < left; i += block)
		sha->block(state, last + i);
	for (i = 0; i < sha->size / sha->word; i++)
		sprintf(hex + 2 * sha->word * i, "%0*llx", (int)(2 * sha->word),
			(unsigned long long)state[i]);
}

static const __u64 sha1_init[8] = {
	0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0,
};

static const __u64 sha256_init[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const __u64 sha384_init[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

static const __u64 sha512_init[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const struct sha sha1 = { sha1_block, 64, 4, 20, sha1_init };
static const struct sha sha256 = { sha256_block, 64, 4, 32, sha256_init };
static const struct sha sha384 = { sha512_block, 128, 8, 48, sha384_init };
static const struct sha sha512 = { sha512_block, 128, 8, 64, sha512_init };

static inline void sha256_hex(const void *data, size_t size, char hex[65])
{
	sha_hex(&sha256, data, size, hex);
}
