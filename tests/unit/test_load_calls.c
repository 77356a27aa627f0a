// SPDX-License-Identifier: GPL-2.0-only
/* Which of the two system calls a load is made with, and what is refused before either. */
#include "tests/unit/load_session.h"

#include "kexec/cmd/unload.h"

/* "must stay": the file path first, kexec_load where that cannot be used, and only there. */
static void auto_takes_the_file_call_first(void **state)
{
	static const int falls_back[] = { ENOSYS, EINVAL, ENOEXEC, ENOTSUP };
	static const int final[] = { EPERM, EKEYREJECTED, ENOKEY, ELIBBAD, ENOPKG, EBADMSG, ENOMEM,
		EADDRNOTAVAIL, E2BIG };
	struct session session;

	(void)state;
	start(&session);
	assert_loaded(&session, "file ");
	for (size_t i = 0; i < sizeof(falls_back) / sizeof(falls_back[0]); i++) {
		session.file_errno = falls_back[i];
		assert_loaded(&session, "file load ");
	}
	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++) {
		session.file_errno = final[i];
		assert_failed(&session, "file ", "kexec-file-load-failed", 255, strerror(final[i]));
	}
	end(&session);
}

/* "should change": kexec-tools never says why. */
static void fall_back_says_why_under_debug(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.file_errno = ENOSYS;
	session.request.debug = true;
	assert_loaded(&session, "file load ");
	assert_non_null(strstr(session.said,
		"falling back to kexec_load: kexec_file_load failed: Function not implemented"));
	end(&session);
}

/* "must stay": no fallback under -s, and 253. */
static void file_call_alone_does_not_fall_back(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_loaded(&session, "file ");
	session.file_errno = ENOSYS;
	assert_failed(&session, "file ", "file-load-unusable", 253,
		"syscall kexec_file_load not available");
	session.file_errno = EINVAL;
	assert_failed(&session, "file ", "file-load-unusable", 253, "Invalid argument");
	session.file_errno = ENOKEY;
	assert_failed(&session, "file ", "kexec-file-load-failed", 255,
		"kexec_file_load failed: Required key not available");
	end(&session);
}

static void classic_call_alone_asks_no_other(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_LOAD;
	assert_loaded(&session, "load ");
	session.load_errno = ENOSYS;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "Function not implemented");
	end(&session);
}

/* "should change": kexec-tools drops --dtb without a word. */
static void options_of_the_classic_call_choose_it(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.needs_load = "dtb";
	assert_loaded(&session, "load ");
	session.load_errno = ENOSYS;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "Function not implemented");
	session.request.needs_load = NULL;
	session.request.prefers_load = "mem-min";
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "load file ");
	assert_non_null(strstr(session.said, "warning: syscall: --mem-min asks for kexec_load"));
	/* "must stay": 253 is for -s alone. */
	session.file_errno = EINVAL;
	assert_failed(&session, "load file ", "kexec-file-load-failed", 255,
		"kexec_file_load failed: Invalid argument");
	session.file_errno = 0;
	session.load_errno = EPERM;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "Operation not permitted");
	tmproot_text(&session.tmp, "/sys/kernel/security/lockdown", "none [integrity]\n");
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_string_equal(session.said,
		"kexec: warning: syscall: --mem-min asks for kexec_load, and only kexec_file_load "
		"is left: the kernel is locked down\n");
	/* So it is a load by files from the beginning, and nothing is read for the other. */
	session.request.initrd = "/boot/none";
	assert_failed(&session, "", "initrd-unreadable", 255, "Could not open initrd file");
	tmproot_text(&session.tmp, "/sys/kernel/security/lockdown", "[none] integrity\n");
	assert_failed(&session, "", "file-not-found", 1, "/boot/none");
	end(&session);
}

