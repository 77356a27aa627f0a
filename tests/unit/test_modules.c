// SPDX-License-Identifier: GPL-2.0-only
/* The files of --module. */
#include "tests/unit/tmproot.h"

#include <fcntl.h>

#include "config.h"
#include "kexec/cmd/modules.h"

/* "plain" with gzip, in a block that is not packed. */
static const uint8_t packed[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 5, 0, 0xfa, 0xff, 'p',
	'l', 'a', 'i', 'n', 0xcf, 0x62, 0x20, 0x19, 5, 0, 0, 0 };

struct world {
	struct tmproot tmp;
	struct request request;
	struct modules modules;
	struct report report;
	struct err err;
};

static int setup(void **state)
{
	static struct world world;

	world = (struct world){ .report = REPORT_INIT, .err = ERR_INIT };
	tmproot_init(&world.tmp);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	modules_done(&world->modules);
	report_done(&world->report);
	tmproot_done(&world->tmp);
	return 0;
}

static int hold(struct world *world, bool copy)
{
	return modules_hold(&world->modules, copy, &world->report, &world->err);
}

static void open_well(struct world *world)
{
	assert_int_equal(
		modules_open(&world->request, world->tmp.root, &world->modules, &world->err),
		ST_OK);
}

static void assert_module(const struct world *world, size_t number, const char *bytes)
{
	const struct plan_module *module = &world->modules.of_plan[number];

	assert_string_equal(module->words, world->request.modules[number]);
	assert_int_equal(module->bytes.size, strlen(bytes));
	assert_memory_equal(module->bytes.data, bytes, strlen(bytes));
}

static void the_first_word_is_the_file(void **state)
{
	struct world *world = *state;

	tmproot_text(&world->tmp, "/one", "first");
	tmproot_text(&world->tmp, "/two", "second");
	world->request.modules[0] = "/one root=/dev/sda1 quiet";
	world->request.modules[1] = "/two";
	open_well(world);
	assert_int_equal(hold(world, false), ST_OK);
	assert_int_equal(world->modules.count, 2);
	assert_module(world, 0, "first");
	assert_module(world, 1, "second");
	assert_int_equal(world->report.count, 0);
}

static void what_is_packed_is_unpacked(void **state)
{
	struct world *world = *state;
	uint8_t damaged[sizeof(packed)];

	memcpy(damaged, packed, sizeof(packed));
	damaged[sizeof(packed) - 8] ^= 1;
	tmproot_bytes(&world->tmp, "/packed", packed, sizeof(packed));
	tmproot_bytes(&world->tmp, "/damaged", damaged, sizeof(damaged));
	tmproot_text(&world->tmp, "/zstd", "\x28\xb5\x2f\xfd and more");
	world->request.modules[0] = "/packed words";
	world->request.modules[1] = "/damaged words";
	world->request.modules[2] = "/zstd words";
	open_well(world);
	assert_int_equal(hold(world, false), ST_OK);
#ifdef HAVE_ZLIB
	assert_module(world, 0, "plain");
	assert_int_equal(world->report.count, 2);
	assert_int_equal(world->report.entries[0].kind, REPORT_CHOICE);
	assert_string_equal(
		world->report.entries[0].text, "/packed words: gzip taken off, 5 bytes");
#endif
	/* Its kernel may know better. */
	assert_int_equal(world->report.entries[1].kind, REPORT_WARNING);
	assert_non_null(strstr(world->report.entries[1].text, "/damaged words: taken as it is"));
	assert_int_equal(world->modules.of_plan[1].bytes.size, sizeof(damaged));
	assert_memory_equal(world->modules.of_plan[1].bytes.data, damaged, sizeof(damaged));
	assert_module(world, 2, "\x28\xb5\x2f\xfd and more");
}

static void what_cannot_be_read_is_named(void **state)
{
	struct world *world = *state;

	tmproot_text(&world->tmp, "/one", "first");
	tmproot_text(&world->tmp, "/empty", "");
	world->request.modules[0] = "/one";
	world->request.modules[1] = "/none words";
	assert_int_equal(
		modules_open(&world->request, world->tmp.root, &world->modules, &world->err),
		ST_NOT_FOUND);
	assert_non_null(strstr(world->err.text, "module: "));
	assert_non_null(strstr(world->err.text, "/none"));
	assert_null(strstr(world->err.text, "words"));
	modules_done(&world->modules);
	world->request.modules[1] = "/empty words";
	open_well(world);
	assert_int_equal(hold(world, false), ST_BAD_INPUT);
	assert_string_equal(world->err.id, "module-empty");
	assert_non_null(strstr(world->err.text, "/empty words"));
}

static void whoever_wants_to_write_is_noticed_until_there_are_copies(void **state)
{
	struct world *world = *state;
	char path[128];
	int fd;

	tmproot_text(&world->tmp, "/one", "first");
	world->request.modules[0] = "/one";
	open_well(world);
	assert_int_equal(hold(world, false), ST_OK);
	assert_false(modules_are_asked_for(&world->modules));
	snprintf(path, sizeof(path), "%s/one", world->tmp.dir);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(fd == -1, modules_are_asked_for(&world->modules));
	if (fd >= 0)
		close(fd);
	assert_int_equal(hold(world, true), ST_OK);
	assert_false(modules_are_asked_for(&world->modules));
	assert_module(world, 0, "first");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_word_is_the_file),
		TEST(what_is_packed_is_unpacked),
		TEST(what_cannot_be_read_is_named),
		TEST(whoever_wants_to_write_is_noticed_until_there_are_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
