# SPDX-License-Identifier: GPL-2.0-only
# ./configure in this directory makes build/Makefile, from Makefile.in. Everything is built
# there; this file only passes the goals on, all at once.
ifeq ($(wildcard build/Makefile),)
$(error run ./configure first)
endif

goals := $(or $(MAKECMDGOALS),all)
.PHONY: $(goals) forward
$(goals): forward
	@:
forward:
	@$(MAKE) --no-print-directory -C build $(MAKECMDGOALS)