static void files_go_in_by_their_descriptors(void **state)
{
	struct session session;
	char image[IMAGE_BYTES];
	FILE *pipe;
	char command[256];

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_loaded(&session, "file ");
	assert_int_equal(session.kernel_size, IMAGE_BYTES);
	assert_false(session.kernel_sealed); /* signatures are attached to the file */
	assert_memory_equal(session.kernel, "MZ", 2);
	assert_memory_equal(session.initrd, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	assert_string_equal(session.cmdline, "quiet");
	assert_int_equal(session.flags, KEXEC_FILE_ON_CRASH);
	memcpy(image, session.kernel, sizeof(image));

	/* "should change": no temporary files */
	snprintf(command, sizeof(command), "gzip -k %s/boot/Image", session.tmp.dir);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(pclose(pipe), 0);
	session.request.kernel = "/boot/Image.gz";
	session.request.initrd = NULL;
	session.request.append = NULL;
	assert_loaded(&session, "file ");
	assert_int_equal(session.kernel_size, IMAGE_BYTES);
	assert_true(session.kernel_sealed);
	assert_memory_equal(session.kernel, image, sizeof(image));
	assert_string_equal(session.cmdline, "(none)");
	assert_int_equal(session.flags, KEXEC_FILE_ON_CRASH | KEXEC_FILE_NO_INITRAMFS);
	end(&session);
}

/* "must stay": what --reuse-cmdline leaves out, in what the kernel is handed. */
static void running_command_line_is_handed_over(void **state)
{
	static const struct {
		const char *append;
		bool crash;
		const char *handed;
	} cases[] = {
		{ "more", true, "root=/dev/vda initrd=\\i quiet more" },
		{ "more", false,
			"root=/dev/vda crashkernel=1G,high crashkernel=64M,low initrd=\\i quiet "
			"more" },
		{ NULL, true, "root=/dev/vda initrd=\\i quiet" },
		{ "", true, "root=/dev/vda initrd=\\i quiet" },
	};
	struct session session;

	(void)state;
	start(&session);
	session.request.reuse_cmdline = true;
	tmproot_remove(&session.tmp, "/sys/firmware/fdt"); /* it is not from there */
	assert_failed(&session, "", "cmdline-unreadable", 1, "/proc/cmdline");
	tmproot_text(&session.tmp, "/proc/cmdline",
		"BOOT_IMAGE=(hd0)/vmlinuz root=/dev/vda crashkernel=1G,high crashkernel=64M,low "
		"initrd=\\i quiet\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		session.request.append = cases[i].append;
		session.request.crash = cases[i].crash;
		assert_loaded(&session, "file ");
		assert_string_equal(session.cmdline, cases[i].handed);
	}
	end(&session);
}

/* The kernel reads it itself, unless in the end it does not. */
static void large_initrd_is_kept_only_for_a_plan(void **state)
{
	struct session session;
	char *text = calloc(1, 1000001);

	(void)state;
	assert_non_null(text);
	memcpy(text, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	start(&session);
	tmproot_bytes(&session.tmp, "/boot/initrd", text, 1000000);
	assert_loaded(&session, "file ");
	session.file_errno = ENOSYS;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file load ");
	assert_int_equal(session.largest, 1000000);
	/* What the kernel would find out too late is found out all the same. */
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a02fffff : Crash kernel\n");
	assert_failed(&session, "", "crash-region-too-small", 254,
		"no room for the initrd: it needs 0xf5000 bytes");
	free(text);
	end(&session);
}

/* As boot loaders do it: in the order given, each filled up to a multiple of 4. */
static void several_initrds_are_joined(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_bytes(&session.tmp, "/boot/second", CPIO_NUMBERED("00000002"), 121);
	tmproot_text(&session.tmp, "/boot/empty", "");
	tmproot_text(&session.tmp, "/boot/odd", "odd");
	session.request.initrd = "/boot/odd";
	session.request.more_initrds[0] = "/boot/second";
	session.request.more_initrds[1] = "/boot/initrd";
	session.request.debug = true;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_memory_equal(session.initrd, "odd\0" CPIO_NUMBERED("00000002") CPIO_EMPTY, 253);
	assert_true(session.initrd_sealed);
	assert_non_null(strstr(session.said, "initrd: /boot/odd: 3 bytes, at 0x0 of the whole"));
	assert_non_null(strstr(session.said, "initrd: /boot/initrd: 124 bytes, at 0x80 of the"));
	session.request.debug = false;
	session.request.syscall = SYSCALL_LOAD;
	assert_loaded(&session, "load ");
	assert_memory_equal(session.initrd, "odd\0" CPIO_NUMBERED("00000002") CPIO_EMPTY, 253);
	assert_int_equal(session.initrd_size, 252);

	/* One that has nothing in it adds nothing, and is named; none but such is no initrd. */
	session.request.syscall = SYSCALL_AUTO;
	session.request.more_initrds[0] = "/boot/empty";
	assert_int_equal(run(&session), ST_OK);
	assert_memory_equal(session.initrd, "odd\0" CPIO_EMPTY, 129);
	assert_non_null(strstr(session.said, "warning: initrd: /boot/empty is empty"));
	session.request.initrd = "/boot/empty";
	session.request.more_initrds[1] = NULL;
	assert_failed(&session, "", "initrd-empty", 1, "Empty ramdisk file: /boot/empty");
	session.request.more_initrds[0] = "/boot/none";
	assert_failed(&session, "", "initrd-unreadable", 255, "Could not open initrd file");
	assert_non_null(strstr(session.err.text, "/boot/none"));
	/* The first bytes count: in the middle the kernel unpacks archives, whatever they are. */
	session.request.initrd = "/boot/initrd";
	session.request.more_initrds[0] = "/boot";
	assert_failed(&session, "", "initrd-unreadable", 255, "it is a directory");
	end(&session);
}

static void remove_file(struct session *session, const char *path)
{
	char full[640];

	snprintf(full, sizeof(full), "%s%s", session->tmp.dir, path);
	assert_int_equal(unlink(full), 0);
}

static void rename_over(struct session *session, const char *from, const char *to)
{
	char old[640], new[640];

	snprintf(old, sizeof(old), "%s%s", session->tmp.dir, from);
	snprintf(new, sizeof(new), "%s%s", session->tmp.dir, to);
	assert_int_equal(rename(old, new), 0);
}

static void replace_files(struct session *session)
{
	tmproot_text(&session->tmp, "/boot/new", "not what was looked at");
	rename_over(session, "/boot/new", "/boot/Image");
	tmproot_bytes(&session->tmp, "/boot/new", CPIO_NUMBERED("00000007"), CPIO_EMPTY_SIZE);
	rename_over(session, "/boot/new", "/boot/initrd");
}

/* What was looked at is what the kernel gets, whatever the paths lead to by then. */
static void files_that_are_replaced_meanwhile_are_not_loaded(void **state)
{
	struct session session;
	uint8_t image[IMAGE_BYTES];
	char text[300001];

	(void)state;
	start(&session);
	assert_loaded(&session, "file ");
	memcpy(image, session.kernel, sizeof(image));
	image[24] = 0xc; /* pages of 16 KiB: a call before the load */
	tmproot_bytes(&session.tmp, "/boot/Image", image, sizeof(image));
	session.meanwhile = replace_files;
	assert_loaded(&session, "probe file ");
	assert_int_equal(session.kernel_size, sizeof(image));
	assert_memory_equal(session.kernel, image, sizeof(image));
	assert_memory_equal(session.initrd, CPIO_EMPTY, CPIO_EMPTY_SIZE);

	/* Also where the initrd is read again, for the other call. */
	memset(text, 0, sizeof(text));
	memcpy(text, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	lm_image(&session.tmp, "/boot/Image");
	tmproot_bytes(&session.tmp, "/boot/initrd", text, sizeof(text) - 1);
	session.file_errno = ENOSYS;
	session.meanwhile = replace_files;
	assert_loaded(&session, "file load ");
	assert_int_equal(session.largest, sizeof(text) - 1);
	end(&session);
}

/* Write to the very file, unless that means to wait until nobody has it mapped any more. */
static bool write_into(struct session *session, const char *path, const char *text)
{
	char full[640];
	int fd;

	snprintf(full, sizeof(full), "%s%s", session->tmp.dir, path);
	fd = open(full, O_WRONLY | O_TRUNC | O_NONBLOCK);
	if (fd < 0) {
		assert_int_equal(errno, EAGAIN);
		session->waits = true;
		return false;
	}
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return true;
}

static void cut_files(struct session *session)
{
	write_into(session, "/boot/Image", "MZ");
	write_into(session, "/boot/initrd", "cut");
}

static void empty_files(struct session *session)
{
	write_into(session, "/boot/Image", "");
	write_into(session, "/boot/initrd", "");
}

/* The first byte of the Image's. */
static void set_flags(struct session *session, uint8_t flags)
{
	char full[640];
	int fd;

	snprintf(full, sizeof(full), "%s/boot/Image", session->tmp.dir);
	fd = open(full, O_WRONLY);
	assert_int_equal(pwrite(fd, &flags, 1, 24), 1);
	close(fd);
}

/* Who writes to the very file changes what the kernel reads, and nothing else. */
static void files_that_change_meanwhile_do_no_harm(void **state)
{
	struct session session;
	char text[300001];

	(void)state;
	start(&session);
	memset(text, 0, sizeof(text));
	memcpy(text, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	tmproot_bytes(&session.tmp, "/boot/initrd", text, sizeof(text) - 1);
	session.file_errno = ENOSYS;
	session.meanwhile = cut_files;
	assert_int_equal(run(&session), ST_OK);
	/* Once more where the kernel file is mapped, and somebody waits. */
	assert_string_equal(session.calls, session.waits ? "file file load " : "file load ");
	assert_true(session.largest < sizeof(text) - 1);
	lm_image(&session.tmp, "/boot/Image");
	tmproot_bytes(&session.tmp, "/boot/initrd", text, sizeof(text) - 1);
	session.meanwhile = empty_files;
	assert_failed(&session, "file ", "initrd-empty", 1,
		"no crash kernel is armed: Empty ramdisk file");
	end(&session);
}

/* Who wants to write waits, and what is loaded in the end is a copy that he cannot change. Where
 * no lease can be had it was one from the beginning, and nobody waits. */
static void files_that_somebody_wants_to_write_to_are_copied(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_LOAD;
	session.request.no_checks = false;
	session.meanwhile = cut_files; /* within the call */
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, session.waits ? "load load " : "load ");
	assert_true(session.largest >= IMAGE_BYTES);
	end(&session);

	start(&session);
	session.request.syscall = SYSCALL_LOAD;
	session.request.debug = true;
	set_flags(&session, 0xc); /* pages of 16 KiB: a call before the load */
	session.meanwhile = cut_files;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, session.waits ? "probe probe load " : "probe load ");
	assert_non_null(strstr(session.said, "kexec: the initrd is copied: "));
	end(&session);
}

static void store_spin_tables(struct session *session)
{
	struct tree tree;
	struct span fdt;

	tree_begin(&tree);
	tree_node(&tree, "cpus");
	for (int i = 0; i < 2; i++) {
		tree_node(&tree, i ? "cpu@1" : "cpu@0");
		tree_string(&tree, "device_type", "cpu");
		tree_string(&tree, "enable-method", "spin-table");
		tree_end(&tree);
	}
	tree_end(&tree);
	fdt = tree_finish(&tree);
	tmproot_bytes(&session->tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	tmproot_text(&session->tmp, CPU_DIR "/possible", "0-1\n");
}

/* The kernel would say EBUSY, for good. Of a load for a panic it does not. */
static void cpus_that_cannot_stop_are_said_before_the_call(void **state)
{
	static const enum syscall_choice calls[] = { SYSCALL_AUTO, SYSCALL_LOAD,
		SYSCALL_FILE_LOAD };
	struct session session;

	(void)state;
	start(&session);
	store_spin_tables(&session);
	session.file_errno = session.load_errno = EBUSY;
	session.request.crash = false;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		session.request.syscall = calls[i];
		assert_failed(&session, "", "cpus-cannot-stop", 255, "cannot stop its other CPUs");
		assert_non_null(strstr(session.err.hint, "PSCI"));
	}
	session.request.syscall = SYSCALL_AUTO;
	session.request.dry_run = DRY_RUN_TEXT;
	assert_failed(&session, "", "cpus-cannot-stop", 255, "cannot stop its other CPUs");
	session.request.dry_run = DRY_RUN_OFF;
	session.request.crash = true;
	session.file_errno = 0;
	assert_loaded(&session, "file ");
	end(&session);
}

static void normal_image_is_loaded_and_verified(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.crash = false;
	assert_loaded(&session, "file ");
	assert_int_equal(session.flags, 0);
	session.file_errno = ENOSYS;
	assert_loaded(&session, "file load ");
	assert_int_equal(session.flags, KEXEC_ARCH_AARCH64);
	session.file_errno = 0;
	tmproot_text(&session.tmp, "/sys/kernel/kexec/loaded", "0\n");
	assert_failed(&session, "file ", "not-armed", 255, "/sys/kernel/kexec/loaded reads 0");
	end(&session);
}

/* "must stay": no image is lost when it can be helped; the file call frees it first. */
static void what_can_be_known_is_refused_before_the_call(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.hotplug = HOTPLUG_ON;
	assert_failed(&session, "", "hotplug-unsupported", 1, "crash_elfcorehdr_size");
	session.request.hotplug = HOTPLUG_OFF;
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, "/boot/elf", "\177ELF and so on");
	session.request.initrd = "/boot/elf";
	assert_failed(&session, "", "initrd-kind", 255, "initrd: /boot/elf: this is an ELF file");
	session.request.initrd = "/boot/none";
	assert_failed(&session, "", "initrd-unreadable", 255, "Could not open initrd file");
	session.request.syscall = SYSCALL_LOAD;
	assert_failed(&session, "", "file-not-found", 1, "/boot/none");
	session.request.syscall = SYSCALL_AUTO;
	session.request.initrd = NULL;
	session.request.kernel = "/boot/none";
	assert_failed(&session, "", "file-not-found", 1, "/boot/none");
	session.request.kernel = "/boot/Image";
	tmproot_text(&session.tmp, "/proc/meminfo", "MemTotal:        4479 kB\n");
	assert_failed(&session, "", "image-half-of-ram", 254, "the kernel allows half of its");
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a00fffff : Crash kernel\n");
	assert_failed(&session, "", "crash-region-too-small", 254,
		"no room for the kernel: it needs 0x230000");
	tmproot_text(&session.tmp, "/proc/iomem", "40000000-bfffffff : System RAM\n");
	assert_failed(
		&session, "", "crash-region-missing", 1, "Memory for crashkernel is not reserved");
	end(&session);
}

/* Under a policy that confines kexec each file that is opened is one that has to be allowed. */
static void file_call_opens_only_what_it_needs(void **state)
{
	static const char *const spared[] = { "/proc/kcore", "/proc/kallsyms", "/proc/config.gz",
		"/boot/config-7.3.4", "/lib/modules/7.3.4/config", "/proc/device-tree/chosen/x" };
	struct session session;

	(void)state;
	start(&session);
	/* A folder in place of a file is an error or a warning to whoever opens it. */
	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		tmproot_mkdir(&session.tmp, spared[i]);
	remove_file(&session, "/sys/firmware/fdt");
	tmproot_mkdir(&session.tmp, "/sys/firmware/fdt");
	assert_loaded(&session, "file ");
	session.request.crash = false;
	assert_loaded(&session, "file ");
	session.request.crash = true;
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_loaded(&session, "file ");
	/* The other call needs the tree. */
	session.request.syscall = SYSCALL_LOAD;
	assert_failed(&session, "", "file-type", 255, "/sys/firmware/fdt");
	session.request.syscall = SYSCALL_AUTO;
	session.file_errno = ENOSYS;
	assert_failed(&session, "file ", "file-type", 255, "/sys/firmware/fdt");
	end(&session);
}

/* The same answer without the load. */
static void assert_dry_run(struct session *session, int status, const char *words)
{
	session->request.dry_run = DRY_RUN_TEXT;
	assert_int_equal(run(session), status);
	assert_string_equal(session->calls, "");
	if (!strstr(status ? session->err.text : session->out, words))
		fail_msg("\"%s\" is not in \"%s\"", words, session->out);
	session->request.dry_run = DRY_RUN_OFF;
}

static void assert_has_room(struct session *session, enum syscall_choice call, const char *calls)
{
	session->request.syscall = call;
	if (calls) {
		assert_loaded(session, calls);
		assert_dry_run(session, ST_OK,
			strstr(calls, "file") ? "\nkexec_file_load: " : "\nkexec_load: ");
		return;
	}
	assert_failed(session, "", "crash-region-too-small", 254, "no room for the ");
	assert_dry_run(session, ST_NO_SPACE, "no room for the ");
}

/* The two calls place in different ways, so where one has no room the other may have. What is
 * refused is refused by the dry run too, and before any call. */
static void call_that_has_room_is_made(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	/* Above the 2 MiB line at 0xa0400000 is room for the tree and, 64 KiB further on, for the
	 * header; for purgatory there is none. */
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a0410fff : Crash kernel\n");
	assert_has_room(&session, SYSCALL_FILE_LOAD, "file ");
	assert_has_room(&session, SYSCALL_LOAD, NULL);
	assert_has_room(&session, SYSCALL_AUTO, "file ");
	/* A page less. */
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a040ffff : Crash kernel\n");
	assert_has_room(&session, SYSCALL_FILE_LOAD, NULL);
	assert_has_room(&session, SYSCALL_AUTO, NULL);
	/* By the file call the header gets what the kernel wants for hotplug. */
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a0440fff : Crash kernel\n");
	assert_has_room(&session, SYSCALL_FILE_LOAD, NULL);
	assert_has_room(&session, SYSCALL_LOAD, "load ");
	session.request.syscall = SYSCALL_AUTO;
	assert_loaded(&session, "load ");
	assert_dry_run(&session, ST_OK, "\nkexec_load: ");
	/* An option that only the other call can follow is not lost for want of room. */
	session.request.needs_load = "console";
	assert_loaded(&session, "load ");
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "0\n");
	tmproot_text(&session.tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  a0000000-a0410fff : Crash kernel\n");
	assert_has_room(&session, SYSCALL_AUTO, NULL);
	session.request.needs_load = NULL;
	session.request.prefers_load = "hotplug";
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said, "--hotplug asks for kexec_load, and only"));
	end(&session);
}

