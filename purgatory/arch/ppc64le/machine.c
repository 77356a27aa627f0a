/* SPDX-License-Identifier: GPL-2.0-only */
/* What only a POWER CPU under a hypervisor can do, and what its kernels need to find done. */
#include "../../arch.h"

#include <stddef.h>

#include "../../abi.h"
#include "abi.h"
#include "boot_cpu.h"
#include "state.h"

/* Hypercalls (Linux on Power Architecture Reference, 14.5.3 and 16.6). */
#define H_PUT_TERM_CHAR 0x58
#define H_SUCCESS	0
#define H_BUSY		1
#define H_LONG_BUSY_MIN 9900
#define H_LONG_BUSY_MAX 9905

/* Calls of a busy hypervisor before its terminal is given up: some tenths of a second. */
#define PATIENCE (1u << 18)

/* Memory that may be anything; at 0 too, which is no null pointer here. */
typedef volatile uint64_t __attribute__((may_alias)) memory_word;
typedef volatile uint32_t __attribute__((may_alias)) memory_half;

/* One character, in the highest byte of the first word. */
static int64_t put_term_char(uint64_t terminal, char c)
{
	register uint64_t r3 __asm__("r3") = H_PUT_TERM_CHAR;
	register uint64_t r4 __asm__("r4") = terminal;
	register uint64_t r5 __asm__("r5") = 1;
	register uint64_t r6 __asm__("r6") = (uint64_t)(uint8_t)c << 56;
	register uint64_t r7 __asm__("r7") = 0;

	__asm__ volatile("sc 1"
			 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
			 :
			 : "r0", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5",
			 "cr6", "cr7", "memory");
	return (int64_t)r3;
}

bool machine_terminal_put(uint64_t terminal, char c)
{
	for (uint32_t i = 0; i < PATIENCE; i++) {
		int64_t answer = put_term_char(terminal, c);

		if (answer == H_SUCCESS)
			return true;
		if (answer != H_BUSY && (answer < H_LONG_BUSY_MIN || answer > H_LONG_BUSY_MAX))
			break;
	}
	return false;
}

/* There is none. */
void machine_screen_put(uint32_t *column, char c)
{
	(void)column;
	(void)c;
}

/* No device registers: in real mode an access would be one to memory. */
bool machine_reaches(uint64_t address)
{
	(void)address;
	return false;
}

uint32_t mmio_read(uint64_t address, uint32_t width)
{
	(void)address;
	(void)width;
	return 0;
}

void mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	(void)address;
	(void)width;
	(void)value;
}

/* The vector registers may be closed, and plain code runs out of the caches as it is. */
enum sha256_core machine_sha256_core(uint32_t flags)
{
	(void)flags;
	return SHA256_PLAIN;
}

unsigned int machine_tables_set(void)
{
	return 0;
}

/* In real mode memory is read through the caches, without any tables. */
uint32_t machine_cache_on(const struct purgatory_tables *tables)
{
	(void)tables;
	return PURGATORY_CACHES_ON;
}

/* What the caches hold is what memory holds, to everybody who asks. */
void machine_cache_clean(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}

/* The parameters, which stand in front of the stack and do not move. */
extern const struct purgatory_params purgatory_params __attribute__((visibility("hidden")));

uint64_t machine_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mfspr %0, 268" : "=r"(ticks)::"memory");
	return ticks;
}

uint32_t machine_tick_rate(void)
{
	return (uint32_t)purgatory_params.own[PPC64LE_OWN_TICK_RATE];
}

static uint32_t cell(uint32_t value)
{
	return __builtin_bswap32(value);
}

/* RTAS's only argument block that has no arguments: token, how many go in, how many come out. */
void machine_reset(uint32_t how)
{
	const uint64_t *own = purgatory_params.own;
	uint64_t rtas = own[PPC64LE_OWN_RTAS];
	uint32_t arguments[4];

	if (how != PURGATORY_RESET_RTAS || rtas == 0)
		return;
	arguments[0] = cell((uint32_t)own[PPC64LE_OWN_RTAS_RESET]);
	arguments[1] = cell(0);
	arguments[2] = cell(1);
	arguments[3] = 0;
	__asm__ volatile("" ::"r"(arguments) : "memory");
	ppc64le_rtas((uint64_t)(uintptr_t)arguments, rtas & UINT32_MAX, rtas >> 32);
}

/* At the lowest priority, so that a sibling thread has the core. */
_Noreturn void machine_halt(void)
{
	for (;;)
		__asm__ volatile("or 31, 31, 31");
}

/* --- what the new kernel finds done ----------------------------------------------------- */

/* The beginning of memory still is the crashed kernel's, but for the block (PPC64LE_BLOCK_SIZE). */
static void save_beginning(uint64_t to)
{
	uint64_t from = 0;

	for (; from < PPC64LE_BACKUP_SIZE; from += sizeof(memory_word)) {
		memory_word *source;

		/* A compiler must not know that this begins at 0. */
		__asm__("" : "=r"(source) : "0"(from));
		*(memory_word *)(uintptr_t)(to + from) = *source;
	}
}

/* Else it would move to 0, over what is to be dumped. */
static void tell_to_stay(const struct purgatory_params *params)
{
	memory_half *word = (memory_half *)(uintptr_t)(params->kernel_entry + PPC64LE_RUN_AT_LOAD);

	if (*word == PPC64LE_RUN_AT_0)
		*word = PPC64LE_RUN_HERE;
}

void ppc64le_hand_over(const struct purgatory_params *params)
{
	uint64_t backup = params->own[PPC64LE_OWN_BACKUP];

	ppc64le_tell_boot_cpu(params->handed, params->handed_size, (uint32_t)cpu_state.id);
	if (backup == 0 || backup % PPC64LE_BACKUP_SIZE != 0)
		return;
	save_beginning(backup);
	tell_to_stay(params);
}
