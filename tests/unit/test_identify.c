// SPDX-License-Identifier: GPL-2.0-only
/* What --identify says about a file, in words and as JSON. */
#include "tests/unit/session.h"

#include <json-c/json.h>

#include "kexec/cmd/identify.h"
#include "tests/unit/bzimage.h"
#include "tests/unit/vmlinux.h"

#define KERNEL "/boot/vmlinuz"

static void start(struct session *session, enum identify_form form)
{
	session_begin(session);
	session->request.kernel = KERNEL;
	session->request.identify = form;
}

static int run(struct session *session)
{
	struct cmd_io io = session_listen(session);

	return session_heard(session, &io, identify_file(&session->request, &io, &session->err));
}

/* 16 KiB pages, anywhere, with a banner behind a format that looks like one. */
static size_t make_image(uint8_t image[512])
{
	memset(image, 0, 512);
	store_le64(image + 16, 4096);
	store_le64(image + 24, 0xc);
	memcpy(image + 56, "ARM\x64", 4);
	strcpy((char *)image + 100, "Linux version %s (%s)");
	strcpy((char *)image + 200, "Linux version 6.1.0-13-arm64 (builder@somewhere)");
	return 512;
}

/* A UKI of that image, a command line and a release, at sections of 512 bytes. */
static void put_uki(struct session *session)
{
	static const char *const names[] = { ".linux", ".cmdline", ".uname", ".initrd" };
	static const char *const texts[] = { NULL, "quiet\x1b[2J\nsplash\n", "6.1.0", "070701" };
	uint8_t file[512 * 5] = "MZ";

	store_le32(file + 60, 64);
	memcpy(file + 64, "PE\0\0", 4);
	store_le16(file + 68, 0xaa64);
	store_le16(file + 70, 4);
	for (uint32_t i = 0; i < 4; i++) {
		uint8_t *section = file + 88 + 40 * i;
		uint32_t size = texts[i] ? (uint32_t)strlen(texts[i]) : 512;

		memcpy(section, names[i], strlen(names[i]));
		store_le32(section + 8, size);
		store_le32(section + 16, 512);
		store_le32(section + 20, 512 * (i + 1));
		if (texts[i])
			memcpy(file + 512 * (i + 1), texts[i], size);
		else
			make_image(file + 512 * (i + 1));
	}
	tmproot_bytes(&session->tmp, KERNEL, file, sizeof(file));
}

static void an_image_in_words(void **state)
{
	struct session session;
	uint8_t image[512];

	(void)state;
	start(&session, IDENTIFY_TEXT);
	tmproot_bytes(&session.tmp, KERNEL, image, make_image(image));
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.out,
		"file: " KERNEL "\ntype: Image\nlayer: Image, 512 bytes\nrelease: 6.1.0-13-arm64\n"
		"memory: 4096 bytes, 0 behind a 2 MiB line, anywhere\n"
		"boots on: arm64 CPUs that run little-endian with pages of 16 KiB\n"
		"kexec_load: yes\nkexec_file_load: yes, the file as it is\n");
	session_end(&session);
}

/* The release is in the open there, though the kernel is packed. */
static void a_bzimage_in_words(void **state)
{
	struct session session;
	uint8_t file[TEST_FILE_SIZE];

	(void)state;
	start(&session, IDENTIFY_TEXT);
	make_bzimage(file);
	tmproot_bytes(&session.tmp, KERNEL, file, sizeof(file));
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.out,
		"file: " KERNEL "\ntype: bzImage64\nlayer: bzImage, 10048 bytes\n"
		"release: 6.1.0-13-amd64\n"
		"memory: 10838016 bytes (init_size), at a multiple of 2097152, from 0x1000000 on "
		"(pref_address), anywhere\n"
		"boots on: x86_64 CPUs with four levels of page tables or five\n"
		"boot protocol: 2.15, loadflags 0x01, xloadflags 0x73\n"
		"64-bit entry: 0x200 behind its first byte\n"
		"command line: 2047 characters\n"
		"EFI from a kernel before it: yes\n"
		"kexec_load: yes\nkexec_file_load: yes, the file as it is\n");
	session_end(&session);
}