/* A session whose image has been loaded, and whose flags begin with this byte since then. */
static void start_with_flags(struct session *session, uint8_t flags)
{
	uint8_t image[IMAGE_BYTES];

	start(session);
	assert_loaded(session, "file ");
	memcpy(image, session->kernel, sizeof(image));
	image[24] = flags;
	tmproot_bytes(&session->tmp, "/boot/Image", image, sizeof(image));
}

/* "trap34": a kernel that this CPU cannot run loads well, and then stops without a word. */
static void trap34_page_size_of_the_cpu_is_asked_for(void **state)
{
	struct session session;

	(void)state;
	start_with_flags(&session, 0xc); /* pages of 16 KiB */
	assert_loaded(&session, "probe file ");
	session.request.syscall = SYSCALL_LOAD;
	assert_loaded(&session, "probe load ");
	session.cpu_lacks = 2;
	assert_failed(&session, "probe probe ", "image-page-size", 255, "16 KiB");
	session.request.syscall = SYSCALL_AUTO;
	assert_failed(&session, "probe probe ", "image-page-size", 255, "16 KiB");
	/* A kernel that does not look tells nothing. */
	session.file_errno = EINVAL;
	assert_loaded(&session, "probe probe file load ");
	session.file_errno = ENOSYS;
	assert_loaded(&session, "probe file load ");
	/* Where loads are counted nothing is spent on that. */
	session.file_errno = 0;
	tmproot_text(&session.tmp, "/proc/sys/kernel/kexec_load_limit_reboot", "3\n");
	assert_loaded(&session, "file ");
	end(&session);
}

