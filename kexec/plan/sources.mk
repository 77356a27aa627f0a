# SPDX-License-Identifier: GPL-2.0-only
PLAN_SOURCES := \
	kexec/plan/chosen.c \
	kexec/plan/crash.c \
	kexec/plan/dump_json.c \
	kexec/plan/dump_svg.c \
	kexec/plan/dump_text.c \
	kexec/plan/edited_tree.c \
	kexec/plan/elfcorehdr.c \
	kexec/plan/file.c \
	kexec/plan/jump.c \
	kexec/plan/make.c \
	kexec/plan/normal.c \
	kexec/plan/page_tables.c \
	kexec/plan/place.c \
	kexec/plan/plan.c \
	kexec/plan/purgatory.c \
	kexec/plan/seal.c \
	kexec/plan/tree.c \
	kexec/plan/words.c
