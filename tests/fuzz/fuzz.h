/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fuzz target defines: look at these bytes, return 0. Linked with libFuzzer it hunts
 * (make fuzz); linked with replay.c it runs what was found before (make fuzz-replay).
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