/* No kernel says whether its CPU can, and kexec_load(2) does not look at all. */
static void big_endian_kernel_is_refused_before_any_call(void **state)
{
	static const enum syscall_choice calls[] = { SYSCALL_AUTO, SYSCALL_LOAD,
		SYSCALL_FILE_LOAD };
	struct session session;

	(void)state;
	start_with_flags(&session, 0xb); /* pages of 4 KiB, anywhere, big endian */
	session.armed = true;
	for (size_t i = 0; i < 2 * sizeof(calls) / sizeof(calls[0]); i++) {
		session.request.syscall = calls[i / 2];
		session.request.crash = i % 2;
		assert_failed(&session, "", "image-big-endian", 255, "big endian");
	}
	end(&session);
}

static void retained_initrd_is_used(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.initrd = NULL;
	session.request.reuse_initrd = true;
	tmproot_text(&session.tmp, "/proc/cmdline", "root=/dev/vda quiet\n");
	assert_failed(&session, "", "initrd-not-retained", 1, "without retain_initrd");
	/* Part of a word is none, nor is one of init's. */
	tmproot_text(&session.tmp, "/proc/cmdline",
		"root=/retain_initrd no_retain_initrd x=\"a retain_initrd\" -- retain_initrd\n");
	tmproot_text(&session.tmp, "/sys/firmware/initrd", "070701");
	assert_failed(&session, "", "initrd-not-retained", 1, "without retain_initrd");
	tmproot_remove(&session.tmp, "/sys/firmware/initrd");
	tmproot_text(&session.tmp, "/proc/cmdline", "root=/dev/vda retain_initrd\n");
	assert_failed(&session, "", "initrd-not-retained", 1, "/sys/firmware/initrd");
	tmproot_bytes(
		&session.tmp, "/sys/firmware/initrd", CPIO_NUMBERED("00000001"), CPIO_EMPTY_SIZE);
	assert_loaded(&session, "file ");
	assert_memory_equal(session.initrd, CPIO_NUMBERED("00000001"), CPIO_EMPTY_SIZE);
	session.request.initrd = "/boot/initrd"; /* more exact */
	assert_loaded(&session, "file ");
	assert_memory_equal(session.initrd, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	end(&session);
}

/* "must stay": no image is lost when a reload fails, where the kernel can be asked before. */
static void armed_image_outlives_a_file_that_is_refused(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.armed = session.disarms = true;
	assert_loaded(&session, "ask file ");
	assert_true(session.asked_initrd);
	session.ask_errno = ETXTBSY;
	assert_failed(&session, "ask ", "kexec-file-load-failed", 255, "is still armed");
	assert_non_null(strstr(session.err.hint, "open for writing"));
	session.ask_errno = EKEYREJECTED;
	assert_failed(&session, "ask ", "kexec-file-load-failed", 255,
		"the crash kernel armed before is still armed: kexec_file_load failed: ");
	session.ask_errno = EINVAL;
	assert_loaded(&session, "ask load ");
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_failed(&session, "ask ", "file-load-unusable", 253, "is still armed");
	session.request.syscall = SYSCALL_AUTO;
	/* Half of it has the kernel and the initrd, but nothing besides: no plan. */
	tmproot_text(&session.tmp, "/proc/meminfo", "MemTotal:        4510 kB\n");
	assert_failed(&session, "ask ", "image-half-of-ram", 254, "is still armed");
	end(&session);
}

/* Whatever the answer was: then it is the other call's turn, and what has happened is said. */
static void lost_image_is_made_good_by_the_other_call(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.armed = true;
	session.file_errno = ENOMEM;
	assert_failed(&session, "ask file ", "kexec-file-load-failed", 255,
		"the crash kernel armed before is still armed: kexec_file_load failed: ");
	session.disarms = true;
	assert_loaded(&session, "ask file load ");
	assert_non_null(strstr(session.said,
		"kexec: warning: syscall: the armed image is gone with a kexec_file_load that "
		"failed, kexec_load is tried: kexec_file_load failed: Cannot allocate memory"));
	assert_int_equal(session.flags, KEXEC_ON_CRASH | KEXEC_ARCH_AARCH64);
	/* What the kernel did unasked for that image it is asked for now. */
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	assert_loaded(&session, "ask file load ");
	assert_int_equal(session.flags & KEXEC_CRASH_HOTPLUG_SUPPORT, KEXEC_CRASH_HOTPLUG_SUPPORT);
	session.load_errno = EFAULT;
	assert_failed(&session, "ask file load ", "kexec-load-failed", 255,
		"NO CRASH KERNEL IS ARMED NOW, the one armed before is gone: kexec_load failed");
	/* Of two calls the user has one ruled out, or lockdown has. */
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_failed(&session, "ask file ", "kexec-file-load-failed", 255,
		"NO CRASH KERNEL IS ARMED NOW");
	session.request.syscall = SYSCALL_AUTO;
	tmproot_text(&session.tmp, "/sys/kernel/security/lockdown", "none [integrity]\n");
	assert_failed(&session, "ask file ", "kexec-file-load-failed", 255,
		"NO CRASH KERNEL IS ARMED NOW");
	end(&session);
}

static void image_lost_by_the_classic_call_is_made_good_too(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.armed = session.disarms = true;
	session.request.prefers_load = "mem-min";
	session.load_errno = EFAULT;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "load ask file ");
	assert_non_null(
		strstr(session.said, "the armed image is gone with a kexec_load that failed"));
	/* An option that the other call cannot follow rules it out. */
	session.request.needs_load = "dtb";
	assert_failed(&session, "load ", "kexec-load-failed", 255, "NO CRASH KERNEL IS ARMED NOW");
	session.request.needs_load = NULL;
	session.request.syscall = SYSCALL_LOAD;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "NO CRASH KERNEL IS ARMED NOW");
	/* Where nothing was armed nothing is lost. */
	session.request.syscall = SYSCALL_AUTO;
	session.armed = false;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "no crash kernel is armed");
	end(&session);
}

