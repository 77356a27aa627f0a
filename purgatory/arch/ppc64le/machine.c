/* SPDX-License-Identifier: GPL-2.0-only */
/* What only a POWER CPU under a hypervisor can do, and what its kernels need to find done. */
#include "../../arch.h"

#include <stddef.h>

#include "../../abi.h"
#include "../../purgatory.h"
#include "abi.h"
#include "state.h"
#include "tree.h"

/* Hypercalls (Linux on Power Architecture Reference, 14.5.3 and 16.6). */
#define H_READ		0x0c
#define H_PUT_TERM_CHAR 0x58
#define H_SUCCESS	0
#define H_BUSY		1
#define H_LONG_BUSY_MIN 9900
#define H_LONG_BUSY_MAX 9905

/* Of a hash table the bytes of an entry, and how large it may be: powers of two. */
#define HASH_ENTRY 4
#define HASH_MIN   18
#define HASH_MAX   46

/* Calls of a busy hypervisor before its terminal is given up: some tenths of a second. */
#define PATIENCE (1u << 18)

/*
 * The vectors (Power ISA 3.0B, book III, 6.5): one in each 32 bytes, from behind the block in which
 * the other CPUs wait, and what they lead to.
 */
#define VECTORS		PPC64LE_BLOCK_SIZE
#define VECTORS_APART	0x20
#define VECTORS_TARGETS 0x1000
#define VECTORS_END	(VECTORS_TARGETS + 2 * VECTOR_TARGET_SIZE)

#define VECTOR_SYSTEM_RESET  0x100
#define VECTOR_MACHINE_CHECK 0x200
#define VECTOR_DATA	     0x300
#define VECTOR_DATA_SEGMENT  0x380
#define VECTOR_ALIGNMENT     0x600

/* The shortest that any has. */
#define CACHE_LINE 32

/* Memory that may be anything; at 0 too, which is no null pointer here. */
typedef volatile uint64_t __attribute__((may_alias)) memory_word;
typedef volatile uint32_t __attribute__((may_alias)) memory_half;

static int64_t hypercall(uint64_t number, uint64_t first, uint64_t second, uint64_t third)
{
	register uint64_t r3 __asm__("r3") = number;
	register uint64_t r4 __asm__("r4") = first;
	register uint64_t r5 __asm__("r5") = second;
	register uint64_t r6 __asm__("r6") = third;
	register uint64_t r7 __asm__("r7") = 0;

	__asm__ volatile("sc 1"
			 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
			 :
			 : "r0", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5",
			 "cr6", "cr7", "memory");
	return (int64_t)r3;
}

