/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be done about a failure, by its id: for messages that were given no hint of their own.
 * Each program has an advice_rows.h of what it can say, which is made from doc/messages.md, so that
 * no message is without. */
#ifndef LIB_ADVICE_H
#define LIB_ADVICE_H

#include "lib/err.h"

/* The hint of a failure, else what rows say: ids, each with its NUL and then the advice with its
 * own, and an empty id. NULL when there is neither. Points into rows or err. */
const char *advice_for(const struct err *err, const char *rows);

#endif
