/* SPDX-License-Identifier: GPL-2.0-only */
/* A span borrows bytes, a blob owns them. */
#ifndef LIB_BYTES_H
#define LIB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *data;
	size_t size;
};

/* Owned bytes. One more byte than size is always allocated and zero, so that text read from
 * a file is also a C string (which ends early if the file holds a NUL byte). */
struct blob {
	uint8_t *data; /* may be NULL when empty */
	size_t size;
	size_t capacity; /* usable bytes, not counting that NUL */
};

#define BLOB_INIT                                                                                  \
	{                                                                                          \
		.data = NULL                                                                       \
	}

/* Free the bytes and leave an empty blob. NULL is fine. */
void blob_done(struct blob *blob);

/* Make room for at least capacity bytes in all, keeping content. ST_NO_MEMORY. */
int blob_reserve(struct blob *blob, size_t capacity);

/* Append; data must not be the blob's own bytes. ST_NO_MEMORY leaves the blob as it was. */
int blob_append(struct blob *blob, const void *data, size_t size);

/* Allocate size zero bytes into an empty blob. ST_NO_MEMORY. */
int blob_zeroed(struct blob *blob, size_t size);

/* Give unused capacity back. Cannot fail. */
void blob_trim(struct blob *blob);

/* Take the bytes out of *from, which is left empty. */
struct blob blob_take(struct blob *from);

static inline struct span blob_span(const struct blob *blob)
{
	return (struct span){ blob->data, blob->size };
}

/* [offset, offset + size) of span, or false when that is not wholly inside. */
bool span_slice(struct span span, uint64_t offset, uint64_t size, struct span *ret);

bool span_starts_with(struct span span, const void *prefix, size_t size);

/* Unsigned loads of any alignment and explicit byte order; the caller has checked bounds. */
static inline uint16_t load_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}
static inline uint32_t load_le32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)load_le16(b) | (uint32_t)load_le16(b + 2) << 16;
}
static inline uint64_t load_le64(const void *p)
{
	const uint8_t *b = p;

	return (uint64_t)load_le32(b) | (uint64_t)load_le32(b + 4) << 32;
}
static inline uint16_t load_be16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t load_be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline uint64_t load_uint(const void *p, size_t size, bool big_endian)
{
	const uint8_t *b = p;
	uint64_t value = 0;

	/* What tables are made of: one instruction each. */
	if (!big_endian && size == 8)
		return load_le64(p);
	if (!big_endian && size == 4)
		return load_le32(p);
	for (size_t i = 0; i < size; i++)
		value = value << 8 | b[big_endian ? i : size - 1 - i];
	return value;
}
static inline void store_be32(void *p, uint32_t v)
{
	uint8_t *b = p;

	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void store_be64(void *p, uint64_t v)
{
	store_be32(p, (uint32_t)(v >> 32));
	store_be32((uint8_t *)p + 4, (uint32_t)v);
}

static inline void store_le16(void *p, uint16_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
}
static inline void store_le32(void *p, uint32_t v)
{
	store_le16(p, (uint16_t)v);
	store_le16((uint8_t *)p + 2, (uint16_t)(v >> 16));
}
static inline void store_le64(void *p, uint64_t v)
{
	store_le32(p, (uint32_t)v);
	store_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

#endif
