// SPDX-License-Identifier: GPL-2.0-only
/* What -S and --print-ckr-size say, by exit status and in words. */
#include "tests/unit/session.h"

#include <json-c/json.h>

#include "kexec/cmd/status.h"
#include "purgatory/abi.h"

#define LOADED	     "/sys/kernel/kexec_loaded"
#define CRASH_LOADED "/sys/kernel/kexec_crash_loaded"

static void start(struct session *session)
{
	struct tmproot *tmp = &session->tmp;

	session_begin(session);
	tmproot_text(tmp, "/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  50000000-50ffffff : Crash kernel\n"
		"  a0000000-afffffff : Crash kernel\n");
	tmproot_text(tmp, LOADED, "0\n");
	tmproot_text(tmp, CRASH_LOADED, "1\n");
	session->request.crash = true;
}

static int run(struct session *session, enum action action)
{
	struct cmd_io io = session_listen(session);
	int status = action == ACTION_STATUS
			     ? show_status(&session->request, &io, &session->answer, &session->err)
			     : show_crash_size(&session->request, &io, &session->err);

	return session_heard(session, &io, status);
}

static const char *string_at(struct json_object *object, const char *pointer)
{
	struct json_object *found = NULL;

	if (json_pointer_get(object, pointer, &found))
		fail_msg("no %s", pointer);
	return found ? json_object_get_string(found) : "null";
}

static struct json_object *json_of(struct session *session)
{
	struct json_object *object;

	session->request.status = STATUS_JSON;
	assert_int_equal(run(session, ACTION_STATUS), ST_OK);
	object = json_tokener_parse(session->out);
	assert_non_null(object);
	return object;
}

static void purgatory_is_shown_in_the_kernel_that_it_started(void **state)
{
	static const uint8_t record[76 + 4] = { 'K', 'E', 'X', 'E', 'C', 'R', 'E', 'C', 0, 0, 0, 1,
		0, 0, 0, 76, 0, 0, 0, PURGATORY_RESULT_CORRUPT, 0, 0, 0, PURGATORY_CACHES_ON, 0, 0,
		0, PURGATORY_CORE_CPU, 0, 0, 0, 100 /* Hz */, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
		0, 0, 251, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 'd', 't', 'b' };
	static const char path[] = "/proc/device-tree/chosen/kexec,purgatory";
	struct json_object *object, *purgatory;
	struct session session;

	(void)state;
	start(&session);
	session.request.status = STATUS_TEXT;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_null(strstr(session.out, "purgatory"));
	tmproot_bytes(&session.tmp, path, record, sizeof(record));
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_non_null(strstr(session.out,
		"started by purgatory: image corrupt and booted all the same: 1 bad, dtb, "
		"256 bytes in 2.500000 s, caches on, SHA-256 by CPU instructions\n"));
	session.request.status = STATUS_JSON;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	object = json_tokener_parse(session.out);
	purgatory = json_object_object_get(object, "purgatory");
	assert_string_equal(json_object_to_json_string_ext(purgatory, JSON_C_TO_STRING_PLAIN),
		"{\"result\":\"corrupt\",\"caches\":\"on\",\"sha256\":\"cpu\",\"bytes\":256,"
		"\"nanoseconds\":2500000000,\"bad_segments\":1,\"first_bad\":\"dtb\"}");
	json_object_put(object);
	/* One that another loader has handed on tells of another start. */
	tmproot_text(&session.tmp, "/proc/device-tree/chosen/bootargs", "quiet");
	object = json_of(&session);
	assert_string_equal(string_at(object, "/purgatory"), "null");
	assert_non_null(strstr(string_at(object, "/purgatory_error"), "of an earlier start"));
	json_object_put(object);
	/* What nobody can read is said, and is no failure. */
	tmproot_bytes(&session.tmp, path, record, sizeof(record) - 1);
	session.request.status = STATUS_TEXT;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_non_null(strstr(session.out, "started by purgatory: not known: "));
	session_end(&session);
}

