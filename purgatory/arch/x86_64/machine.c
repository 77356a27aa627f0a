/* SPDX-License-Identifier: GPL-2.0-only */
/* What only an x86_64 CPU can do: reach ports, change its modes, reset itself, wait. */
#include "../../arch.h"

#include "../../abi.h"
#include "abi.h"
#include "state.h"

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint64_t read_cr3(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	return cr3;
}

/* All ports; and memory by our own tables only, since the kernel's do not map devices. */
bool machine_reaches(uint64_t address)
{
	return address < PURGATORY_PORTS_END || read_cr3() != cpu_state.cr3;
}

/* A console's registers are bytes when they are ports; see PURGATORY_PORTS_END. */
uint32_t mmio_read(uint64_t address, uint32_t width)
{
	if (address < PURGATORY_PORTS_END)
		return in8((uint16_t)address);
	if (width == 1)
		return *(const volatile uint8_t *)(uintptr_t)address;
	if (width == 2)
		return *(const volatile uint16_t *)(uintptr_t)address;
	return *(const volatile uint32_t *)(uintptr_t)address;
}

void mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	if (address < PURGATORY_PORTS_END)
		out8((uint16_t)address, (uint8_t)value);
	else if (width == 1)
		*(volatile uint8_t *)(uintptr_t)address = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)(uintptr_t)address = (uint16_t)value;
	else
		*(volatile uint32_t *)(uintptr_t)address = value;
}

/* VGA's text mode 3, in the first MiB, which the kernel's tables map whole and the planner's do
 * where it is asked for: the last of the lines is written, and goes up. */
#define SCREEN_WORDS	 ((volatile uint16_t *)(uintptr_t)PURGATORY_SCREEN_START)
#define SCREEN_COLUMNS	 80
#define SCREEN_ROWS	 25
#define SCREEN_LAST	 (SCREEN_COLUMNS * (SCREEN_ROWS - 1))
#define SCREEN_ATTRIBUTE 0x0700 /* light grey on black */

static void scroll(void)
{
	for (int i = 0; i < SCREEN_LAST; i++)
		SCREEN_WORDS[i] = SCREEN_WORDS[i + SCREEN_COLUMNS];
	for (int i = 0; i < SCREEN_COLUMNS; i++)
		SCREEN_WORDS[SCREEN_LAST + i] = SCREEN_ATTRIBUTE | ' ';
}

void machine_screen_put(uint32_t *column, char c)
{
	if (c == '\r')
		return;
	if (*column >= SCREEN_COLUMNS) {
		scroll();
		*column = 0;
	}
	if (c == '\n')
		*column = SCREEN_COLUMNS;
	else
		SCREEN_WORDS[SCREEN_LAST + (*column)++] = SCREEN_ATTRIBUTE | (uint8_t)c;
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid ret;

	__asm__ volatile("cpuid"
			 : "=a"(ret.eax), "=b"(ret.ebx), "=c"(ret.ecx), "=d"(ret.edx)
			 : "a"(leaf), "c"(0));
	return ret;
}

/* Intel SDM, volume 2, CPUID; AMD APM, volume 3, appendix E. */
#define LEAF1_ECX_SSSE3	     (1u << 9)
#define LEAF1_ECX_SSE41	     (1u << 19)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define LEAF7_EBX_BMI2	     (1u << 8)
#define LEAF7_EBX_SHA	     (1u << 29)
#define LEAF_TSC	     0x15 /* ebx / eax: ticks of the TSC per tick of a crystal of ecx Hz */
#define LEAF_HYPERVISOR	     0x40000000
#define LEAF_HYPERVISOR_TSC  0x40000010 /* eax: kHz, where the hypervisor says so */

/* As lib/sha256_x86_64.c asks in the tool. What BMI2 has for general registers needs nothing
 * opened. */
static enum sha256_core best_core(void)
{
	uint32_t ecx = cpuid(1).ecx, ebx = cpuid(0).eax >= 7 ? cpuid(7).ebx : 0;

	if (!(ecx & LEAF1_ECX_SSSE3))
		return SHA256_PLAIN;
	if (ecx & LEAF1_ECX_SSE41 && ebx & LEAF7_EBX_SHA)
		return SHA256_CPU;
	return ebx & LEAF7_EBX_BMI2 ? SHA256_VECTOR : SHA256_PLAIN;
}

