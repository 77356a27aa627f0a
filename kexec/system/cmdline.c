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

struct name {
	const char *begin;
	size_t size;
	bool has_value;
};

static struct name word_name(const char *word, const char *end)
{
	bool quoted = *word == '"';
	const char *begin = word + quoted;
	/* A "=" in the first place belongs to the name. */
	const char *equals =
		end > begin + 1 ? memchr(begin + 1, '=', (size_t)(end - begin - 1)) : NULL;

	if (equals)
		return (struct name){ begin, (size_t)(equals - begin), true };
	if (quoted && end > begin && end[-1] == '"')
		end--;
	return (struct name){ begin, (size_t)(end - begin), false };
}

static bool same_in_name(char a, char b)
{
	return (a == '-' ? '_' : a) == (b == '-' ? '_' : b);
}

static bool word_is(const char *word, const char *end, const char *wanted)
{
	struct name name = word_name(word, end);

	if (name.size != strlen(wanted))
		return false;
	for (size_t i = 0; i < name.size; i++)
		if (!same_in_name(name.begin[i], wanted[i]))
			return false;
	return true;
}

static bool word_is_any(const char *word, const char *end, const char *const *names)
{
	for (; *names; names++)
		if (word_is(word, end, *names))
			return true;
	return false;
}

/* The word "--", or the end of the line. */
static const char *find_options_end(const char *line)
{
	const char *word = skip_space(line);

	while (*word) {
		const char *end = word_end(word);
		struct name name = word_name(word, end);

		if (!name.has_value && name.size == 2 && memcmp(name.begin, "--", 2) == 0)
			return word;
		word = skip_space(end);
	}
	return word;
}

struct span cmdline_word(const char *line, const char *name)
{
	const char *options_end = find_options_end(line);

	for (const char *word = skip_space(line), *end; word < options_end;
		word = skip_space(end)) {
		end = word_end(word);
		if (word_is(word, end, name))
			return (struct span){ (const uint8_t *)word, (size_t)(end - word) };
	}
	return (struct span){ .data = NULL };
}

bool cmdline_has(const char *line, const char *name)
{
	return cmdline_word(line, name).data != NULL;
}

char *cmdline_without(const char *line, const char *const *names)
{
	const char *word = skip_space(line);
	char *copy = malloc(strlen(line) + 1);
	char *out = copy, *kept = copy; /* behind the last word that stays */

	if (!copy)
		return NULL;
	memcpy(out, line, (size_t)(word - line));
	out += word - line;
	while (*word) {
		const char *end = word_end(word);
		const char *next = skip_space(end);

		/* Each with the white space behind it. */
		if (!word_is_any(word, end, names)) {
			memcpy(out, word, (size_t)(next - word));
			kept = out + (end - word);
			out += next - word;
		}
		word = next;
	}
	*kept = '\0';
	return copy;
}

bool cmdline_has_init_words(const char *line)
{
	return *find_options_end(line) != '\0';
}

bool cmdline_is_open(const char *line)
{
	bool open = false;

	/* White space ends a word only where no quote is open, so words do not matter. */
	for (; *line; line++)
		if (*line == '"')
			open = !open;
	return open;
}

/* Put words behind those that are there. */
static void add_words(char *line, const char *words, size_t size)
{
	size_t length = strlen(line);

	if (size == 0)
		return;
	if (cmdline_is_open(line))
		line[length++] = '"';
	if (length && !is_space(line[length - 1]) && !is_space(*words))
		line[length++] = ' ';
	memcpy(line + length, words, size);
	line[length + size] = '\0';
}

char *cmdline_join(const char *a, const char *b)
{
	const char *first = a ? a : "", *second = b ? b : "";
	const char *first_end = find_options_end(first), *second_end = find_options_end(second);
	/* Between four pieces, a quote and a space. */
	char *line = calloc(strlen(first) + strlen(second) + 3 * 2 + 1, 1);

	if (!line)
		return NULL;
	add_words(line, first, (size_t)(first_end - first));
	add_words(line, second, (size_t)(second_end - second));
	add_words(line, first_end, strlen(first_end));
	/* One "--" is enough. */
	if (*first_end && *second_end)
		second_end = skip_space(word_end(second_end));
	add_words(line, second_end, strlen(second_end));
	return line;
}