/* "must stay": -S is 0 when nothing is loaded and 1 when something is, and prints nothing. */
static void status_answers_by_the_exit_status(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_int_equal(session.answer, 1);
	session.request.crash = false;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_int_equal(session.answer, 0);
	assert_string_equal(session.out, "");
	assert_string_equal(session.said, "");
	tmproot_remove(&session.tmp, LOADED);
	assert_int_equal(run(&session, ACTION_STATUS), ST_SYSTEM);
	assert_string_equal(session.err.id, "status-unreadable");
	assert_non_null(strstr(session.err.text, "/sys/kernel/kexec_loaded"));
	tmproot_text(&session.tmp, LOADED, "yes\n");
	assert_int_equal(run(&session, ACTION_STATUS), ST_BAD_INPUT);
	session_end(&session);
}

static void assert_json(struct session *session, const char *pointer, const char *value)
{
	struct json_object *object = json_of(session);

	assert_string_equal(string_at(object, pointer), value);
	json_object_put(object);
}

static void json_has_both_images(void **state)
{
	struct session session;
	struct json_object *object;

	(void)state;
	start(&session);
	object = json_of(&session);
	assert_string_equal(string_at(object, "/schema"), "kexec-status");
	assert_string_equal(string_at(object, "/restart/loaded"), "false");
	assert_string_equal(string_at(object, "/restart/loads_left"), "null");
	assert_string_equal(string_at(object, "/crash/loaded"), "true");
	assert_string_equal(string_at(object, "/crash/regions/0/start"), "0x50000000");
	assert_string_equal(string_at(object, "/crash/regions/1/end"), "0xb0000000");
	assert_string_equal(string_at(object, "/crash/regions/1/size"), "268435456");
	assert_string_equal(string_at(object, "/crash/elfcorehdr_size"), "null");
	assert_string_equal(string_at(object, "/lockdown"), "null");
	assert_string_equal(string_at(object, "/load_disabled"), "null");
	assert_string_equal(string_at(object, "/warnings"), "[ ]");
	json_object_put(object);

	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	assert_json(&session, "/crash/elfcorehdr_size", "459152");
	tmproot_text(&session.tmp, "/sys/kernel/security/lockdown", "none [integrity]\n");
	assert_json(&session, "/lockdown", "integrity");
	tmproot_text(&session.tmp, "/proc/sys/kernel/kexec_load_limit_panic", "3\n");
	assert_json(&session, "/crash/loads_left", "3");
	session_end(&session);
}

/* One odd file hides nothing of the others, and nothing at all from -S. */
static void what_makes_no_sense_is_not_known(void **state)
{
	static const struct {
		const char *path, *line, *pointer;
	} cases[] = {
		{ "/sys/kernel/security/lockdown", "lockdown: not known\n", "/lockdown" },
		{ "/proc/sys/kernel/kexec_load_limit_panic", "loads left, for a panic: not known\n",
			"/crash/loads_left" },
		{ "/proc/sys/kernel/kexec_load_limit_reboot",
			"loads left, for a restart: not known\n", "/restart/loads_left" },
		{ "/sys/kernel/kexec/crash_elfcorehdr_size",
			"elfcorehdr: what the kernel asks for is not known\n",
			"/crash/elfcorehdr_size" },
		{ "/sys/kernel/kexec/crash_cma_ranges", "", "/crash/cma" },
		{ "/sys/devices/system/memory/crash_hotplug", "", "/crash/memory_hotplug" },
		{ LOADED, "kernel for a restart: not known\n", "/restart/loaded" },
	};
	struct json_object *object;
	struct session session;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&session);
		tmproot_text(&session.tmp, cases[i].path, "what\n");
		assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
		assert_int_equal(session.answer, 1);
		assert_string_equal(session.said, "");
		session.request.status = STATUS_TEXT;
		assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
		assert_int_equal(session.answer, 1);
		assert_non_null(strstr(session.out, cases[i].line));
		assert_ptr_equal(strstr(session.said, "kexec: warning: state: "), session.said);
		assert_non_null(strstr(session.said, cases[i].path));
		object = json_of(&session);
		assert_string_equal(string_at(object, cases[i].pointer), "null");
		assert_non_null(strstr(string_at(object, "/warnings/0"), cases[i].path));
		json_object_put(object);
		session_end(&session);
	}
}

