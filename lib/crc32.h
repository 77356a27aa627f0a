/* SPDX-License-Identifier: GPL-2.0-only */
/* The CRC of gzip, zip and Ethernet (ISO 3309, reflected polynomial 0xedb88320). Here, and not
 * from a codec's library, since each of those may be left out of a build. */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include "lib/bytes.h"

uint32_t crc32_of(struct span bytes);

#endif
