// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/dumpfile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* The formats of makedumpfile: compressed, and flattened for a pipe. */
enum format { FORMAT_OTHER, FORMAT_COMPRESSED, FORMAT_FLAT };

static enum format read_format(struct sysroot_file *file)
{
	char head[12];
	struct err err = ERR_INIT;

	if (sysroot_pread(file, 0, head, sizeof(head), &err) != ST_OK)
		return FORMAT_OTHER;
	if (memcmp(head, "KDUMP   ", 8) == 0)
		return FORMAT_COMPRESSED;
	return memcmp(head, "makedumpfile", 12) == 0 ? FORMAT_FLAT : FORMAT_OTHER;
}

/* What reads the dump instead. Returns err->status. */
static int hint_makedumpfile(enum format format, struct err *err)
{
	if (format == FORMAT_FLAT)
		return err_hint(
			err, "\"makedumpfile -R COPY <FILE\" first makes a dump in order of it");
	return err_hint(err, "\"makedumpfile --dump-dmesg FILE LOG\" writes the log of it");
}

#ifdef HAVE_LIBKDUMPFILE
#include <libkdumpfile/kdumpfile.h>

/* There in a sanitized build only, where it says that an object is not lost. */
void __lsan_ignore_object(const void *object) __attribute__((weak));

/*
 * A context is never freed: of a compressed dump, sound or damaged, kdump_free() of libkdumpfile
 * 0.5.1 uses what it has freed before, and crashes (https://github.com/osandov/drgn/issues/280).
 * There is one in the life of the process.
 */
static kdump_ctx_t *new_context(void)
{
	kdump_ctx_t *context = kdump_new();

	if (context && __lsan_ignore_object)
		__lsan_ignore_object(context);
	return context;
}

/* The library's own type, whose fields are private to it. */
static kdump_ctx_t *context_of(struct dumpfile *dump)
{
	return (kdump_ctx_t *)dump;
}

static int library_failed(kdump_ctx_t *context, const char *what, struct err *err)
{
	return err_set(err, ST_BAD_INPUT, "dumpfile", "cannot %s: libkdumpfile: %s", what,
		kdump_get_err(context));
}

int dumpfile_open(struct sysroot_file *file, struct vmcore *core, struct err *err)
{
	kdump_num_t order, word_size;
	enum format format = read_format(file);
	kdump_ctx_t *context;

	if (format == FORMAT_OTHER)
		return ST_NOT_MINE;
	context = new_context();
	if (!context)
		return err_no_memory(err);
	/* A mapping of a file that is cut ends in SIGBUS. */
	if (kdump_set_number_attr(context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER) !=
			KDUMP_OK ||
		kdump_open_fd(context, sysroot_fd(file)) != KDUMP_OK ||
		kdump_set_string_attr(context, KDUMP_ATTR_OSTYPE, "linux") != KDUMP_OK ||
		kdump_get_number_attr(context, KDUMP_ATTR_BYTE_ORDER, &order) != KDUMP_OK ||
		kdump_get_number_attr(context, KDUMP_ATTR_PTR_SIZE, &word_size) != KDUMP_OK) {
		library_failed(context, "open this dump", err);
		return hint_makedumpfile(format, err);
	}
	core->big_endian = order == KDUMP_BIG_ENDIAN;
	core->word_size = word_size == 8 ? 8 : 4;
	core->dump = (struct dumpfile *)context;
	return ST_OK;
}

int dumpfile_vmcoreinfo(struct dumpfile *dump, struct blob *ret, struct err *err)
{
	char *text;
	int status = ST_OK;

	if (kdump_vmcoreinfo_raw(context_of(dump), &text) != KDUMP_OK)
		return library_failed(context_of(dump), "get VMCOREINFO", err);
	if (blob_append(ret, text, strlen(text)) != ST_OK)
		status = err_no_memory(err);
	free(text);
	return status;
}

int dumpfile_read(struct dumpfile *dump, enum dumpfile_space space, uint64_t address, void *buf,
	size_t size, struct err *err)
{
	kdump_addrspace_t type = space == DUMPFILE_VIRTUAL ? KDUMP_KVADDR : KDUMP_MACHPHYSADDR;
	size_t done = size;

	if (kdump_read(context_of(dump), type, address, buf, &done) != KDUMP_OK || done != size) {
		library_failed(context_of(dump), "read memory", err);
		return err_prefix(err, "%s address 0x%" PRIx64,
			space == DUMPFILE_VIRTUAL ? "kernel" : "physical", address);
	}
	return ST_OK;
}

#else

int dumpfile_open(struct sysroot_file *file, struct vmcore *core, struct err *err)
{
	enum format format = read_format(file);

	(void)core;
	if (format == FORMAT_OTHER)
		return ST_NOT_MINE;
	err_set(err, ST_UNSUPPORTED, "dumpfile-missing",
		"this dump is %s by makedumpfile, and this program was built without "
		"--with-libkdumpfile, which reads such",
		format == FORMAT_FLAT ? "flattened" : "compressed");
	return hint_makedumpfile(format, err);
}

/* Without an open dump there is none to use. */
int dumpfile_vmcoreinfo(struct dumpfile *dump, struct blob *ret, struct err *err)
{
	(void)dump;
	(void)ret;
	return err_set(err, ST_BUG, "dumpfile", "there is no dump");
}

int dumpfile_read(struct dumpfile *dump, enum dumpfile_space space, uint64_t address, void *buf,
	size_t size, struct err *err)
{
	(void)space;
	(void)address;
	(void)buf;
	(void)size;
	return dumpfile_vmcoreinfo(dump, NULL, err);
}

#endif