static void reload_is_needed_unless_the_kernel_rewrites(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	assert_json(&session, "/crash/reload_needed", "true");
	tmproot_text(&session.tmp, "/sys/devices/system/cpu/crash_hotplug", "1\n");
	tmproot_text(&session.tmp, "/sys/devices/system/memory/crash_hotplug", "1\n");
	assert_json(&session, "/crash/reload_needed", "false");
	tmproot_text(&session.tmp, "/boot/config-7.3.4", "# CONFIG_KEXEC_FILE is not set\n");
	assert_json(&session, "/crash/reload_needed", "true");
	tmproot_text(&session.tmp, "/boot/config-7.3.4", "CONFIG_KEXEC_FILE=y\n");
	assert_json(&session, "/crash/reload_needed", "false");
	tmproot_text(&session.tmp, CRASH_LOADED, "0\n");
	tmproot_text(&session.tmp, "/sys/devices/system/cpu/crash_hotplug", "0\n");
	assert_json(&session, "/crash/reload_needed", "false"); /* there is nothing to reload */
	session_end(&session);
}

static void memory_that_is_hidden_is_no_obstacle(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/proc/iomem", "00000000-00000000 : System RAM\n");
	assert_json(&session, "/crash/regions", "null");
	assert_int_equal(session.answer, 1);
	session.request.status = STATUS_TEXT;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	assert_non_null(strstr(session.out, "crash region: not known: "));
	session_end(&session);
}

static void text_says_it_in_lines(void **state)
{
	static const char *const lines[] = { "kernel for a restart: not loaded\n",
		"kernel for a panic: loaded\n",
		"crash region: [0xa0000000, 0xb0000000), 268435456 bytes\n",
		"reload at memory and CPU hotplug: yes, " };
	struct session session;

	(void)state;
	start(&session);
	session.request.status = STATUS_TEXT;
	assert_int_equal(run(&session, ACTION_STATUS), ST_OK);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(session.out, lines[i]))
			fail_msg("no \"%s\" in \"%s\"", lines[i], session.out);
	session_end(&session);
}

/* "must stay": --print-ckr-size is a decimal number, of the higher region. */
static void crash_size_is_one_number(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	assert_int_equal(run(&session, ACTION_CRASH_SIZE), ST_OK);
	assert_string_equal(session.out, "268435456\n");
	assert_string_equal(session.said, "");
	tmproot_text(&session.tmp, "/proc/iomem", "40000000-bfffffff : System RAM\n");
	assert_int_equal(run(&session, ACTION_CRASH_SIZE), ST_OK);
	assert_string_equal(session.out, "0\n");
	assert_string_equal(session.said, "");
	tmproot_text(&session.tmp, "/proc/iomem", "what\n");
	assert_int_equal(run(&session, ACTION_CRASH_SIZE), ST_OK);
	assert_string_equal(session.out, "0\n");
	assert_non_null(strstr(session.said, "/proc/iomem"));
	session_end(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(purgatory_is_shown_in_the_kernel_that_it_started),
		cmocka_unit_test(status_answers_by_the_exit_status),
		cmocka_unit_test(json_has_both_images),
		cmocka_unit_test(what_makes_no_sense_is_not_known),
		cmocka_unit_test(reload_is_needed_unless_the_kernel_rewrites),
		cmocka_unit_test(memory_that_is_hidden_is_no_obstacle),
		cmocka_unit_test(text_says_it_in_lines),
		cmocka_unit_test(crash_size_is_one_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
