// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/crash_region.h"

#include <inttypes.h>

#include "lib/checked.h"

#define BASE_PATH "/proc/device-tree/chosen/linux,crashkernel-base"
#define SIZE_PATH "/proc/device-tree/chosen/linux,crashkernel-size"

/* More than a number that is right has, to be able to say what was found. */
#define NUMBER_MAX 64

static int read_number(struct span bytes, const char *path, uint64_t *ret, struct err *err)
{
	if (bytes.size != 8)
		return err_set(err, ST_BAD_INPUT, "crash-region-tree",
			"%s: found %zu bytes, wanted the 8 of a number", path, bytes.size);
	*ret = (uint64_t)load_be32(bytes.data) << 32 | load_be32(bytes.data + 4);
	return ST_OK;
}

int crash_region_parse(
	struct span base, struct span size, uint64_t now, struct range *ret, struct err *err)
{
	struct range range = { 0, 0 };
	uint64_t bytes = 0;
	int status = read_number(base, BASE_PATH, &range.start, err);

	if (!status)
		status = read_number(size, SIZE_PATH, &bytes, err);
	if (status)
		return status;
	if (!add_u64(range.start, bytes, &range.end))
		return err_set(err, ST_BAD_INPUT, "crash-region-tree",
			SIZE_PATH ": no memory has 0x%" PRIx64 " bytes at 0x%" PRIx64, bytes,
			range.start);
	if (now < bytes)
		range.end = range.start + now;
	*ret = range;
	return ST_OK;
}

/* What is not there, or not for everybody, says nothing. */
static uint64_t size_now(const struct sysroot *root)
{
	static const char *const paths[] = { "/sys/kernel/kexec/crash_size",
		"/sys/kernel/kexec_crash_size" };
	uint64_t size;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (sysroot_read_u64(root, paths[i], 10, &size, NULL) == ST_OK)
			return size;
	return UINT64_MAX;
}

int crash_region_read(const struct sysroot *root, struct range *ret, struct err *err)
{
	struct blob base = BLOB_INIT, size = BLOB_INIT;
	int status;

	*ret = (struct range){ 0, 0 };
	if (!sysroot_exists(root, BASE_PATH))
		return ST_OK;
	status = sysroot_read(root, BASE_PATH, NUMBER_MAX, &base, err);
	if (!status)
		status = sysroot_read(root, SIZE_PATH, NUMBER_MAX, &size, err);
	if (!status)
		status = crash_region_parse(
			blob_span(&base), blob_span(&size), size_now(root), ret, err);
	blob_done(&base);
	blob_done(&size);
	return status;
}