static void loss_of_the_armed_image_is_said(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.armed = session.disarms = true;
	/* Also when it is our own plan that ends the second try. */
	session.file_errno = EINVAL;
	tmproot_text(&session.tmp, "/proc/meminfo", "MemTotal:        4510 kB\n");
	assert_failed(
		&session, "ask file ", "image-half-of-ram", 254, "NO CRASH KERNEL IS ARMED NOW");
	end(&session);
}

/* Where to ask would cost a count, the call that can be checked without is the better one. */
static void without_a_question_the_classic_call_is_first(void **state)
{
	static const char limit[] = "/proc/sys/kernel/kexec_load_limit_reboot";
	static const char *const limits[] = { "3\n", "0\n", "what\n" };
	struct session session;

	(void)state;
	start(&session);
	session.armed = true;
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		tmproot_text(&session.tmp, limit, limits[i]);
		assert_loaded(&session, "load ");
		assert_non_null(strstr(session.said,
			"kexec: warning: syscall: kexec_load is tried first, which can be checked "
			"before: the sysctl kernel.kexec_load_limit_reboot is "));
		assert_int_equal(
			session.flags & KEXEC_CRASH_HOTPLUG_SUPPORT, KEXEC_CRASH_HOTPLUG_SUPPORT);
	}
	tmproot_text(&session.tmp, limit, "3\n");
	/* It is not there, or is denied by what cannot be seen: nothing is lost by that. */
	session.load_errno = ENOSYS;
	assert_loaded(&session, "load file ");
	session.load_errno = EPERM;
	assert_loaded(&session, "load file ");
	session.load_errno = EINVAL;
	assert_failed(&session, "load ", "kexec-load-failed", 255, "is still armed");
	session.load_errno = 0;
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said,
		"kexec: warning: syscall: if this load fails, no crash kernel is armed any more: "
		"the sysctl kernel.kexec_load_limit_reboot is 3, so that kexec_file_load cannot be "
		"asked"));
	session.request.syscall = SYSCALL_AUTO;
	tmproot_text(&session.tmp, "/sys/kernel/security/lockdown", "none [integrity]\n");
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said, "if this load fails"));
	/* Nothing to lose, nothing to say. */
	session.armed = false;
	assert_loaded(&session, "file ");
	session.armed = true;
	session.request.crash = false;
	assert_loaded(&session, "file ");
	/* Nor is it asked whether the kernel has the calls. */
	assert_int_equal(session.asked_for_calls, 0);
	end(&session);
}

