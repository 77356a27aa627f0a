// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay_<target> FILE-OR-FOLDER...: give each file to the fuzz target, as it is and cut
 * short in the middle. A finding ends the program by a signal, with the name of the file as
 * the last line printed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (16u << 20)

static size_t inputs;

/* A copy of exactly this size, so that a sanitizer sees any access beyond it. */
static int run_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(1, size ? size : 1);

	if (!copy)
		return -1;
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

static int run_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *file = fopen(path, "rb");
	size_t size;
	int status = -1;

	printf("# %s\n", path);
	fflush(stdout);
	if (data && file) {
		size = fread(data, 1, INPUT_MAX, file);
		if (!ferror(file) && run_copy(data, size) == 0 && run_copy(data, size / 2) == 0)
			status = 0;
	}
	if (status)
		perror(path);
	if (file)
		fclose(file);
	free(data);
	inputs++;
	return status;
}

static int run_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	int status = 0;
	int count;

	if (stat(path, &st)) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return run_file(path);
	count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < count; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && run_path(name))
			status = -1;
		free(names[i]);
	}
	free(names);
	return status;
}

int main(int argc, char **argv)
{
	static const uint8_t nothing[1];
	int status = run_copy(nothing, 0);

	for (int i = 1; i < argc; i++)
		if (run_path(argv[i]))
			status = -1;
	printf("%zu inputs\n", inputs);
	return status || inputs == 0 ? 1 : 0;
}