/* One character, in the highest byte of the first word. */
static int64_t put_term_char(uint64_t terminal, char c)
{
	return hypercall(H_PUT_TERM_CHAR, terminal, 1, (uint64_t)(uint8_t)c << 56);
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

/* No register says whether the CPU has the instructions, as the hypervisor lets it have them. */
enum sha256_core machine_sha256_core(uint32_t flags)
{
	(void)flags;
	return cpu_state.vectors && ppc64le_has_sha256() ? SHA256_CPU : SHA256_PLAIN;
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

/* A compiler must not know that memory begins at 0. */
static memory_word *low_memory(uint64_t address)
{
	memory_word *word;

	__asm__("" : "=r"(word) : "0"(address));
	return word;
}

/* Where a dump has the beginning of memory; 0 for nowhere. */
static uint64_t backup_of(const struct purgatory_params *params)
{
	uint64_t backup = params->own[PPC64LE_OWN_BACKUP];

	return backup % PPC64LE_BACKUP_SIZE == 0 ? backup : 0;
}

__attribute__((noinline)) static void save(uint64_t backup, uint64_t from, uint64_t to)
{
	for (; from < to; from += sizeof(memory_word))
		*(memory_word *)(uintptr_t)(backup + from) = *low_memory(from);
}

/* The hypervisor tells of each entry that there is, and of no other. 0 where it tells of none. */
static uint32_t hash_table_shift(void)
{
	for (uint32_t shift = HASH_MAX; shift >= HASH_MIN; shift--)
		if (hypercall(H_READ, 0, (UINT64_C(1) << (shift - HASH_ENTRY)) - 1, 0) == H_SUCCESS)
			return shift;
	return 0;
}

static void tell_hash_table(const struct purgatory_params *params)
{
	uint32_t shift = 0;

	/* Without a hypervisor the table is where the tree says, and nobody answers a call. */
	if (params->flags & PURGATORY_HASHED && !(cpu_state.msr >> MSR_HV & 1))
		shift = hash_table_shift();
	if (shift != 0)
		ppc64le_tell_hash_table(params->handed, params->handed_size, shift);
}

/* Else it would move to 0, over what is to be dumped. */
static void tell_to_stay(const struct purgatory_params *params)
{
	memory_half *word = (memory_half *)(uintptr_t)(params->kernel_entry + PPC64LE_RUN_AT_LOAD);

	if (*word == PPC64LE_RUN_AT_0)
		*word = PPC64LE_RUN_HERE;
}

/* The beginning of memory still is the crashed kernel's, but for the block (PPC64LE_BLOCK_SIZE) and
 * for what the vectors took the place of. */
static void save_beginning(uint64_t backup)
{
	save(backup, 0, PPC64LE_BLOCK_SIZE);
	if (!cpu_state.vectors)
		save(backup, PPC64LE_BLOCK_SIZE, VECTORS_END);
	save(backup, VECTORS_END, PPC64LE_BACKUP_SIZE);
}

void ppc64le_hand_over(const struct purgatory_params *params)
{
	uint64_t backup = backup_of(params);

	for (;;) {
		switch (cpu_state.step++) {
		case 0:
			if (backup != 0)
				tell_to_stay(params);
			break;
		case 1:
			ppc64le_tell_boot_cpu(
				params->handed, params->handed_size, (uint32_t)cpu_state.id);
			break;
		case 2:
			tell_hash_table(params);
			break;
		case 3:
			if (backup != 0)
				save_beginning(backup);
			break;
		default:
			return;
		}
	}
}

/* --- exceptions ------------------------------------------------------------------------- */

/*
 * Each vector is three instructions. As it comes in big-endian mode, the CPU takes the first for a
 * trap that is never taken, as it comes in little-endian mode for a branch over the next.
 */
#define VECTOR_NEITHER	0x48000008	     /* b .+8, and, of the other order, tdi 0, r0, 0x48 */
#define VECTOR_CALL(to) (0x48000003u | (to)) /* bla */
#define RFID		0x4c000024

static uint32_t big_endian(uint32_t instruction)
{
	return __builtin_bswap32(instruction);
}

static void put_vector(uint64_t address, uint32_t in_big_endian, uint32_t in_little_endian)
{
	*low_memory(address) = (uint64_t)big_endian(in_big_endian) << 32 | VECTOR_NEITHER;
	*low_memory(address + 8) = in_little_endian;
}

/* So that no CPU runs what was there before. */
static void synchronize(uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += CACHE_LINE)
		__asm__ volatile("dcbst 0, %0" ::"r"(at) : "memory");
	__asm__ volatile("sync" ::: "memory");
	for (uint64_t at = start; at < end; at += CACHE_LINE)
		__asm__ volatile("icbi 0, %0" ::"r"(at) : "memory");
	__asm__ volatile("sync; isync" ::: "memory");
}

void ppc64le_take_vectors(const struct purgatory_params *params)
{
	uint64_t backup = backup_of(params);

	if (!purgatory_is_as_planned(params))
		return;
	if (backup != 0)
		save(backup, VECTORS, VECTORS_END);
	for (uint64_t at = VECTORS; at < VECTORS_TARGETS; at += VECTORS_APART)
		put_vector(at, VECTOR_CALL(VECTORS_TARGETS),
			VECTOR_CALL(VECTORS_TARGETS + VECTOR_TARGET_SIZE));
	put_vector(VECTOR_SYSTEM_RESET, RFID, RFID);
	for (uint64_t i = 0; i < sizeof(from_vectors) / sizeof(from_vectors[0]); i++)
		low_memory(VECTORS_TARGETS)[i] = from_vectors[i];
	synchronize(VECTORS, VECTORS_END);
	cpu_state.vectors = 1;
}

void ppc64le_fault(const struct purgatory_params *params, struct purgatory_outcome *outcome,
	uint64_t depth, uint64_t vector, uint64_t pc, uint64_t srr1)
{
	uint64_t cause = (uint32_t)srr1, address = 0;

	if (vector == VECTOR_MACHINE_CHECK || vector == VECTOR_DATA || vector == VECTOR_ALIGNMENT)
		__asm__ volatile("mfdsisr %0" : "=r"(cause));
	if (vector == VECTOR_MACHINE_CHECK || vector == VECTOR_DATA ||
		vector == VECTOR_DATA_SEGMENT || vector == VECTOR_ALIGNMENT)
		__asm__ volatile("mfdar %0" : "=r"(address));
	purgatory_fault(params, outcome, depth, vector << 32 | (uint32_t)cause, pc, address);
}