/* A header that can only be rewritten with the other call's code: the kernel is asked whether it
 * has that, unless it counts the question. */
static void question_for_the_file_call_is_not_made_where_it_counts(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_LOAD;
	session.request.hotplug = HOTPLUG_ON;
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	assert_loaded(&session, "load ");
	assert_int_equal(session.asked_for_calls, 1);
	session.file_errno = ENOSYS;
	assert_failed(&session, "", "hotplug-unsupported", 1, "CONFIG_KEXEC_FILE");
	assert_int_equal(session.asked_for_calls, 2);
	tmproot_text(&session.tmp, "/proc/sys/kernel/kexec_load_limit_reboot", "3\n");
	assert_loaded(&session, "load ");
	assert_int_equal(session.asked_for_calls, 2);
	end(&session);
}

/* Both calls come to the same doubts. */
static void warning_of_both_calls_is_printed_once(void **state)
{
	struct session session;
	char *first;

	(void)state;
	start(&session);
	session.request.hotplug = HOTPLUG_AUTO;
	session.file_errno = ENOSYS;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file load ");
	first = strstr(session.said, "loading without --hotplug");
	assert_non_null(first);
	assert_null(strstr(first + 1, "loading without --hotplug"));
	end(&session);
}

/* An option that is lost with the call that is left is no matter of the load alone. */
static void dry_run_warns_as_the_load_does(void **state)
{
	static const char words[] =
		"kexec: warning: syscall: --mem-min asks for kexec_load, and only kexec_file_load "
		"is left: no room for the kernel";
	struct session session;

	(void)state;
	start(&session);
	session.request.prefers_load = "mem-min";
	session.request.mem_min = 1;
	session.request.mem_max = 0xfff;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said, words));
	session.request.dry_run = DRY_RUN_TEXT;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "");
	assert_non_null(strstr(session.said, words));
	end(&session);
}

