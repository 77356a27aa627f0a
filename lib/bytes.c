// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/checked.h"
#include "lib/status.h"

void blob_done(struct blob *blob)
{
	if (!blob)
		return;
	free(blob->data);
	*blob = (struct blob)BLOB_INIT;
}

int blob_reserve(struct blob *blob, size_t capacity)
{
	uint8_t *data;
	size_t bytes;

	if (blob->data && capacity <= blob->capacity)
		return ST_OK;
	if (capacity < blob->size)
		capacity = blob->size;
	if (!add_size(capacity, 1, &bytes))
		return ST_NO_MEMORY;
	data = realloc(blob->data, bytes);
	if (!data)
		return ST_NO_MEMORY;
	data[blob->size] = 0;
	blob->data = data;
	blob->capacity = capacity;
	return ST_OK;
}

int blob_append(struct blob *blob, const void *data, size_t size)
{
	size_t need, roomy;

	if (size == 0)
		return ST_OK;
	if (!add_size(blob->size, size, &need))
		return ST_NO_MEMORY;
	if (!blob->data || need > blob->capacity) {
		/* Doubling keeps many small appends linear in all. */
		if (!mul_size(blob->capacity, 2, &roomy) || roomy < need)
			roomy = need;
		if (roomy < 64)
			roomy = 64;
		if (blob_reserve(blob, roomy) && blob_reserve(blob, need))
			return ST_NO_MEMORY;
	}
	memcpy(blob->data + blob->size, data, size);
	blob->size = need;
	blob->data[need] = 0;
	return ST_OK;
}

int blob_zeroed(struct blob *blob, size_t size)
{
	uint8_t *data;
	size_t bytes;

	assert(blob->size == 0);
	if (!add_size(size, 1, &bytes))
		return ST_NO_MEMORY;
	data = calloc(bytes, 1);
	if (!data)
		return ST_NO_MEMORY;
	free(blob->data);
	*blob = (struct blob){ .data = data, .size = size, .capacity = size };
	return ST_OK;
}

void blob_trim(struct blob *blob)
{
	uint8_t *data;

	if (!blob->data || blob->capacity == blob->size)
		return;
	data = realloc(blob->data, blob->size + 1);
	if (!data)
		return;
	blob->data = data;
	blob->capacity = blob->size;
}

struct blob blob_take(struct blob *from)
{
	struct blob taken = *from;

	*from = (struct blob)BLOB_INIT;
	return taken;
}

bool span_slice(struct span span, uint64_t offset, uint64_t size, struct span *ret)
{
	if (offset > span.size || size > span.size - offset)
		return false;
	/* Adding zero to a NULL pointer is undefined, and an empty span may hold one. */
	ret->data = offset ? span.data + offset : span.data;
	ret->size = (size_t)size;
	return true;
}

bool span_starts_with(struct span span, const void *prefix, size_t size)
{
	if (size == 0)
		return true;
	return span.size >= size && memcmp(span.data, prefix, size) == 0;
}
