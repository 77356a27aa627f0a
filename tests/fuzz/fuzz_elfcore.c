// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <string.h>

#include "lib/elfcore.h"
#include "tests/fuzz/fuzz.h"

/* The same program headers, one after the other from the end. */
static void look_without_keeping(const struct elfcore_source *source, const struct elfcore *kept)
{
	const struct elfcore_phdr *phdr;
	struct err err = ERR_INIT;
	struct elfcore core;

	assert(elfcore_open(source, &core, &err) == ST_OK);
	assert(core.phdrs_count == kept->phdrs_count);
	for (size_t i = core.phdrs_count; i-- > 0;) {
		assert(elfcore_phdr(&core, i, &phdr, &err) == ST_OK);
		assert(memcmp(phdr, &kept->phdrs[i], sizeof(*phdr)) == 0);
	}
	elfcore_done(&core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { data, size };
	struct elfcore_source source = elfcore_from_span(&bytes);
	struct elfcore_note note = { .phdr = 0 };
	struct blob text = BLOB_INIT;
	struct err err = ERR_INIT;
	struct elfcore core;
	uint8_t buf[64];
	size_t notes = 0;
	bool more;

	if (elfcore_read(&source, &core, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return 0;
	}
	assert(core.phdrs_count * 32 <= size);
	look_without_keeping(&source, &core);
	while (elfcore_next_note(&core, &note, &more, &err) == ST_OK && more)
		assert(++notes <= core.phdrs_count * size);
	if (elfcore_vmcoreinfo(&core, &text, &err) == ST_OK)
		assert(text.size <= size);
	blob_done(&text);
	for (size_t i = 0; i < core.phdrs_count && i < 64; i++) {
		const struct elfcore_phdr *phdr = &core.phdrs[i];

		elfcore_read_virtual(&core, phdr->vaddr, buf, sizeof(buf), &err);
		elfcore_read_physical(
			&core, phdr->paddr + phdr->filesz - 1, buf, sizeof(buf), &err);
	}
	elfcore_done(&core);
	return 0;
}
