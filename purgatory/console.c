/* SPDX-License-Identifier: GPL-2.0-only */
#include "console.h"

#include <stdbool.h>

#include "abi.h"
#include "arch.h"

/* Arm PrimeCell UART (PL011) Technical Reference Manual, DDI 0183, chapter 3. */
#define PL011_DR      0x00
#define PL011_FR      0x18
#define PL011_FR_BUSY (1u << 3)
#define PL011_FR_TXFF (1u << 5)

/* PC16550D data sheet, table II; with UART_LCR_DLAB the first two are the divisor. */
#define UART_THR      0
#define UART_IER      1
#define UART_LCR      3
#define UART_LCR_8N1  0x03
#define UART_LCR_DLAB 0x80
#define UART_MCR      4
#define UART_MCR_DTR  0x01
#define UART_MCR_RTS  0x02
#define UART_LSR      5
#define UART_LSR_THRE (1u << 5)
#define UART_LSR_TEMT (1u << 6)

/*
 * How often to look before the UART is given up, for good: a dead or flow-controlled line
 * must not keep the capture kernel from starting. One look is a bus access of 100 ns or
 * more, so this is at least 25 ms, enough for a character at 1200 baud.
 */
#define PATIENCE (1u << 18)

/* 8250 registers are 1 << reg_shift bytes apart; more than a page apart is nonsense. */
#define REG_SHIFT_MAX 12

static bool console_usable(const struct purgatory_params *params)
{
	uint32_t width = params->console_reg_width;

	if (params->console_type == PURGATORY_CONSOLE_HVTERM)
		return true;
	if (params->console_type != PURGATORY_CONSOLE_PL011 &&
		params->console_type != PURGATORY_CONSOLE_8250)
		return false;
	if (width != 1 && width != 2 && width != 4)
		return false;
	if (params->console_base == 0 || params->console_base % width != 0 ||
		!machine_reaches(params->console_base))
		return false;
	if (params->console_type == PURGATORY_CONSOLE_PL011)
		return true;
	return params->console_divisor <= UINT16_MAX &&
	       params->console_reg_shift <= REG_SHIFT_MAX &&
	       width <= 1u << params->console_reg_shift;
}

/* Wait until the bits of mask in the register at offset have this value, or give up. */
static bool wait_for(struct console *console, uint64_t offset, uint32_t mask, uint32_t value)
{
	for (uint32_t i = 0; i < PATIENCE; i++)
		if ((mmio_read(console->base + offset, console->reg_width) & mask) == value)
			return true;
	console->type = PURGATORY_CONSOLE_NONE;
	return false;
}

static void pl011_put(struct console *console, char c)
{
	if (wait_for(console, PL011_FR, PL011_FR_TXFF, 0))
		mmio_write(console->base + PL011_DR, console->reg_width, (uint8_t)c);
}

static void uart_put(struct console *console, char c)
{
	uint64_t lsr = (uint64_t)UART_LSR << console->reg_shift;

	if (wait_for(console, lsr, UART_LSR_THRE, UART_LSR_THRE))
		mmio_write(console->base + UART_THR, console->reg_width, (uint8_t)c);
}

void console_put(struct console *console, char c)
{
	if (console->screen)
		machine_screen_put(&console->column, c);
	if (console->type == PURGATORY_CONSOLE_PL011)
		pl011_put(console, c);
	else if (console->type == PURGATORY_CONSOLE_8250)
		uart_put(console, c);
	else if (console->type == PURGATORY_CONSOLE_HVTERM &&
		 !machine_terminal_put(console->base, c))
		console->type = PURGATORY_CONSOLE_NONE;
}

void console_flush(struct console *console)
{
	if (console->type == PURGATORY_CONSOLE_PL011)
		wait_for(console, PL011_FR, PL011_FR_BUSY, 0);
	else if (console->type == PURGATORY_CONSOLE_8250)
		wait_for(console, (uint64_t)UART_LSR << console->reg_shift, UART_LSR_TEMT,
			UART_LSR_TEMT);
}

static void uart_write(const struct console *console, uint64_t number, uint8_t value)
{
	mmio_write(console->base + (number << console->reg_shift), console->reg_width, value);
}

/* 8 bits, no parity, and nobody is interrupted. */
static void uart_set_up(struct console *console, uint32_t divisor)
{
	console_flush(console);
	if (console->type == PURGATORY_CONSOLE_NONE)
		return;
	uart_write(console, UART_LCR, UART_LCR_8N1 | UART_LCR_DLAB);
	uart_write(console, UART_THR, (uint8_t)divisor);
	uart_write(console, UART_IER, (uint8_t)(divisor >> 8));
	uart_write(console, UART_LCR, UART_LCR_8N1);
	uart_write(console, UART_IER, 0);
	uart_write(console, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
}

void console_init(struct console *ret_console, const struct purgatory_params *params)
{
	ret_console->type = PURGATORY_CONSOLE_NONE;
	ret_console->screen = (params->flags & PURGATORY_SCREEN) != 0;
	ret_console->column = SCREEN_BEGIN;
	if (!console_usable(params))
		return;
	ret_console->type = params->console_type;
	ret_console->base = params->console_base;
	ret_console->reg_shift = params->console_reg_shift;
	ret_console->reg_width = params->console_reg_width;
	if (ret_console->type == PURGATORY_CONSOLE_8250 && params->console_divisor != 0)
		uart_set_up(ret_console, params->console_divisor);
}
