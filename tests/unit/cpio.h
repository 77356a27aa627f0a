/* SPDX-License-Identifier: GPL-2.0-only */
/* Archives as an initrd has them, small. */
#ifndef TESTS_UNIT_CPIO_H
#define TESTS_UNIT_CPIO_H

/* A header with numbers of eight digits; the name follows. */
#define CPIO_HEADER(ino, size, name_size)                                                          \
	"070701" ino "000081a4"                                                                    \
	"0000000000000000"                                                                         \
	"0000000100000000" size "00000000000000000000000000000000" name_size "00000000"

/* One without files, filled up to a multiple of 4, and with a number to tell it by. */
#define CPIO_NUMBERED(ino) CPIO_HEADER(ino, "00000000", "0000000B") "TRAILER!!!\0\0\0\0"
#define CPIO_EMPTY	   CPIO_NUMBERED("00000000")
#define CPIO_EMPTY_SIZE	   (sizeof(CPIO_EMPTY) - 1)

#endif
