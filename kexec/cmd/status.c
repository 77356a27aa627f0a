// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/status.h"

#include <inttypes.h>

#include "kexec/arch/arch.h"
#include "kexec/system/iomem.h"
#include "kexec/system/kconfig.h"
#include "kexec/system/kexec_state.h"
#include "kexec/system/purgatory_record.h"
#include "lib/jsonw.h"
#include "lib/sysroot.h"

#define SCHEMA_VERSION 1

/* All that is printed. */
struct overview {
	struct kexec_state state;
	struct rangeset cma; /* when cma_error is empty */
	struct err cma_error;
	struct iomem iomem;	 /* its crash regions, when iomem_error is empty */
	struct err iomem_error;	 /* as for anybody but root */
	int reload;		 /* must user space load again at a hotplug event? 0, 1 or -1 */
	const char *reload_text; /* why; static */
	struct purgatory_record purgatory; /* of the way here, when purgatory_error is empty */
	struct err purgatory_error;	   /* as for most kernels */
	struct report report;		   /* what makes no sense */
};

static void overview_done(struct overview *view)
{
	rangeset_done(&view->cma);
	iomem_done(&view->iomem);
	report_done(&view->report);
}

/* The kernel cannot do what it claims: see struct arch_ops.hotplug_needs_kexec_file. */
static bool rewrites_fail(const struct sysroot *root)
{
	struct kconfig config = { .source = NULL };
	const struct arch_ops *arch;
	const char *machine, *release;
	bool fail;

	if (sysroot_fact(root, "machine", &machine, NULL) ||
		sysroot_fact(root, "release", &release, NULL))
		return false;
	arch = arch_find(machine);
	if (!arch || !arch->hotplug_needs_kexec_file ||
		kconfig_read(root, release, &config, NULL, NULL))
		return false;
	fail = kconfig_enabled(&config, "KEXEC_FILE") == TRI_NO;
	kconfig_done(&config);
	return fail;
}

static void judge_reload(const struct sysroot *root, struct overview *view)
{
	const struct kexec_state *state = &view->state;

	view->reload = 0;
	if (state->crash_loaded == 0) {
		view->reload_text = "no, nothing is loaded";
	} else if (state->crash_loaded < 0) {
		view->reload = -1;
		view->reload_text = "not known";
	} else if (!kexec_state_hotplug_armed(state)) {
		view->reload = 1;
		view->reload_text = "yes, the kernel does not rewrite this image's elfcorehdr";
	} else if (rewrites_fail(root)) {
		view->reload = 1;
		view->reload_text = "yes, without CONFIG_KEXEC_FILE the kernel's rewrites of the "
				    "elfcorehdr fail";
	} else {
		view->reload_text = "no, the kernel rewrites the elfcorehdr";
	}
}

static void overview_read(const struct sysroot *root, struct overview *ret)
{
	struct overview view = { .iomem_error = ERR_INIT,
		.cma_error = ERR_INIT,
		.purgatory_error = ERR_INIT,
		.report = REPORT_INIT };

	kexec_state_read(root, &view.state, &view.report);
	if (kexec_state_read_cma(root, &view.cma, &view.cma_error))
		report_add(&view.report, REPORT_WARNING, "state", "%s", view.cma_error.text);
	iomem_read(root, &view.iomem, &view.iomem_error);
	judge_reload(root, &view);
	purgatory_record_read(root, &view.purgatory, &view.purgatory_error);
	*ret = view;
}

/* --- text ---------------------------------------------------------------------------- */

static const char *words(int tristate, const char *yes, const char *no)
{
	return tristate < 0 ? "not known" : tristate ? yes : no;
}

static void print_limit(FILE *out, const char *what, int64_t limit)
{
	if (limit == LOAD_LIMIT_UNKNOWN)
		fprintf(out, "loads left, %s: not known\n", what);
	else if (limit != LOAD_LIMIT_NONE)
		fprintf(out, "loads left, %s: %" PRId64 "\n", what, limit);
}

/* Nothing when this kernel was not started by a purgatory. */
static void print_purgatory(const struct overview *view, FILE *out)
{
	char text[PURGATORY_RECORD_TEXT_SIZE];

	if (view->purgatory_error.status == ST_NOT_FOUND)
		return;
	if (view->purgatory_error.status) {
		fprintf(out, "started by purgatory: not known: %s\n", view->purgatory_error.text);
		return;
	}
	purgatory_record_text(&view->purgatory, text);
	fprintf(out, "started by purgatory: %s\n", text);
}