/*
 * The kernel has left the vector registers closed (CR4.OSFXSR) but not forbidden (CR0.EM and TS
 * are clear). MXCSR stays as it is: the instructions are about integers.
 */
enum sha256_core machine_sha256_core(uint32_t flags)
{
	enum sha256_core core = best_core();
	uint64_t cr4;

	(void)flags;
	if (core == SHA256_PLAIN)
		return core;
	cpu_state.vectors = 1;
	__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4"
			 : "=&r"(cr4)
			 : "ri"(CR4_OSFXSR)
			 : "memory");
	return core;
}

unsigned int machine_tables_set(void)
{
	return cpu_state.cr4 & CR4_LA57 ? PURGATORY_TABLES_5_LEVELS : PURGATORY_TABLES_4_LEVELS;
}

/* The caches have been on from the start. With tables a console in memory is reached, too. */
uint32_t machine_cache_on(const struct purgatory_tables *tables)
{
	if (tables->size != 0)
		__asm__ volatile("mov %0, %%cr3" ::"r"(tables->root) : "memory");
	return PURGATORY_CACHES_ON;
}

/* What the caches hold is what memory holds, to everybody who asks. */
void machine_cache_clean(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}

/* Never read ahead of what it is to time. */
uint64_t machine_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t rate_by_crystal(void)
{
	struct cpuid tsc;

	if (cpuid(0).eax < LEAF_TSC)
		return 0;
	tsc = cpuid(LEAF_TSC);
	return tsc.eax == 0 ? 0 : (uint64_t)tsc.ecx * tsc.ebx / tsc.eax;
}

static uint64_t rate_by_hypervisor(void)
{
	uint32_t last;

	if (!(cpuid(1).ecx & LEAF1_ECX_HYPERVISOR))
		return 0;
	last = cpuid(LEAF_HYPERVISOR).eax;
	if (last < LEAF_HYPERVISOR_TSC || last > LEAF_HYPERVISOR + 0xff)
		return 0;
	return (uint64_t)cpuid(LEAF_HYPERVISOR_TSC).eax * 1000;
}

uint32_t machine_tick_rate(void)
{
	uint64_t rate = rate_by_crystal();

	if (rate == 0)
		rate = rate_by_hypervisor();
	return rate > UINT32_MAX ? 0 : (uint32_t)rate;
}

/* By a port that nobody listens to, each access to which takes about a microsecond. */
#define DELAY_PORT 0x80

static void wait_us(uint32_t us)
{
	while (us-- > 0)
		out8(DELAY_PORT, 0);
}

/* A chipset takes some milliseconds to do what its register was told (ACPI 6.5, 4.8.3.6). */
#define RESET_PATIENCE_US 15000

static void reset_by_acpi(uint32_t how)
{
	uint16_t port = (uint16_t)(how >> 16);

	if (port == 0)
		return;
	out8(port, (uint8_t)(how >> 8));
	wait_us(RESET_PATIENCE_US);
}

/* The reset control register: a hard reset, first prepared, then done. */
static void reset_by_chipset(void)
{
	out8(0xcf9, 0x02);
	wait_us(50);
	out8(0xcf9, 0x06);
	wait_us(RESET_PATIENCE_US);
}

/* The controller pulses the line that its output port has to the CPU, once it takes commands. */
static void reset_by_keyboard(void)
{
	for (int i = 0; i < RESET_PATIENCE_US && in8(0x64) & 0x02; i++)
		wait_us(1);
	out8(0x64, 0xfe);
	wait_us(RESET_PATIENCE_US);
}

/* Without a descriptor for the exception, nor for what follows from that, a CPU shuts down. */
static void reset_by_triple_fault(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" ::"m"(none));
}

void machine_reset(uint32_t how)
{
	if (how == PURGATORY_RESET_NONE)
		return;
	reset_by_acpi(how);
	reset_by_chipset();
	reset_by_keyboard();
	reset_by_triple_fault();
}

/* No hypervisor of this family has terminals: its guests have UARTs. */
bool machine_terminal_put(uint64_t terminal, char c)
{
	(void)terminal;
	(void)c;
	return false;
}

_Noreturn void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}
