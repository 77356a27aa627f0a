/* SPDX-License-Identifier: GPL-2.0-only */
/* The purgatories that were built in, as flat blobs; abi.h says what is inside. */
#ifndef PURGATORY_BLOB_H
#define PURGATORY_BLOB_H

extern const unsigned char purgatory_arm64[];
extern const unsigned long purgatory_arm64_size; /* bytes */
extern const unsigned char purgatory_ppc64le[];
extern const unsigned long purgatory_ppc64le_size;
extern const unsigned char purgatory_x86_64[];
extern const unsigned long purgatory_x86_64_size;

#endif
