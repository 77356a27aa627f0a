/* SPDX-License-Identifier: GPL-2.0-only */
/* How a kernel starts and stops the CPUs, where that takes firmware: a restart by kexec needs all
 * but one stopped. For whom that is true is for the architecture to say. */
#ifndef KEXEC_SYSTEM_CPU_METHODS_H
#define KEXEC_SYSTEM_CPU_METHODS_H

#include "kexec/system/firmware.h"
#include "kexec/system/kconfig.h"
#include "kexec/system/kexec_state.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * From the enable-method of each CPU's node (Documentation/devicetree/bindings/arm/cpus.yaml). Of
 * the methods that kernels know only PSCI can stop a CPU; a node without any is that of a CPU of
 * which the kernel knows not even how to start it. Where both kinds are there it depends on the
 * CPU that is asked: CPUS_STOP_UNKNOWN, as without such nodes. The tree is one that was checked, or
 * empty. What cannot be read is not known.
 */
enum cpus_stop cpu_methods_from_tree(struct span fdt);

/*
 * The same for this machine, whose kernel refuses a load for a restart with EBUSY for good when it
 * has more than one possible CPU and the answer is CPUS_STOP_NO
 * (arch/arm64/kernel/smp.c:cpus_are_stuck_in_kernel). One possible CPU is CPUS_STOP_YES. With ACPI
 * the tree does not count, but whether firmware has PSCI; without CONFIG_HOTPLUG_CPU nothing can
 * stop a CPU.
 */
enum cpus_stop cpu_methods_read(const struct sysroot *root, struct span fdt,
	const struct firmware *firmware, const struct kconfig *config);

/* As far as the tree tells, for a hint. */
enum cpus_stop cpu_methods_look(const struct sysroot *root);

#endif
