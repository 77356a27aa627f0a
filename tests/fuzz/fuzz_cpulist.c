// SPDX-License-Identifier: GPL-2.0-only
/* Short numbers in texts: CPU lists and the place of the vmcoreinfo note, of sysfs; the version of
 * an installed program. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/cpus.h"
#include "kexec/system/dump_filter.h"
#include "kexec/system/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };
	struct dump_filter filter;
	struct cpulist list;
	uint64_t paddr;
	uint64_t bytes;

	if (cpulist_parse(text, &list, NULL) == ST_OK) {
		for (size_t i = 0; i < list.count; i++) {
			assert(list.ids[i] <= 65535);
			assert(i == 0 || list.ids[i - 1] < list.ids[i]);
		}
		cpulist_done(&list);
	}
	if (machine_parse_vmcoreinfo(text, &paddr, &bytes, NULL) == ST_OK)
		assert(paddr && bytes && paddr + bytes > paddr);
	dump_filter_parse(text, &filter);
	return 0;
}