static void print_text(const struct overview *view, FILE *out)
{
	const struct kexec_state *state = &view->state;

	fprintf(out, "kernel for a restart: %s\n", words(state->loaded, "loaded", "not loaded"));
	fprintf(out, "kernel for a panic: %s\n",
		words(state->crash_loaded, "loaded", "not loaded"));
	if (view->iomem_error.status)
		fprintf(out, "crash region: not known: %s\n", view->iomem_error.text);
	else if (view->iomem.crash.count == 0)
		fprintf(out, "crash region: none\n");
	for (size_t i = 0; i < view->iomem.crash.count; i++) {
		struct range range = view->iomem.crash.ranges[i];

		fprintf(out, "crash region: [0x%" PRIx64 ", 0x%" PRIx64 "), %" PRIu64 " bytes\n",
			range.start, range.end, range_size(range));
	}
	if (state->crash_elfcorehdr_size_odd)
		fprintf(out, "elfcorehdr: what the kernel asks for is not known\n");
	else if (state->crash_elfcorehdr_size)
		fprintf(out, "elfcorehdr: the kernel asks for %" PRIu64 " bytes\n",
			state->crash_elfcorehdr_size);
	fprintf(out, "reload at memory and CPU hotplug: %s\n", view->reload_text);
	if (state->load_disabled == 1)
		fprintf(out, "loading: switched off until the next boot "
			     "(kernel.kexec_load_disabled)\n");
	print_limit(out, "for a restart", state->load_limit_reboot);
	print_limit(out, "for a panic", state->load_limit_panic);
	if (state->lockdown_odd || state->lockdown[0])
		fprintf(out, "lockdown: %s\n", state->lockdown_odd ? "not known" : state->lockdown);
	print_purgatory(view, out);
}

/* --- JSON ---------------------------------------------------------------------------- */

static void put_limit(
	struct jsonw *writer, struct json_object *object, const char *key, int64_t limit)
{
	if (limit < 0)
		jsonw_put_null(writer, object, key);
	else
		jsonw_put_number(writer, object, key, (uint64_t)limit);
}

static struct json_object *describe_crash(struct jsonw *writer, const struct overview *view)
{
	struct json_object *object = json_object_new_object();
	const struct kexec_state *state = &view->state;

	jsonw_put_tristate(writer, object, "loaded", state->crash_loaded);
	if (view->iomem_error.status) {
		jsonw_put_null(writer, object, "regions");
		jsonw_put_text(writer, object, "regions_error", view->iomem_error.text);
	} else {
		jsonw_put(writer, object, "regions", jsonw_ranges(writer, &view->iomem.crash));
	}
	if (view->cma_error.status)
		jsonw_put_null(writer, object, "cma");
	else
		jsonw_put(writer, object, "cma", jsonw_ranges(writer, &view->cma));
	if (state->crash_elfcorehdr_size)
		jsonw_put_number(writer, object, "elfcorehdr_size", state->crash_elfcorehdr_size);
	else
		jsonw_put_null(writer, object, "elfcorehdr_size");
	jsonw_put_tristate(writer, object, "cpu_hotplug", state->cpu_hotplug);
	jsonw_put_tristate(writer, object, "memory_hotplug", state->memory_hotplug);
	jsonw_put_tristate(writer, object, "reload_needed", view->reload);
	jsonw_put_text(writer, object, "reload_reason", view->reload_text);
	put_limit(writer, object, "loads_left", state->load_limit_panic);
	return object;
}

static struct json_object *describe_purgatory(
	struct jsonw *writer, const struct purgatory_record *record)
{
	struct json_object *object = json_object_new_object();
	uint64_t nanoseconds;

	jsonw_put_text(writer, object, "result", purgatory_record_result(record));
	jsonw_put_text(writer, object, "caches", purgatory_record_caches(record));
	jsonw_put_text(writer, object, "sha256", purgatory_record_core(record));
	jsonw_put_number(writer, object, "bytes", record->bytes);
	if (purgatory_record_nanoseconds(record, &nanoseconds))
		jsonw_put_number(writer, object, "nanoseconds", nanoseconds);
	else
		jsonw_put_null(writer, object, "nanoseconds");
	jsonw_put_number(writer, object, "bad_segments", record->bad_count);
	jsonw_put_text(writer, object, "first_bad", record->bad_name[0] ? record->bad_name : NULL);
	return object;
}

