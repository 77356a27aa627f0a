/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the purgatory asks of a CPU family. arch/<arch>/ implements these, and an
 * entry.S that makes a stack, calls purgatory_main() and, when that returns, enters the
 * kernel. The unit tests link their own versions, which write down what was asked.
 */
#ifndef PURGATORY_ARCH_H
#define PURGATORY_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/sha256.h"

/* Whether a device register there can be accessed, as memory is mapped now. */
bool machine_reaches(uint64_t address);

/* Read, write one device register; width is 1, 2 or 4 bytes, address a multiple of it. */
uint32_t mmio_read(uint64_t address, uint32_t width);
void mmio_write(uint64_t address, uint32_t width, uint32_t value);

/* Put one character on the machine's text screen, where it has one. *column is where, first
 * SCREEN_BEGIN: on a line of its own. Never waits. */
#define SCREEN_BEGIN UINT32_MAX
void machine_screen_put(uint32_t *column, char c);

/*
 * Hand a character to the hypervisor's terminal of this number. False when it takes none, and on a
 * CPU family whose hypervisors have none.
 */
bool machine_terminal_put(uint64_t terminal, char c);

/*
 * The fastest core that this CPU can run, as far as flags (struct purgatory_params) let it be
 * looked at. Vector registers are opened where it needs them, and closed when the kernel is
 * entered.
 */
enum sha256_core machine_sha256_core(uint32_t flags);

struct purgatory_tables;

/* Which of the sets of tables this CPU would use in the mode it is in. */
unsigned int machine_tables_set(void);

/*
 * Turn MMU and caches on by these tables, which are good. PURGATORY_CACHES_ON, or why they stay
 * off. They are turned off again when the kernel is entered. May be called again.
 */
uint32_t machine_cache_on(const struct purgatory_tables *tables);

/* Make memory hold what the caches do, to the last agent, and the caches nothing of it. */
void machine_cache_clean(uint64_t start, uint64_t size);

/* A counter that never stops and that nobody sets, and how fast it counts, in Hz; 0 if unknown. */
uint64_t machine_ticks(void);
uint32_t machine_tick_rate(void);

/* Reset the machine as purgatory_params.reset says. Returns if nothing came of it. */
void machine_reset(uint32_t how);

/* Do nothing, at little power, until someone from outside intervenes. */
_Noreturn void machine_halt(void);

#endif
