/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be done about a failure, by its id: for messages that were given no hint of their own.
 * advice_rows.h is made from
 * doc/messages.md, so that no message is without. */
#ifndef LIB_ADVICE_H
#define LIB_ADVICE_H

#include "lib/err.h"

/* The hint of a failure, else what the page of messages says; NULL when there is neither. Static,
 * or err's. */
const char *advice_for(const struct err *err);

#endif
