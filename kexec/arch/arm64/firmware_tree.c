// SPDX-License-Identifier: GPL-2.0-only
/*
 * What firmware of arm64 machines puts into the device tree before it starts a kernel, so that a
 * board's source does not have it: how CPUs are started (Documentation/arch/arm64/booting.rst),
 * and how PSCI is called.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/system/devtree.h"

/* A kernel for 4096 CPUs is the largest that is built. */
#define CPUS_MAX 4096

/* Each edit moves the rest of the tree. Many CPUs have PSCI, which the source says; the release
 * address is of small boards. */
#define CPU_EDITS_MAX 1024

/* Properties of a PSCI node: a method, and function numbers of the oldest version. */
#define PSCI_PROPERTIES_MAX 16

#define BECAUSE_RUNNING "as in the running tree: only firmware knows it"

struct cpu {
	uint64_t id; /* its MPIDR, by "reg" */
	int node;
};

struct cpu_list {
	struct cpu *cpus; /* owned */
	size_t count;
};

struct completion {
	const void *running;
	void *fdt;
	struct plan *plan;
	struct report *report;
	struct err *err;
	size_t edits;
};

static int edit_failed(const struct completion *completion, const char *what, int code)
{
	return err_set(completion->err, code == -FDT_ERR_NOSPACE ? ST_NO_SPACE : ST_BAD_INPUT,
		code == -FDT_ERR_NOSPACE ? "fdt-too-big" : "fdt-edit", "device tree: cannot %s: %s",
		what, fdt_strerror(code));
}

/* In the order of the tree. */
static int list_cpus(const void *fdt, struct cpu_list *ret, struct err *err)
{
	ret->cpus = calloc(CPUS_MAX, sizeof(*ret->cpus));
	if (!ret->cpus)
		return err_no_memory(err);
	for (int node = devtree_first_cpu(fdt); node >= 0; node = devtree_next_cpu(fdt, node)) {
		struct cpu cpu = { .node = node };

		if (!devtree_address(fdt, node, "reg", &cpu.id))
			continue;
		if (ret->count == CPUS_MAX)
			return err_set(err, ST_BAD_INPUT, "fdt-limit",
				"the device tree has more than %d CPUs", CPUS_MAX);
		ret->cpus[ret->count++] = cpu;
	}
	return ST_OK;
}

static int compare_id(const void *a, const void *b)
{
	const struct cpu *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* What a CPU of the running tree has, and where. */
static int take_over(struct completion *completion, int from, int node, const char *path,
	const char *name, bool is_text)
{
	int length, other_length, code, status;
	const void *value = fdt_getprop(completion->running, from, name, &length);
	const void *other = fdt_getprop(completion->fdt, node, name, &other_length);
	uint64_t number = 0;

	if (!value ||
		(other && length == other_length && memcmp(value, other, (size_t)length) == 0))
		return ST_OK;
	if (is_text && (length == 0 || ((const char *)value)[length - 1] != '\0'))
		return ST_OK;
	if (++completion->edits > CPU_EDITS_MAX)
		return err_set(completion->err, ST_BAD_INPUT, "fdt-limit",
			"more than %d properties of CPUs differ from the running tree",
			CPU_EDITS_MAX);
	code = fdt_setprop(completion->fdt, node, name, value, length);
	if (code)
		return edit_failed(completion, name, code);
	devtree_address(completion->running, from, name, &number);
	if (is_text)
		status = plan_note_edit(completion->plan, "set", path, name, completion->err, "%s",
			(const char *)value);
	else
		status = plan_note_edit(
			completion->plan, "set", path, name, completion->err, "0x%" PRIx64, number);
	return plan_edit_because(completion->plan, status, BECAUSE_RUNNING);
}

static int complete_cpu(struct completion *completion, int from, int node)
{
	const char *name = fdt_get_name(completion->fdt, node, NULL);
	char path[128];
	int status;

	snprintf(path, sizeof(path), "/cpus/%s", name ? name : "");
	status = take_over(completion, from, node, path, "enable-method", true);
	return status ? status : take_over(completion, from, node, path, "cpu-release-addr", false);
}

static int complete_cpus(struct completion *completion)
{
	struct cpu_list running = { .cpus = NULL }, other = { .cpus = NULL };
	int status = list_cpus(completion->running, &running, completion->err);
	size_t found = 0;

	if (!status)
		status = list_cpus(completion->fdt, &other, completion->err);
	if (!status)
		qsort(running.cpus, running.count, sizeof(*running.cpus), compare_id);
	/* From the last one, since an edit moves the nodes behind it. */
	for (size_t i = other.count; i-- > 0 && !status;) {
		const struct cpu *from = bsearch(&other.cpus[i], running.cpus, running.count,
			sizeof(*running.cpus), compare_id);

		if (!from)
			continue;
		found++;
		status = complete_cpu(completion, from->node, other.cpus[i].node);
	}
	if (!status && running.count && found == 0)
		report_add(completion->report, REPORT_WARNING, "dtb",
			"none of the CPUs of the device tree is one of this machine: the new "
			"kernel will start no second one");
	free(running.cpus);
	free(other.cpus);
	return status;
}

/* The node that is in use; negative when there is none. */
static int find_psci(const void *fdt)
{
	static const char *const names[] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci" };
	int node = -FDT_ERR_NOTFOUND;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && node < 0; i++) {
		node = fdt_node_offset_by_compatible(fdt, -1, names[i]);
		while (node >= 0 && !devtree_is_available(fdt, node))
			node = fdt_node_offset_by_compatible(fdt, node, names[i]);
	}
	return node;
}

static int copy_psci(struct completion *completion, int from)
{
	int property, count = 0, node = fdt_add_subnode(completion->fdt, 0, "psci"), status;

	if (node < 0) {
		report_add(completion->report, REPORT_WARNING, "dtb",
			"the device tree has a /psci that is not in use, and this machine's CPUs "
			"are started by PSCI");
		return ST_OK;
	}
	fdt_for_each_property_offset (property, completion->running, from) {
		const char *name;
		int length, code;
		const void *value =
			fdt_getprop_by_offset(completion->running, property, &name, &length);

		if (!value || strcmp(name, "phandle") == 0 || ++count > PSCI_PROPERTIES_MAX)
			continue;
		code = fdt_setprop(completion->fdt, node, name, value, length);
		if (code)
			return edit_failed(completion, name, code);
	}
	status = plan_note_edit(
		completion->plan, "set", "/psci", "compatible", completion->err, "copied");
	return plan_edit_because(completion->plan, status, BECAUSE_RUNNING);
}

static int complete_psci(struct completion *completion)
{
	int from = find_psci(completion->running), node = find_psci(completion->fdt);
	char path[128];

	if (from < 0)
		return ST_OK;
	if (node < 0)
		return copy_psci(completion, from);
	if (fdt_get_path(completion->fdt, node, path, sizeof(path)))
		strcpy(path, "/psci");
	return take_over(completion, from, node, path, "method", true);
}

int arm64_complete_tree(
	const void *running, void *fdt, struct plan *plan, struct report *report, struct err *err)
{
	struct completion completion = {
		.running = running,
		.fdt = fdt,
		.plan = plan,
		.report = report,
		.err = err,
	};
	int status = complete_cpus(&completion);

	return status ? status : complete_psci(&completion);
}