static struct json_object *list_warnings(struct jsonw *writer, const struct report *report)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < report->count; i++)
		jsonw_append(writer, array, jsonw_text(report->entries[i].text));
	return array;
}

static int print_json(const struct overview *view, FILE *out, struct err *err)
{
	struct jsonw writer = { .failed = false };
	struct json_object *object = json_object_new_object();
	struct json_object *restart = json_object_new_object();
	struct blob text = BLOB_INIT;

	jsonw_put_tristate(&writer, restart, "loaded", view->state.loaded);
	put_limit(&writer, restart, "loads_left", view->state.load_limit_reboot);
	jsonw_put_text(&writer, object, "schema", "kexec-status");
	jsonw_put_number(&writer, object, "version", SCHEMA_VERSION);
	jsonw_put(&writer, object, "restart", restart);
	jsonw_put(&writer, object, "crash", describe_crash(&writer, view));
	jsonw_put_tristate(&writer, object, "load_disabled", view->state.load_disabled);
	jsonw_put_text(
		&writer, object, "lockdown", view->state.lockdown[0] ? view->state.lockdown : NULL);
	if (view->purgatory_error.status)
		jsonw_put_null(&writer, object, "purgatory");
	else
		jsonw_put(&writer, object, "purgatory",
			describe_purgatory(&writer, &view->purgatory));
	if (view->purgatory_error.status && view->purgatory_error.status != ST_NOT_FOUND)
		jsonw_put_text(&writer, object, "purgatory_error", view->purgatory_error.text);
	jsonw_put(&writer, object, "warnings", list_warnings(&writer, &view->report));
	return print_made(jsonw_finish(&writer, object, &text), &text, out, err);
}

/* --- the verbs ----------------------------------------------------------------------- */

/* From its one file, whatever the others say. */
static int answer(
	const struct request *request, const struct sysroot *root, int *ret_answer, struct err *err)
{
	const char *path;
	int loaded, result = kexec_state_loaded(root, request->crash, &loaded, &path, err);

	if (result)
		return result;
	if (loaded == STATE_UNKNOWN) {
		err_set(err, ST_SYSTEM, "status-unreadable",
			"the kernel does not say whether an image is loaded: no "
			"/sys/kernel/kexec/%sloaded, no /sys/kernel/kexec_%sloaded",
			request->crash ? "crash_" : "", request->crash ? "crash_" : "");
		return err_hint(err, "is /sys mounted? Without it the kernel has no CONFIG_KEXEC%s",
			request->crash ? " or CONFIG_CRASH_DUMP" : "");
	}
	*ret_answer = loaded;
	return ST_OK;
}

static int show_overview(const struct request *request, const struct sysroot *root,
	const struct cmd_io *io, struct err *err)
{
	struct overview view;
	int result = ST_OK;

	overview_read(root, &view);
	if (request->status == STATUS_JSON)
		result = print_json(&view, io->out, err);
	else
		print_text(&view, io->out);
	print_warnings(io, &view.report);
	overview_done(&view);
	return result;
}

int show_status(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err)
{
	struct sysroot *root;
	int result = sysroot_new(request->sysroot, &root, err);

	if (result)
		return result;
	if (request->status != STATUS_QUIET)
		result = show_overview(request, root, io, err);
	if (!result)
		result = answer(request, root, ret_answer, err);
	sysroot_free(root);
	return result;
}

int show_crash_size(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct iomem iomem = { .crash_load = { 0, 0 } };
	struct err why = ERR_INIT;
	struct sysroot *root;
	int result = sysroot_new(request->sysroot, &root, err);

	if (result)
		return result;
	if (iomem_read(root, &iomem, &why))
		fprintf(io->err, "kexec: warning: memory: %s\n", why.text);
	fprintf(io->out, "%" PRIu64 "\n", range_size(iomem.crash_load));
	iomem_done(&iomem);
	sysroot_free(root);
	return ST_OK;
}