/* What its header denies is said; text that is none, or ends nowhere, is no release. */
static void a_lesser_bzimage_as_json(void **state)
{
	static const uint16_t no_text[] = { 0, 0x600, 0xffff };
	struct session session;
	uint8_t file[TEST_FILE_SIZE];

	(void)state;
	start(&session, IDENTIFY_JSON);
	make_bzimage(file);
	file[0x234] = 0;
	store_le16(file + 0x236, 0x01);
	for (size_t i = 0; i < sizeof(no_text) / sizeof(no_text[0]); i++) {
		struct json_object *object, *kernel, *boot, *field;

		store_le16(file + 0x20e, no_text[i]);
		tmproot_bytes(&session.tmp, KERNEL, file, sizeof(file));
		assert_int_equal(run(&session), ST_OK);
		object = json_tokener_parse(session.out);
		assert_true(json_object_object_get_ex(object, "kernel", &kernel));
		assert_true(json_object_object_get_ex(kernel, "release", &field));
		assert_null(field);
		assert_false(json_object_object_get_ex(kernel, "text_offset", &field));
		assert_true(json_object_object_get_ex(kernel, "placement_anywhere", &field));
		assert_false(json_object_get_boolean(field));
		assert_true(json_object_object_get_ex(kernel, "boot", &boot));
		assert_true(json_object_object_get_ex(boot, "relocatable", &field));
		assert_false(json_object_get_boolean(field));
		assert_true(json_object_object_get_ex(boot, "xloadflags", &field));
		assert_string_equal(json_object_get_string(field), "0x1");
		json_object_put(object);
	}
	session_end(&session);
}

/* It was described as an arm64 kernel. */
static void a_power_kernel_in_words(void **state)
{
	struct session session;
	struct blob file = power_vmlinux(1);

	(void)state;
	strcpy((char *)file.data + 0x1200, "Linux version 6.19.0-powerpc64le (builder@here)");
	start(&session, IDENTIFY_TEXT);
	tmproot_bytes(&session.tmp, KERNEL, file.data, file.size);
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.out,
		"file: " KERNEL "\ntype: vmlinux\nlayer: vmlinux, 12288 bytes\n"
		"release: 6.19.0-powerpc64le\n"
		"memory: 20480 bytes, anywhere for a panic (run_at_load), at address 0 for a "
		"restart\n"
		"boots on: 64-bit POWER CPUs, little-endian\n"
		"kexec_load: yes\nkexec_file_load: yes, the file as it is\n");
	store_le32(file.data + 0x105c, 0);
	tmproot_bytes(&session.tmp, KERNEL, file.data, file.size);
	assert_int_equal(run(&session), ST_OK);
	assert_non_null(strstr(session.out, "memory: 20480 bytes, at address 0 only\n"));
	session_end(&session);
	blob_done(&file);
}

static void an_x86_vmlinux_in_words(void **state)
{
	struct session session;
	struct blob file = x86_vmlinux();

	(void)state;
	start(&session, IDENTIFY_TEXT);
	tmproot_bytes(&session.tmp, KERNEL, file.data, file.size);
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.out,
		"file: " KERNEL "\ntype: vmlinux\nlayer: vmlinux, 16384 bytes\n"
		"release: 7.3.4-rig\n"
		"memory: 2297856 bytes, at a multiple of 2097152, linked for 0x1000000, anywhere\n"
		"boots on: x86_64 CPUs; it does not say with how many levels of page tables\n"
		"64-bit entry: 0x201010 behind its first byte\n"
		"kexec_load: yes\nkexec_file_load: no\n");
	session_end(&session);
	blob_done(&file);
}

