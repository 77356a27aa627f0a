/* SPDX-License-Identifier: GPL-2.0-only */
/* One byte out. The way out may be missing or dead; nothing here can fail or hang. */
#ifndef PURGATORY_CONSOLE_H
#define PURGATORY_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

struct purgatory_params;

struct console {
	uint64_t base;
	uint32_t type;	    /* PURGATORY_CONSOLE_*; NONE also once it was found dead */
	uint32_t reg_shift; /* 8250 */
	uint32_t reg_width;
	bool screen;	 /* what is sent is shown there as well */
	uint32_t column; /* of the screen, see machine_screen_put() */
};

/* The console that params describe; one that says nothing if that description is no use. */
void console_init(struct console *ret_console, const struct purgatory_params *params);

/* Send one byte, waiting a bounded time for room. Firmware or the old kernel set the UART up. */
void console_put(struct console *console, char c);

/* Wait, a bounded time, until all is on the wire: a reset would lose what is not. */
void console_flush(struct console *console);

#endif
