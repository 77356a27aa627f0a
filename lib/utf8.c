// SPDX-License-Identifier: GPL-2.0-only
#include "lib/utf8.h"

size_t utf8_size(struct span text)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t min;
	} forms[] = { { 0xe0, 0xc0, 0xa0 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t size = i + 2;
		uint32_t code;

		if ((text.data[0] & forms[i].mask) != forms[i].lead || text.size < size)
			continue;
		code = text.data[0] & (uint8_t)~forms[i].mask;
		for (size_t n = 1; n < size; n++) {
			if ((text.data[n] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text.data[n] & 0x3f);
		}
		if (code < forms[i].min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return 0;
		return size;
	}
	return 0;
}
