/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4) for IMA namespace tests
 *
 * The digests that a list must show are computed here, independently of the
 * kernel under test and of programs, whose execution would be measured.
 */

#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const __u32 sha256_k[64] = {
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

static inline __u32 sha256_ror(__u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_schedule(__u32 w[64], const unsigned char *p)
{
	int i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	for (; i < 64; i++) {
		const __u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (sha256_ror(a, 7) ^ sha256_ror(a, 18) ^ a >> 3) +
		       (sha256_ror(b, 17) ^ sha256_ror(b, 19) ^ b >> 10);
	}
}

static void sha256_block(__u32 h[8], const unsigned char *p)
{
	__u32 w[64], v[8];
	int i;

	sha256_schedule(w, p);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 64; i++) {
		const __u32 e = v[4], a = v[0];
		const __u32 t1 = v[7] + sha256_k[i] + w[i] +
				 (sha256_ror(e, 6) ^ sha256_ror(e, 11) ^
				  sha256_ror(e, 25)) +
				 ((e & v[5]) ^ (~e & v[6]));
		const __u32 t2 = (sha256_ror(a, 2) ^ sha256_ror(a, 13) ^
				  sha256_ror(a, 22)) +
				 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

/* The digest of @size bytes as 64 hexadecimal digits. */
static inline void sha256_hex(const void *data, size_t size, char hex[65])
{
	__u32 h[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	const unsigned char *p = data;
	const __u64 bits = (__u64)size * 8;
	unsigned char last[128] = {};
	size_t left, i;

	for (left = size; left >= 64; left -= 64, p += 64)
		sha256_block(h, p);
	memcpy(last, p, left);
	last[left] = 0x80;
	left = left < 56 ? 64 : 128;
	for (i = 0; i < 8; i++)
		last[left - 1 - i] = bits >> (8 * i);
	for (i = 0; i < left; i += 64)
		sha256_block(h, last + i);
	for (i = 0; i < 8; i++)
		sprintf(hex + 8 * i, "%08x", h[i]);
}