static void a_power_kernel_as_json(void **state)
{
	struct session session;
	struct blob file = power_vmlinux(2);
	struct json_object *object, *kernel, *field;

	(void)state;
	start(&session, IDENTIFY_JSON);
	tmproot_bytes(&session.tmp, KERNEL, file.data, file.size);
	assert_int_equal(run(&session), ST_OK);
	object = json_tokener_parse(session.out);
	assert_true(json_object_object_get_ex(object, "kernel", &kernel));
	assert_true(json_object_object_get_ex(kernel, "architecture", &field));
	assert_string_equal(json_object_get_string(field), "ppc64le");
	assert_true(json_object_object_get_ex(kernel, "page_size", &field));
	assert_null(field);
	assert_true(json_object_object_get_ex(kernel, "placement_anywhere", &field));
	assert_true(json_object_get_boolean(field));
	assert_false(json_object_object_get_ex(kernel, "text_offset", &field));
	assert_false(json_object_object_get_ex(kernel, "boot", &field));
	json_object_put(object);
	session_end(&session);
	blob_done(&file);
}

static void a_uki_in_words(void **state)
{
	struct session session;

	(void)state;
	start(&session, IDENTIFY_TEXT);
	put_uki(&session);
	assert_int_equal(run(&session), ST_OK);
	assert_non_null(strstr(session.out, "type: uki\nlayer: UKI, 2560 bytes\nlayer: Image"));
	assert_non_null(strstr(session.out, "kexec_file_load: yes, unpacked\n"));
	assert_non_null(strstr(session.out,
		"part: .cmdline, 17 bytes\n    quiet?[2J\n    splash\npart: .uname, 5 bytes\n"
		"    6.1.0\npart: .initrd, 6 bytes\n"));
	session_end(&session);
}

static void a_uki_as_json(void **state)
{
	struct session session;
	struct json_object *object, *parts, *text, *loadable;

	(void)state;
	start(&session, IDENTIFY_JSON);
	put_uki(&session);
	assert_int_equal(run(&session), ST_OK);
	object = json_tokener_parse(session.out);
	assert_non_null(object);
	assert_true(json_object_object_get_ex(object, "loadable", &loadable));
	assert_true(json_object_get_boolean(loadable));
	assert_true(json_object_object_get_ex(object, "parts", &parts));
	assert_int_equal(json_object_array_length(parts), 4);
	assert_true(json_object_object_get_ex(json_object_array_get_idx(parts, 1), "text", &text));
	assert_string_equal(json_object_get_string(text), "quiet?[2J\nsplash");
	json_object_put(object);
	session_end(&session);
}

static void what_is_no_kernel_is_an_error(void **state)
{
	struct session session;
	struct json_object *object, *why, *id;

	(void)state;
	start(&session, IDENTIFY_JSON);
	assert_int_equal(run(&session), ST_NOT_FOUND);
	assert_string_equal(session.out, "");
	tmproot_text(&session.tmp, KERNEL, "070701 is how an archive begins");
	assert_int_equal(run(&session), ST_UNSUPPORTED);
	object = json_tokener_parse(session.out);
	assert_non_null(object);
	assert_true(json_object_object_get_ex(object, "error", &why));
	assert_true(json_object_object_get_ex(why, "id", &id));
	assert_string_equal(json_object_get_string(id), session.err.id);
	json_object_put(object);
	session.request.identify = IDENTIFY_TEXT;
	assert_int_equal(run(&session), ST_UNSUPPORTED);
	assert_string_equal(session.out, "");
	session_end(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_in_words),
		cmocka_unit_test(a_bzimage_in_words),
		cmocka_unit_test(a_lesser_bzimage_as_json),
		cmocka_unit_test(an_x86_vmlinux_in_words),
		cmocka_unit_test(a_power_kernel_in_words),
		cmocka_unit_test(a_power_kernel_as_json),
		cmocka_unit_test(a_uki_in_words),
		cmocka_unit_test(a_uki_as_json),
		cmocka_unit_test(what_is_no_kernel_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
