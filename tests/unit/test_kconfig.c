// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/kconfig.h"

/* printf 'CONFIG_CRASH_HOTPLUG=y\nCONFIG_CRASH_MAX_MEMORY_RANGES=4096\n' | gzip -9n */
static const uint8_t packed[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x73,
	0xf6, 0xf7, 0x73, 0xf3, 0x74, 0x8f, 0x77, 0x0e, 0x72, 0x0c, 0xf6, 0x88, 0xf7, 0xf0, 0x0f,
	0x09, 0xf0, 0x09, 0x75, 0xb7, 0xad, 0xe4, 0x72, 0x46, 0x16, 0xf6, 0x75, 0x8c, 0x88, 0xf7,
	0x75, 0xf5, 0xf5, 0x0f, 0x8a, 0x8c, 0x0f, 0x72, 0xf4, 0x73, 0x77, 0x0d, 0xb6, 0x35, 0x31,
	0xb0, 0x34, 0xe3, 0x02, 0x00, 0x47, 0x68, 0x0c, 0x4e, 0x3b, 0x00, 0x00, 0x00 };

static void options_are_read(void **state)
{
	struct kconfig config;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	uint64_t number;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/boot/config-7.3.4",
		"# comment\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=n\n"
		"CONFIG_AB=52\nCONFIG_HEX=0x1f\nCONFIG_TEXT=\"y\"\nCONFIG_BIG="
		"99999999999999999999\n"
		"XCONFIG_E=y\nCONFIG_NEG=-1\nCONFIG_LAST=y");
	assert_int_equal(kconfig_read(tmp.root, "7.3.4", &config, NULL, &err), ST_OK);
	assert_string_equal(config.source, "/boot/config-7.3.4");
	assert_int_equal(kconfig_enabled(&config, "A"), TRI_YES);
	assert_int_equal(kconfig_enabled(&config, "B"), TRI_YES);
	assert_int_equal(kconfig_enabled(&config, "C"), TRI_NO);
	assert_int_equal(kconfig_enabled(&config, "D"), TRI_NO);
	assert_int_equal(kconfig_enabled(&config, "E"), TRI_NO);
	assert_int_equal(kconfig_enabled(&config, "TEXT"), TRI_NO);
	assert_int_equal(kconfig_enabled(&config, "LAST"), TRI_YES);
	assert_true(kconfig_number(&config, "AB", &number));
	assert_int_equal(number, 52);
	assert_true(kconfig_number(&config, "HEX", &number));
	assert_int_equal(number, 0x1f);
	assert_false(kconfig_number(&config, "A", &number));
	assert_false(kconfig_number(&config, "BIG", &number));
	assert_false(kconfig_number(&config, "NEG", &number));
	assert_false(kconfig_number(&config, "NONE", &number));
	kconfig_done(&config);
	tmproot_done(&tmp);
}

static void sources_come_in_order(void **state)
{
	struct kconfig config;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	uint64_t number;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(kconfig_read(tmp.root, "7.3.4", &config, NULL, &err), ST_OK);
	assert_null(config.source);
	assert_int_equal(kconfig_enabled(&config, "A"), TRI_UNKNOWN);
	assert_false(kconfig_number(&config, "A", &number));
	kconfig_done(&config);

	tmproot_text(&tmp, "/lib/modules/7.3.4/config", "CONFIG_CRASH_MAX_MEMORY_RANGES=1\n");
	assert_int_equal(kconfig_read(tmp.root, "7.3.4", &config, NULL, &err), ST_OK);
	assert_string_equal(config.source, "/lib/modules/7.3.4/config");
	kconfig_done(&config);

	/* A release with a slash leads nowhere. */
	assert_int_equal(kconfig_read(tmp.root, "../modules/7.3.4", &config, NULL, &err), ST_OK);
	assert_null(config.source);
	kconfig_done(&config);

	tmproot_text(&tmp, "/boot/config-7.3.4", "CONFIG_CRASH_MAX_MEMORY_RANGES=2\n");
	tmproot_bytes(&tmp, "/proc/config.gz", packed, sizeof(packed) - 9); /* broken: the next */
	assert_int_equal(kconfig_read(tmp.root, "7.3.4", &config, NULL, &err), ST_OK);
	assert_string_equal(config.source, "/boot/config-7.3.4");
	kconfig_done(&config);

	tmproot_bytes(&tmp, "/proc/config.gz", packed, sizeof(packed));
	assert_int_equal(kconfig_read(tmp.root, "7.3.4", &config, NULL, &err), ST_OK);
	assert_string_equal(config.source, "/proc/config.gz");
	assert_int_equal(kconfig_enabled(&config, "CRASH_HOTPLUG"), TRI_YES);
	assert_true(kconfig_number(&config, "CRASH_MAX_MEMORY_RANGES", &number));
	assert_int_equal(number, 4096);
	kconfig_done(&config);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(sources_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
