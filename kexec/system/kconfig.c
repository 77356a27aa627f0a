// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/kconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cursor.h"
#include "lib/decompress.h"

#define KCONFIG_TEXT_MAX (8u << 20)

void kconfig_done(struct kconfig *config)
{
	blob_done(&config->text);
	free(config->source_owned);
	*config = (struct kconfig){ .text = BLOB_INIT };
}

/* The text of one file, decompressed if it is gzip. */
static int read_text(
	const struct sysroot *root, const char *path, struct blob *ret, struct err *err)
{
	struct blob raw = BLOB_INIT;
	int status;

	status = sysroot_read(root, path, KCONFIG_TEXT_MAX, &raw, err);
	if (status != ST_OK)
		return status;
	if (codec_detect(blob_span(&raw)) == CODEC_GZIP)
		status = decompress(CODEC_GZIP, blob_span(&raw), KCONFIG_TEXT_MAX, ret, err);
	else
		*ret = blob_take(&raw);
	blob_done(&raw);
	if (!status)
		status = text_clean(ret, err);
	return status ? err_prefix(err, "%s", path) : ST_OK;
}

/* Anything but ST_OK and ST_NO_MEMORY means: try the next. That this one is there is told. */
static int try_file(const struct sysroot *root, const char *path, struct kconfig *ret,
	struct report *report, struct err *err)
{
	struct kconfig config = { .text = BLOB_INIT };
	struct err why = ERR_INIT;
	int status;

	status = read_text(root, path, &config.text, &why);
	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (status == ST_OK && config.text.size == 0)
		status = ST_NOT_FOUND;
	if (status != ST_OK) {
		if (status != ST_NOT_FOUND)
			report_add(report,
				status == ST_DENIED || status == ST_UNSUPPORTED ? REPORT_CHOICE
										: REPORT_WARNING,
				"config", "%s", why.text);
		kconfig_done(&config);
		return status;
	}
	config.source_owned = strdup(path);
	if (!config.source_owned) {
		kconfig_done(&config);
		return err_no_memory(err);
	}
	config.source = config.source_owned;
	*ret = config;
	return ST_OK;
}

int kconfig_read(const struct sysroot *root, const char *release, struct kconfig *ret,
	struct report *report, struct err *err)
{
	static const char *const patterns[][2] = {
		{ "/boot/config-", "" },
		{ "/lib/modules/", "/config" },
	};
	char path[256];
	int status;
	int length;

	status = try_file(root, "/proc/config.gz", ret, report, err);
	if (status == ST_OK || status == ST_NO_MEMORY)
		return status;
	/* A release that is no single component would lead elsewhere. */
	for (size_t i = 0; i < 2 && *release && !strchr(release, '/'); i++) {
		length = snprintf(
			path, sizeof(path), "%s%s%s", patterns[i][0], release, patterns[i][1]);
		if (length < 0 || (size_t)length >= sizeof(path))
			continue;
		status = try_file(root, path, ret, report, err);
		if (status == ST_OK || status == ST_NO_MEMORY)
			return status;
	}
	*ret = (struct kconfig){ .text = BLOB_INIT };
	return ST_OK;
}

/* The value behind "CONFIG_<name>=". */
static bool find_value(const struct kconfig *config, const char *name, struct span *ret)
{
	struct cursor cursor = cursor_over(blob_span(&config->text));
	struct span line;

	while (cursor_line(&cursor, &line)) {
		if (span_skip(&line, "CONFIG_") && span_skip(&line, name) &&
			span_skip(&line, "=")) {
			*ret = span_trim(line);
			return true;
		}
	}
	return false;
}

enum tristate kconfig_enabled(const struct kconfig *config, const char *name)
{
	struct span value;

	if (config->text.size == 0)
		return TRI_UNKNOWN;
	if (!find_value(config, name, &value))
		return TRI_NO;
	return span_equals(value, "y") || span_equals(value, "m") ? TRI_YES : TRI_NO;
}

bool kconfig_number(const struct kconfig *config, const char *name, uint64_t *ret)
{
	struct span value;

	if (!find_value(config, name, &value))
		return false;
	if (span_number(value, 10, ret))
		return true;
	return span_starts_with(value, "0x", 2) && span_number(value, 16, ret);
}
