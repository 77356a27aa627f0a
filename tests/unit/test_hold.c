// SPDX-License-Identifier: GPL-2.0-only
/* The bytes of a file as they were, whoever wants to write to it meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "tests/unit/tmproot.h"

#include "lib/sysroot_hold.h"

#define OVERLAY 0x794c7630

struct world {
	struct tmproot tmp;
	char path[128]; /* of the file, outside of the sysroot */
	struct sysroot_file *file;
	struct held held;
	struct err err;
};

static int open_nonblocking(const struct world *world, int flags)
{
	return open(world->path, flags | O_NONBLOCK | O_CLOEXEC);
}

static void begin(struct world *world, const char *text)
{
	*world = (struct world){ .held = HELD_INIT, .err = ERR_INIT };
	tmproot_init(&world->tmp);
	snprintf(world->path, sizeof(world->path), "%s/file", world->tmp.dir);
	tmproot_text(&world->tmp, "/file", text);
	assert_int_equal(sysroot_open(world->tmp.root, "/file", &world->file, &world->err), ST_OK);
}

static void end(struct world *world)
{
	held_done(&world->held);
	sysroot_close(world->file);
	tmproot_done(&world->tmp);
}

static void hold(struct world *world)
{
	held_done(&world->held);
	assert_int_equal(sysroot_hold(world->file, 1000, false, &world->held, &world->err), ST_OK);
}

static void assert_holds(const struct world *world, const char *text)
{
	assert_int_equal(world->held.bytes.size, strlen(text));
	assert_memory_equal(world->held.bytes.data, text, strlen(text));
}

/* Does the file system of the tests have leases? */
static bool has_leases(const struct world *world)
{
	int fd = open_nonblocking(world, O_RDONLY);
	struct statfs fs;
	bool has;

	assert_int_equal(fstatfs(fd, &fs), 0);
	has = fs.f_type != OVERLAY && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
	close(fd);
	return has;
}

static void file_is_mapped_where_nobody_can_write_to_it(void **state)
{
	struct world world;
	int fd;

	(void)state;
	begin(&world, "as it was");
	if (has_leases(&world)) {
		hold(&world);
		assert_true(world.held.lease >= 0);
		assert_string_equal(world.held.why_copied, "");
		assert_holds(&world, "as it was");
		assert_false(held_is_asked_for(&world.held));
		/* Readers do not count. */
		fd = open_nonblocking(&world, O_RDONLY);
		assert_true(fd >= 0);
		close(fd);
		assert_false(held_is_asked_for(&world.held));
		/* A writer does; the signal that says so harms nobody. */
		assert_int_equal(open_nonblocking(&world, O_WRONLY | O_TRUNC), -1);
		assert_int_equal(errno, EAGAIN);
		assert_true(held_is_asked_for(&world.held));
		assert_holds(&world, "as it was");
	}
	held_done(&world.held);
	fd = open_nonblocking(&world, O_WRONLY);
	assert_true(fd >= 0);
	/* Who has it open already would not be told of. */
	hold(&world);
	assert_int_equal(world.held.lease, -1);
	assert_non_null(strstr(world.held.why_copied, "no read lease: "));
	assert_int_equal(pwrite(fd, "IS", 2, 3), 2);
	assert_holds(&world, "as it was");
	assert_false(held_is_asked_for(&world.held));
	close(fd);
	hold(&world);
	assert_holds(&world, "as IS was");
	end(&world);
}

/* Who truncates, by name even, waits for as long as the bytes are held. */
static void writer_waits_until_it_is_given_back(void **state)
{
	struct world world;
	int status;
	pid_t writer;

	(void)state;
	begin(&world, "as it was");
	hold(&world);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0)
		_exit(truncate(world.path, 2) ? 1 : 0);
	if (world.held.lease >= 0) {
		while (!held_is_asked_for(&world.held))
			usleep(1000);
		assert_int_equal(waitpid(writer, &status, WNOHANG), 0);
	}
	assert_holds(&world, "as it was");
	held_done(&world.held);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	hold(&world);
	assert_holds(&world, "as");
	end(&world);
}

static void a_copy_is_made_when_asked_for(void **state)
{
	struct world world;
	int fd;

	(void)state;
	begin(&world, "as it was");
	assert_int_equal(sysroot_hold(world.file, 1000, true, &world.held, &world.err), ST_OK);
	assert_int_equal(world.held.lease, -1);
	fd = open_nonblocking(&world, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	close(fd);
	assert_holds(&world, "as it was");
	/* Of nothing there is nothing to map. */
	hold(&world);
	assert_int_equal(world.held.bytes.size, 0);
	end(&world);
}

static void limits_and_other_files_are_those_of_reading(void **state)
{
	struct world world;
	struct sysroot_file *generated;
	struct held held = HELD_INIT;
	struct sysroot *live;
	int fd;

	(void)state;
	begin(&world, "nine char");
	assert_int_equal(sysroot_hold(world.file, 8, false, &world.held, &world.err), ST_BAD_INPUT);
	assert_string_equal(world.err.id, "file-too-large");
	assert_int_equal(sysroot_hold(world.file, 9, false, &world.held, &world.err), ST_OK);
	held_done(&world.held);
	/* No lease is left behind by a refusal. */
	fd = open_nonblocking(&world, O_WRONLY);
	assert_true(fd >= 0);
	close(fd);
	/* A file of the kernel's has no size, and changes as it likes. */
	assert_int_equal(sysroot_new(NULL, &live, &world.err), ST_OK);
	assert_int_equal(sysroot_open(live, "/proc/version", &generated, &world.err), ST_OK);
	assert_int_equal(sysroot_hold(generated, 4096, false, &held, &world.err), ST_OK);
	assert_int_equal(held.lease, -1);
	assert_true(held.bytes.size > 10);
	held_done(&held);
	held_done(&held);
	sysroot_close(generated);
	sysroot_free(live);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_mapped_where_nobody_can_write_to_it),
		cmocka_unit_test(writer_waits_until_it_is_given_back),
		cmocka_unit_test(a_copy_is_made_when_asked_for),
		cmocka_unit_test(limits_and_other_files_are_those_of_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