static void hotplug_is_verified_on_the_file_path_too(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.hotplug = HOTPLUG_ON;
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	assert_loaded(&session, "file ");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "0\n");
	assert_failed(&session, "file ", "hotplug-not-armed", 255, "crash_hotplug");
	/* Where the kernel can, and it is no failure when it turns out that it cannot. */
	session.request.hotplug = HOTPLUG_AUTO;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said,
		"kexec: warning: hotplug: the crash kernel is loaded, but " CPU_DIR
		"/crash_hotplug reads 0 and "));
	session.request.syscall = SYSCALL_LOAD;
	assert_loaded(&session, "load ");
	assert_non_null(strstr(session.said, "/crash_hotplug reads 0 and "));
	session.request.syscall = SYSCALL_AUTO;
	tmproot_remove(&session.tmp, "/sys/kernel/crash_elfcorehdr_size");
	assert_int_equal(run(&session), ST_OK);
	assert_non_null(strstr(session.said, "loading without --hotplug"));
	end(&session);
}

/* The kernel does it unasked where it can. When it does not, that was no request. */
static void hotplug_of_the_file_path_is_verified_unasked(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "0\n");
	assert_loaded(&session, "file "); /* this kernel has none */
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	assert_non_null(strstr(session.said,
		"kexec: warning: hotplug: the crash kernel is loaded, but /sys/devices/system/"));
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	assert_loaded(&session, "file ");
	/* The other call has to be asked, or does nothing of the kind. */
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "0\n");
	session.request.syscall = SYSCALL_LOAD;
	assert_loaded(&session, "load ");
	assert_null(strstr(session.said, "hotplug"));
	end(&session);
}

