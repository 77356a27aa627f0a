// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/cmdline.h"

#include <stdlib.h>
#include <string.h>

/* The kernel's own idea of white space (lib/ctype.c), whatever locale we run in. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (unsigned char)c == 0xa0;
}

static const char *skip_space(const char *at)
{
	while (is_space(*at))
		at++;
	return at;
}

/* The first character behind the word that starts at word. */
static const char *word_end(const char *word)
{
	bool quoted = false;

	for (; *word && (quoted || !is_space(*word)); word++)
		if (*word == '"')
			quoted = !quoted;
	return word;
}

static bool same_in_name(char a, char b)
{
	return (a == '-' ? '_' : a) == (b == '-' ? '_' : b);
}

static bool word_is(const char *word, const char *end, const char *name)
{
	/* A whole word may be in quotes, which are no part of the name. */
	if (word < end && *word == '"') {
		word++;
		if (end > word && end[-1] == '"')
			end--;
	}
	for (; *name; name++, word++)
		if (word == end || !same_in_name(*word, *name))
			return false;
	return word == end || *word == '=';
}

/* Behind this word the line belongs to init. */
static bool word_ends_options(const char *word, const char *end)
{
	return end - word == 2 && memcmp(word, "--", 2) == 0;
}

static bool word_is_any(const char *word, const char *end, const char *const *names)
{
	for (; *names; names++)
		if (word_is(word, end, *names))
			return true;
	return false;
}

bool cmdline_has(const char *line, const char *name)
{
	const char *word = skip_space(line);

	while (*word) {
		const char *end = word_end(word);

		if (word_ends_options(word, end))
			return false;
		if (word_is(word, end, name))
			return true;
		word = skip_space(end);
	}
	return false;
}

/* A copy of text with the words named removed, each with the white space behind it. */
static void copy_without(char *out, const char *text, const char *const *names)
{
	const char *word = skip_space(text);
	char *kept = out; /* behind the last word that stays: what follows is white space */

	memcpy(out, text, (size_t)(word - text));
	out += word - text;
	while (*word) {
		const char *end = word_end(word);
		const char *next = skip_space(end);

		if (!word_is_any(word, end, names)) {
			memcpy(out, word, (size_t)(next - word));
			kept = out + (end - word);
			out += next - word;
		}
		word = next;
	}
	*kept = '\0';
}

char *cmdline_without(const char *line, const char *const *names)
{
	size_t size = strcspn(line, "\n");
	char *text = malloc(size + 1);
	char *out = malloc(size + 1);

	if (text && out) {
		memcpy(text, line, size);
		text[size] = '\0';
		copy_without(out, text, names);
	} else {
		free(out);
		out = NULL;
	}
	free(text);
	return out;
}

char *cmdline_join(const char *a, const char *b)
{
	size_t a_size = a ? strlen(a) : 0;
	size_t b_size = b ? strlen(b) : 0;
	char *out = malloc(a_size + 1 + b_size + 1);
	char *at = out;

	if (!out)
		return NULL;
	if (a_size)
		memcpy(at, a, a_size);
	at += a_size;
	if (a_size && b_size)
		*at++ = ' ';
	if (b_size)
		memcpy(at, b, b_size);
	at[b_size] = '\0';
	return out;
}

/* Where "--" stands in line, or NULL. */
static const char *find_options_end(const char *line)
{
	const char *word = skip_space(line);

	while (*word) {
		const char *end = word_end(word);

		if (word_ends_options(word, end))
			return word;
		word = skip_space(end);
	}
	return NULL;
}

char *cmdline_add_option(const char *line, const char *words)
{
	const char *end = line ? find_options_end(line) : NULL;
	size_t head;
	char *out;

	if (!end)
		return cmdline_join(line, words);
	head = (size_t)(end - line);
	out = malloc(strlen(line) + 1 + strlen(words) + 1);
	if (!out)
		return NULL;
	memcpy(out, line, head);
	strcpy(out + head, words);
	strcat(out, " ");
	strcat(out, end);
	return out;
}
