/* SPDX-License-Identifier: GPL-2.0-only */
/* What only an arm64 CPU can do: reach device registers, call firmware, wait. */
#include "../../arch.h"

#include "abi.h"
#include "regs.h"

/* Power State Coordination Interface, DEN 0022, 5.9; a fast call without arguments. */
#define PSCI_SYSTEM_RESET 0x84000009ul

/* With the MMU off everything is reached; by the planner's tables the console is, too. */
bool machine_reaches(uint64_t address)
{
	(void)address;
	return true;
}

/*
 * In assembly, to be exactly one access with a plain base register. A compiler may choose
 * an access with writeback, and those a hypervisor cannot emulate: the syndrome it gets does
 * not describe them (Arm ARM, ESR_EL2.ISV).
 */
uint32_t mmio_read(uint64_t address, uint32_t width)
{
	uint32_t value;

	if (width == 1)
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address));
	else if (width == 2)
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address));
	else
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address));
	return value;
}

/* There is none. */
void machine_screen_put(uint32_t *column, char c)
{
	(void)column;
	(void)c;
}

void mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	if (width == 1)
		__asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address));
	else if (width == 2)
		__asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(address));
	else
		__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address));
}

/* The virtual counter, which a hypervisor leaves to its guests, and whose offset does not matter
 * to a difference. Never read ahead of what it is to time. */
uint64_t machine_ticks(void)
{
	reg_sync();
	return REG_READ(CNTVCT_EL0);
}

uint32_t machine_tick_rate(void)
{
	return (uint32_t)REG_READ(CNTFRQ_EL0);
}

/* SMC Calling Convention, DEN 0028, 2.4: version 1.0 firmware may change x0 to x17. */
#define SMCCC_CLOBBERS                                                                             \
	"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",   \
		"x15", "x16", "x17", "memory"

static void call_by_smc(uint64_t function)
{
	register uint64_t x0 __asm__("x0") = function;

	__asm__ volatile("smc #0" : "+r"(x0) : : SMCCC_CLOBBERS);
}

static void call_by_hvc(uint64_t function)
{
	register uint64_t x0 __asm__("x0") = function;

	__asm__ volatile("hvc #0" : "+r"(x0) : : SMCCC_CLOBBERS);
}

void machine_reset(uint32_t how)
{
	if (how == PURGATORY_PSCI_SMC)
		call_by_smc(PSCI_SYSTEM_RESET);
	else if (how == PURGATORY_PSCI_HVC)
		call_by_hvc(PSCI_SYSTEM_RESET);
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
		__asm__ volatile("wfi");
}