static void put_odd_state(const struct tmproot *tmp)
{
	static const char *const paths[] = { "/sys/kernel/security/lockdown",
		"/proc/sys/kernel/kexec_load_limit_panic",
		"/proc/sys/kernel/kexec_load_limit_reboot", "/proc/sys/kernel/kexec_load_disabled",
		"/sys/kernel/kexec/crash_elfcorehdr_size", CPU_DIR "/crash_hotplug" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		tmproot_text(tmp, paths[i], "what\n");
}

/* A load needs none of that: it says so and goes on. */
static void state_that_makes_no_sense_is_no_obstacle(void **state)
{
	static const char cma[] = "/sys/kernel/kexec/crash_cma_ranges";
	struct session session;

	(void)state;
	start(&session);
	put_odd_state(&session.tmp);
	for (int i = 0; i < 2; i++) {
		session.file_errno = i ? ENOSYS : 0;
		assert_int_equal(run(&session), ST_OK);
		assert_string_equal(session.calls, i ? "file load " : "file ");
		assert_non_null(strstr(session.said,
			"kexec: warning: state: /sys/kernel/security/lockdown: found \"what\""));
	}
	/* Memory that is lent to CMA would be in the dump; a restart has none. */
	tmproot_text(&session.tmp, cma, "what\n");
	assert_failed(&session, "", "crash-cma-line", 255, cma);
	session.file_errno = 0;
	session.request.crash = false;
	assert_int_equal(run(&session), ST_OK);
	assert_string_equal(session.calls, "file ");
	end(&session);
}

/* "must stay": unloading falls back only where there is no kexec_file_load(2). It is about this
 * machine, whatever that has loaded: nothing is looked at before. */
static void unload_falls_back_where_there_is_no_file_call(void **state)
{
	static const struct {
		enum syscall_choice syscall;
		int file_errno, load_errno;
		const char *calls;
		int code;
	} cases[] = {
		{ SYSCALL_AUTO, 0, 0, "unload ", 0 },
		{ SYSCALL_AUTO, ENOSYS, 0, "unload load ", 0 },
		{ SYSCALL_AUTO, ENOSYS, ENOSYS, "unload load ", 255 },
		{ SYSCALL_AUTO, EPERM, 0, "unload ", 255 },
		{ SYSCALL_AUTO, EINVAL, 0, "unload ", 255 },
		{ SYSCALL_FILE_LOAD, ENOSYS, 0, "unload ", 253 },
		{ SYSCALL_LOAD, 0, 0, "load ", 0 },
		{ SYSCALL_LOAD, 0, EPERM, "load ", 255 },
	};
	struct session session;
	struct syscall_ops ops = no_calls;
	struct cmd_io io = { .out = stdout, .err = stderr, .syscalls = &ops };

	(void)state;
	start(&session);
	ops.kexec_load = fake_load;
	ops.kexec_file_load = fake_file_load;
	ops.context = &session;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		session.request = (struct request){
			.action = ACTION_UNLOAD, .crash = true, .syscall = cases[i].syscall
		};
		session.file_errno = cases[i].file_errno;
		session.load_errno = cases[i].load_errno;
		session.calls[0] = '\0';
		err_clear(&session.err);
		unload_kernel(&session.request, &io, &session.err);
		assert_string_equal(session.calls, cases[i].calls);
		/* Nor does it matter what the machine says of itself. */
		put_odd_state(&session.tmp);
		session.calls[0] = '\0';
		err_clear(&session.err);
		unload_from(&session.request, session.tmp.root, &io, &session.err);
		assert_string_equal(session.calls, cases[i].calls);
		assert_int_equal(exit_status(ACTION_UNLOAD, &session.err), cases[i].code);
	}
	end(&session);
}

static void set_available(struct session *session, const char *kib)
{
	char text[96];

	snprintf(text, sizeof(text), "MemTotal: 1748836 kB\nMemAvailable: %s kB\nSwapFree: 1 kB\n",
		kib);
	tmproot_text(&session->tmp, "/proc/meminfo", text);
}

/* Before anything is read, and before any call: the armed image stays, and nobody is killed. */
static void a_load_without_memory_for_it_is_refused(void **state)
{
	static const enum syscall_choice calls[] = { SYSCALL_AUTO, SYSCALL_LOAD,
		SYSCALL_FILE_LOAD };
	struct session session;

	(void)state;
	start(&session);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		session.request.syscall = calls[i];
		session.request.crash = true;
		set_available(&session, "0");
		assert_failed(&session, "", "memory-short", 255, "to read the files takes");
		/* Enough for the files, and for what a panic takes; not for a restart. */
		set_available(&session, "1000");
		assert_int_equal(run(&session), ST_OK);
		session.request.crash = false;
		assert_failed(&session, "", "memory-short", 255, "for the segments");
	}
	end(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_without_memory_for_it_is_refused),
		cmocka_unit_test(auto_takes_the_file_call_first),
		cmocka_unit_test(fall_back_says_why_under_debug),
		cmocka_unit_test(file_call_alone_does_not_fall_back),
		cmocka_unit_test(classic_call_alone_asks_no_other),
		cmocka_unit_test(options_of_the_classic_call_choose_it),
		cmocka_unit_test(files_go_in_by_their_descriptors),
		cmocka_unit_test(running_command_line_is_handed_over),
		cmocka_unit_test(large_initrd_is_kept_only_for_a_plan),
		cmocka_unit_test(several_initrds_are_joined),
		cmocka_unit_test(files_that_are_replaced_meanwhile_are_not_loaded),
		cmocka_unit_test(files_that_change_meanwhile_do_no_harm),
		cmocka_unit_test(files_that_somebody_wants_to_write_to_are_copied),
		cmocka_unit_test(cpus_that_cannot_stop_are_said_before_the_call),
		cmocka_unit_test(normal_image_is_loaded_and_verified),
		cmocka_unit_test(what_can_be_known_is_refused_before_the_call),
		cmocka_unit_test(file_call_opens_only_what_it_needs),
		cmocka_unit_test(call_that_has_room_is_made),
		cmocka_unit_test(trap34_page_size_of_the_cpu_is_asked_for),
		cmocka_unit_test(big_endian_kernel_is_refused_before_any_call),
		cmocka_unit_test(retained_initrd_is_used),
		cmocka_unit_test(armed_image_outlives_a_file_that_is_refused),
		cmocka_unit_test(lost_image_is_made_good_by_the_other_call),
		cmocka_unit_test(image_lost_by_the_classic_call_is_made_good_too),
		cmocka_unit_test(loss_of_the_armed_image_is_said),
		cmocka_unit_test(without_a_question_the_classic_call_is_first),
		cmocka_unit_test(question_for_the_file_call_is_not_made_where_it_counts),
		cmocka_unit_test(state_that_makes_no_sense_is_no_obstacle),
		cmocka_unit_test(unload_falls_back_where_there_is_no_file_call),
		cmocka_unit_test(warning_of_both_calls_is_printed_once),
		cmocka_unit_test(dry_run_warns_as_the_load_does),
		cmocka_unit_test(hotplug_is_verified_on_the_file_path_too),
		cmocka_unit_test(hotplug_of_the_file_path_is_verified_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
