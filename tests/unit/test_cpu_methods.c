// SPDX-License-Identifier: GPL-2.0-only
/* Can the CPUs be stopped? In trees and in whole machines. */
#include "tests/unit/tree.h"

#include "kexec/system/cpu_methods.h"
#include "kexec/system/machine.h"
#include "tests/unit/load_machine.h"

/* A tree with a node for each method; NULL is one without, and "" ends them. */
static struct span tree_with(struct tree *tree, const char *const *methods)
{
	tree_begin(tree);
	tree_node(tree, "cpus");
	for (size_t i = 0; !methods[i] || methods[i][0]; i++) {
		char name[32];

		snprintf(name, sizeof(name), "cpu@%zu", i);
		tree_node(tree, name);
		tree_string(tree, "device_type", "cpu");
		if (methods[i])
			tree_string(tree, "enable-method", methods[i]);
		tree_end(tree);
	}
	tree_node(tree, "l2-cache");
	tree_string(tree, "device_type", "cache");
	tree_end(tree);
	tree_end(tree);
	return tree_finish(tree);
}

static void methods_of_trees(void **state)
{
	static const struct {
		const char *methods[4];
		enum cpus_stop answer;
	} cases[] = {
		{ { "psci", "psci", "" }, CPUS_STOP_YES },
		{ { "spin-table", "spin-table", "" }, CPUS_STOP_NO },
		{ { NULL, "spin-table", "" }, CPUS_STOP_NO },
		{ { NULL, NULL, "" }, CPUS_STOP_NO },
		{ { "psci-like", "psc", "" }, CPUS_STOP_NO },
		{ { "psci", "spin-table", "" }, CPUS_STOP_UNKNOWN },
		{ { "psci", NULL, "" }, CPUS_STOP_UNKNOWN },
		{ { "" }, CPUS_STOP_UNKNOWN },
	};
	struct tree tree;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			cpu_methods_from_tree(tree_with(&tree, cases[i].methods)), cases[i].answer);
	assert_int_equal(cpu_methods_from_tree((struct span){ NULL, 0 }), CPUS_STOP_UNKNOWN);
}

static enum cpus_stop machine_with(struct tmproot *tmp, const char *possible)
{
	struct machine machine = { .cmdline = NULL };
	struct err err = ERR_INIT;
	enum cpus_stop answer;

	if (possible)
		tmproot_text(tmp, CPU_DIR "/possible", possible);
	if (machine_read(tmp->root, false, &machine, NULL, &err))
		fail_msg("%s", err.text);
	answer = cpu_methods_read(
		tmp->root, blob_span(&machine.fdt), &machine.firmware, &machine.config);
	machine_done(&machine);
	return answer;
}

static void one_possible_cpu_needs_no_method(void **state)
{
	static const char *const spin[] = { "spin-table", "spin-table", "" };
	struct tmproot tmp;
	struct tree tree;
	struct span fdt = tree_with(&tree, spin);

	(void)state;
	lm_init(&tmp);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	assert_int_equal(machine_with(&tmp, "0-1\n"), CPUS_STOP_NO);
	assert_int_equal(cpu_methods_look(tmp.root), CPUS_STOP_NO);
	assert_int_equal(machine_with(&tmp, "0\n"), CPUS_STOP_YES);
	assert_int_equal(machine_with(&tmp, "what\n"), CPUS_STOP_UNKNOWN);
	tmproot_remove(&tmp, CPU_DIR "/possible");
	assert_int_equal(machine_with(&tmp, NULL), CPUS_STOP_UNKNOWN);
	tmproot_done(&tmp);
}

static void kernel_without_cpu_hotplug_stops_none(void **state)
{
	static const char *const psci[] = { "psci", "psci", "" };
	struct tmproot tmp;
	struct tree tree;
	struct span fdt = tree_with(&tree, psci);

	(void)state;
	lm_init(&tmp);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	assert_int_equal(machine_with(&tmp, "0-1\n"), CPUS_STOP_YES);
	tmproot_text(&tmp, "/boot/config-7.3.4", "# CONFIG_HOTPLUG_CPU is not set\n");
	assert_int_equal(machine_with(&tmp, "0-1\n"), CPUS_STOP_NO);
	tmproot_text(&tmp, "/boot/config-7.3.4", "CONFIG_HOTPLUG_CPU=y\n");
	assert_int_equal(machine_with(&tmp, "0-1\n"), CPUS_STOP_YES);
	tmproot_done(&tmp);
}

/* A stub tree has no CPUs, and the tables say whether there is PSCI. */
static void acpi_machine_goes_by_its_tables(void **state)
{
	const struct kconfig config = { .source = NULL };
	struct firmware firmware = { .acpi = true, .psci = PSCI_SMC };
	const struct span none = { NULL, 0 };
	struct tmproot tmp;

	(void)state;
	lm_init(&tmp);
	tmproot_text(&tmp, CPU_DIR "/possible", "0-1\n");
	assert_int_equal(cpu_methods_read(tmp.root, none, &firmware, &config), CPUS_STOP_YES);
	firmware.psci = PSCI_NONE;
	assert_int_equal(cpu_methods_read(tmp.root, none, &firmware, &config), CPUS_STOP_UNKNOWN);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_of_trees),
		cmocka_unit_test(one_possible_cpu_needs_no_method),
		cmocka_unit_test(kernel_without_cpu_hotplug_stops_none),
		cmocka_unit_test(acpi_machine_goes_by_its_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
