// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/option_table.h"

#include "kexec/request.h"

#define FIELD(name) offsetof(struct request, name)

static const struct option_word hotplug_words[] = {
	{ NULL, HOTPLUG_ON },
	{ "auto", HOTPLUG_AUTO },
	{ NULL, -1 },
};

static const struct option_word corruption_words[] = {
	{ "halt", CORRUPTION_HALT },
	{ "reset", CORRUPTION_RESET },
	{ "boot", CORRUPTION_BOOT },
	{ NULL, -1 },
};

static const struct option_word args_linux_words[] = { { NULL, ARGS_LINUX }, { NULL, -1 } };
static const struct option_word args_elf_words[] = { { NULL, ARGS_ELF }, { NULL, -1 } };
static const struct option_word args_none_words[] = { { NULL, ARGS_NONE }, { NULL, -1 } };

static const struct option_word entry_32_words[] = { { NULL, ENTRY_32 }, { NULL, -1 } };
static const struct option_word entry_16_words[] = { { NULL, ENTRY_16 }, { NULL, -1 } };

static const struct option_word dry_run_words[] = {
	{ NULL, DRY_RUN_TEXT },
	{ "text", DRY_RUN_TEXT },
	{ "json", DRY_RUN_JSON },
	{ "svg", DRY_RUN_SVG },
	{ NULL, -1 },
};

static const struct option_word status_words[] = {
	{ NULL, STATUS_QUIET },
	{ "text", STATUS_TEXT },
	{ "json", STATUS_JSON },
	{ NULL, -1 },
};

static const struct option_word identify_words[] = {
	{ NULL, IDENTIFY_TEXT },
	{ "text", IDENTIFY_TEXT },
	{ "json", IDENTIFY_JSON },
	{ NULL, -1 },
};

static const struct option_word help_word[] = { { NULL, ACTION_HELP }, { NULL, -1 } };
static const struct option_word version_word[] = { { NULL, ACTION_VERSION }, { NULL, -1 } };
static const struct option_word crash_size_word[] = { { NULL, ACTION_CRASH_SIZE }, { NULL, -1 } };
static const struct option_word elfcorehdr_words[] = {
	{ NULL, ELFCOREHDR_TEXT },
	{ "text", ELFCOREHDR_TEXT },
	{ "json", ELFCOREHDR_JSON },
	{ NULL, -1 },
};

static const struct option_word auto_word[] = { { NULL, SYSCALL_AUTO }, { NULL, -1 } };
static const struct option_word load_word[] = { { NULL, SYSCALL_LOAD }, { NULL, -1 } };
static const struct option_word file_word[] = { { NULL, SYSCALL_FILE_LOAD }, { NULL, -1 } };

/* The columns that most rows share. */
#define NO_VALUE	      ARGUMENT_NONE, NULL, VALUE_OTHER
#define A_FILE		      ARGUMENT_REQUIRED, "FILE", VALUE_FILE
#define A_VALUE(name)	      ARGUMENT_REQUIRED, name, VALUE_OTHER
#define MAYBE(name)	      ARGUMENT_OPTIONAL, name, VALUE_OTHER
#define SETS(how, field)      EFFECT_##how, FIELD(field), NULL
#define CHOOSES(field, words) EFFECT_WORD, FIELD(field), words
#define ACTS		      EFFECT_ACTION, 0, NULL
#define ENDS(word)	      EFFECT_AT_ONCE, 0, word
#define NOTHING		      EFFECT_NOTHING, 0, NULL
#define REFUSED		      EFFECT_REFUSED, 0, NULL

/* clang-format off */
const struct option_row option_table[] = {
	{ "load", 'l', NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ACTS,
	  "load KERNEL for a restart",
	  "Nothing is started: \"systemctl kexec\", or -e, does that. File systems are written "
	  "out, unless -y is given. The kernel goes into memory that the machine had when it was "
	  "booted and that is not reserved; what runs there now is written over when it starts." },
	{ "load-panic", 'p', NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ACTS,
	  "load KERNEL to be started by a panic",
	  "It goes into the memory that the running kernel reserved with crashkernel=. Before "
	  "anything is changed all that can be checked is checked: when kexec refuses, the image "
	  "that was armed before is still armed." },
	{ "force", 'f', NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ACTS,
	  "load KERNEL and start it at once",
	  "No service is stopped and nothing is unmounted. With -e, and without KERNEL, the one "
	  "that is loaded is started, with the network up." },
	{ "exec", 'e', NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ACTS,
	  "start the loaded kernel at once",
	  "File systems are written out and network interfaces taken down. No service is stopped "
	  "and nothing is unmounted: \"systemctl kexec\" does that first." },
	{ "unload", 'u', NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ACTS,
	  "unload the kernel; with -p that for a panic",
	  "The order of the two does not matter. That nothing is loaded is not an error." },
	{ "status", 'S', MAYBE("text|json"), GROUP_ACTION, ON_ALL, WITH_BOTH,
	  CHOOSES(status, status_words),
	  "tell by the exit status whether one is loaded",
	  "That is 1 when the crash kernel is loaded and 0 when it is not; with -l it is about the "
	  "kernel for a restart. Nothing is printed, unless a form is named: then all that is "
	  "known of both, of the reservation and of hotplug. The JSON form is described in "
	  "doc/status-schema.md. This goes before every other action." },
	{ "load-jump-back-helper", 0, NO_VALUE, GROUP_ACTION, ON_ALL, WITH_LOAD,
	  SETS(FLAG, load_way_back),
	  "in a kernel that was jumped to: load the way back",
	  "On x86, in a kernel that was loaded with --load-preserve-context: -e leads back then to "
	  "the kernel that waits, and another -e there to this one again. See THERE AND BACK "
	  "AGAIN." },
	{ "elfcorehdr", 0, MAYBE("text|json"), GROUP_ACTION, ON_ALL, WITH_BOTH,
	  CHOOSES(elfcorehdr, elfcorehdr_words),
	  "show what a dump holds, and if that is all memory",
	  "The program headers of KERNEL, here a core file or a block device that holds one; "
	  "without it, of /proc/vmcore in a capture kernel, else of the armed image as it lies in "
	  "memory now. Each is explained, and all are compared with the memory map. See MEMORY "
	  "AND CPU HOTPLUG for the exit status, and doc/elfcorehdr-schema.md for the JSON form." },
	{ "print-ckr-size", 0, NO_VALUE, GROUP_ACTION, ON_ALL, WITH_BOTH, ENDS(crash_size_word),
	  "print the bytes reserved for a crash kernel",
	  "Of two regions it is the higher one, into which kernels are loaded." },
	{ "identify", 0, MAYBE("text|json"), GROUP_ACTION, ON_ALL, WITH_BOTH,
	  CHOOSES(identify, identify_words),
	  "say what kind of kernel file KERNEL is",
	  "Its layers and their sizes, its release, the memory it takes, the CPUs it boots on, "
	  "what a UKI brings along. Nothing is loaded, and a file that could not be is an error. "
	  "The JSON form is described in doc/identify-schema.md. This goes before every other "
	  "action." },

	{ "no-ifdown", 'x', NO_VALUE, GROUP_RESTART, ON_ALL, WITH_BOTH, SETS(FLAG, no_ifdown),
	  "leave the network interfaces up", NULL },
	{ "no-sync", 'y', NO_VALUE, GROUP_RESTART, ON_ALL, WITH_BOTH, SETS(FLAG, no_sync),
	  "do not write out file systems", NULL },

	{ "initrd", 0, A_FILE, GROUP_KERNEL, ON_ALL, WITH_BOTH, EFFECT_INITRD, 0, NULL,
	  "initial RAM disk of the new kernel",
	  "Several are joined in the order given, each filled up to a multiple of 4 bytes, as boot "
	  "loaders do it; 32 at most." },
	{ "ramdisk", 0, A_FILE, GROUP_KERNEL, ON_ALL, WITH_BOTH, EFFECT_INITRD, 0, NULL,
	  "the same as --initrd", NULL },
	{ "reuseinitrd", 0, NO_VALUE, GROUP_KERNEL, ON_ALL, WITH_BOTH, SETS(FLAG, reuse_initrd),
	  "use the initrd of the running kernel",
	  "That needs retain_initrd on the running command line, and /sys/firmware/initrd." },
	{ "append", 0, A_VALUE("STRING"), GROUP_KERNEL, ON_ALL, WITH_BOTH, SETS(STRING, append),
	  "command line of the new kernel",
	  "When given more than once, the last one counts. Without this option and without "
	  "--reuse-cmdline, kexec_load on arm64 keeps the bootargs of the device tree, for a crash "
	  "kernel without crashkernel=; elsewhere, and by kexec_file_load, the new kernel gets no "
	  "words of the user's." },
	{ "command-line", 0, A_VALUE("STRING"), GROUP_KERNEL, ON_ALL, WITH_BOTH,
	  SETS(STRING, append),
	  "the same as --append", NULL },
	{ "reuse-cmdline", 0, NO_VALUE, GROUP_KERNEL, ON_ALL, WITH_BOTH,
	  SETS(FLAG, reuse_cmdline),
	  "put the running command line in front of it",
	  "The parameter BOOT_IMAGE is left out, and for a crash kernel crashkernel too. What "
	  "stands behind a word \"--\" is for init, of --append as well." },
	{ "dtb", 0, A_FILE, GROUP_KERNEL, ON_ARM64 | ON_PPC64 | ON_X86, WITH_LOAD,
	  SETS(STRING, dtb),
	  "device tree to use in place of the running one",
	  "On x86_64 it tells of devices, to a kernel with CONFIG_OF: it goes into setup_data as "
	  "it is." },
	{ "devicetreeblob", 0, A_FILE, GROUP_KERNEL, ON_PPC64, WITH_LOAD, SETS(STRING, dtb),
	  "the same as --dtb", NULL },
	{ "type", 't', A_VALUE("TYPE"), GROUP_KERNEL, ON_ALL, WITH_BOTH, SETS(STRING, type),
	  "refuse KERNEL unless it is of this type",
	  "One of vmlinux (ELF), Image, bzImage64, uImage, vmlinuz (self-unpacking "
	  "EFI), uki, android, multiboot-x86, multiboot2-x86; elf-x86_64, elf-ppc64 and "
	  "bzImage are other names for vmlinux and bzImage64. Every type is recognised without "
	  "this option." },
	{ "args-linux", 0, NO_VALUE, GROUP_KERNEL, ON_X86 | ON_PPC64, WITH_BOTH,
	  CHOOSES(args, args_linux_words),
	  "hand an ELF kernel boot_params",
	  "What is done anyway, and all that a Linux kernel understands." },
	{ "args-elf", 0, NO_VALUE, GROUP_KERNEL, ON_X86, WITH_BOTH,
	  CHOOSES(args, args_elf_words),
	  "hand an ELF kernel notes: no vmlinux of x86_64",
	  "kexec-tools does that without an option, and the kernel dies: it is refused "
	  "here. Of other images the option changes nothing." },
	{ "args-none", 0, NO_VALUE, GROUP_KERNEL, ON_X86, WITH_BOTH,
	  CHOOSES(args, args_none_words),
	  "hand an ELF kernel nothing: no vmlinux of x86_64",
	  "As with --args-elf." },
	{ "real-mode", 0, NO_VALUE, GROUP_KERNEL, ON_X86, WITH_LOAD, CHOOSES(entry, entry_16_words),
	  "enter a bzImage in real mode, on a BIOS",
	  "On x86_64, with -l. The kernel asks the BIOS for its memory and its screen again, as "
	  "after a boot loader; not on machines that were booted by UEFI. A BIOS that waits for "
	  "disks which Linux has taken over hangs: edd=off on the command line keeps it off "
	  "them." },
	{ "entry-32bit", 0, NO_VALUE, GROUP_KERNEL, ON_X86, WITH_LOAD,
	  CHOOSES(entry, entry_32_words),
	  "enter a bzImage in 32-bit mode",
	  "On x86_64, with -l. All of it, initrd included, is loaded below 4 GiB. A Multiboot "
	  "kernel is entered so without this option." },
	{ "module", 0, A_FILE, GROUP_KERNEL, ON_X86 | ON_PPC64, WITH_BOTH,
	  EFFECT_MODULE, 0, NULL,
	  "a file for a Multiboot kernel, and words for it",
	  "On x86_64, as one argument: --module='/boot/vmlinuz root=/dev/sda1'. Each such option "
	  "is one more module, in the order given, 13 at most. The kernel gets the words with the "
	  "file's name in front. A file that is packed with gzip or xz is unpacked. Other kernels "
	  "take no modules." },
	{ "mem-min", 0, A_VALUE("ADDRESS"), GROUP_KERNEL, ON_ALL, WITH_LOAD | DISPENSABLE,
	  SETS(ADDRESS, mem_min),
	  "lowest address to load to", NULL },
	{ "mem-max", 0, A_VALUE("ADDRESS"), GROUP_KERNEL, ON_ALL, WITH_LOAD | DISPENSABLE,
	  SETS(NOT_0, mem_max),
	  "highest address to load to", NULL },
	{ "load-preserve-context", 0, NO_VALUE, GROUP_KERNEL, ON_ALL, WITH_LOAD,
	  SETS(FLAG, preserve),
	  "the running kernel waits, to be come back to",
	  "On x86, with -l or -f, and on a kernel with CONFIG_KEXEC_JUMP. The new kernel gets the "
	  "memory from --mem-min to --mem-max, which has to be given, and the first MiB: what is "
	  "there is kept elsewhere until it comes back. See THERE AND BACK AGAIN." },
	{ "entry", 0, A_VALUE("ADDRESS"), GROUP_KERNEL, ON_ALL, WITH_BOTH,
	  SETS(NOT_0, way_back),
	  "for --load-jump-back-helper: where to jump to",
	  "Without it that is taken from the word kexec_jump_back_entry on the running command "
	  "line." },
	{ "no-cma", 0, NO_VALUE, GROUP_KERNEL, ON_ALL, WITH_FILE_LOAD | DISPENSABLE,
	  SETS(FLAG, no_cma),
	  "keep off memory that is lent to CMA",
	  "Only kexec_file_load(2) of 6.17 and later ever uses such memory." },
	{ "noefi", 0, NO_VALUE, GROUP_KERNEL, ON_X86, WITH_BOTH, SETS(FLAG, no_efi),
	  "hand nothing of EFI on to the new kernel",
	  "On x86_64. It has no EFI variables and no runtime services then, and finds ACPI's "
	  "tables all the same. Only kexec_load can do that; other machines do without." },
	{ "dt-no-old-root", 0, NO_VALUE, GROUP_KERNEL, ON_PPC64, WITH_BOTH, SETS(FLAG, no_old_root),
	  "do not add root= of the running kernel",
	  "On ppc64le kexec_load hands on the parameter root of the running command line where the "
	  "new one has none, unless this option is given; kexec_file_load never does." },
	{ "no-capture-defaults", 0, NO_VALUE, GROUP_KERNEL, ON_ARM64 | ON_X86, WITH_BOTH,
	  SETS(FLAG, no_capture_defaults),
	  "add no parameters to the command line",
	  "On an ACPI machine that can gain memory a capture kernel would take added memory for "
	  "its own and overwrite what it should save. So acpi_no_memhotplug is added to its "
	  "command line, unless this option is given." },

	{ "hotplug", 0, MAYBE("auto"), GROUP_HOTPLUG, ON_ALL, WITH_BOTH | BETTER_WITH_LOAD,
	  CHOOSES(hotplug, hotplug_words),
	  "the kernel keeps the list of memory up to date",
	  "When memory or CPUs come or go, the running kernel rewrites the ELF core header itself, "
	  "and nothing needs to be loaded again. A kernel that cannot do it leads to a refusal; "
	  "with --hotplug=auto the image is loaded all the same, and a warning says so. The image "
	  "goes in by kexec_load where that can be used, and is then verified before it starts." },
	{ "hotplug-size", 0, A_VALUE("BYTES"), GROUP_HOTPLUG, ON_ARM64 | ON_X86, WITH_LOAD,
	  SETS(SIZE, hotplug_size),
	  "room for that list; implies --hotplug",
	  "A number with an optional k, M or G. The default is what the kernel asks for, or more "
	  "where that would be too little. Less than what is needed now is refused." },

	{ "no-checks", 'i', NO_VALUE, GROUP_PURGATORY, ON_ALL, WITH_BOTH, SETS(FLAG, no_checks),
	  "start the new kernel without verifying it",
	  "With kexec_file_load it is never verified on arm64 and ppc64le." },
	{ "console", 0, A_VALUE("UART"), GROUP_PURGATORY, ON_ARM64 | ON_X86, WITH_LOAD,
	  SETS(STRING, console),
	  "where purgatory reports, such as pl011,0x9000000",
	  "Written as for the kernel's earlycon parameter, or \"none\"; a port is "
	  "uart8250,io,0x3f8, a terminal of POWER's hypervisor hvterm,0x71000000. "
	  "The default is what the device tree or the ACPI tables name." },
	{ "serial", 0, ARGUMENT_REQUIRED, "TTY", VALUE_TTY, GROUP_PURGATORY, ON_ARM64 | ON_X86,
	  WITH_LOAD | DISPENSABLE, SETS(STRING, serial),
	  "the same by the name of a terminal, such as ttyAMA0",
	  "Or, as 0x3f8, by the I/O port of a UART." },
	{ "console-serial", 0, NO_VALUE, GROUP_PURGATORY, ON_X86, WITH_LOAD | DISPENSABLE,
	  SETS(FLAG, console_serial),
	  "purgatory reports on a serial line",
	  "On that of --serial or --console; without them on the one that is found, which needs no "
	  "option, or else on the first one of a PC, at port 0x3f8. That all is well is said "
	  "too, as with the others." },
	{ "serial-baud", 0, A_VALUE("NUMBER"), GROUP_PURGATORY, ON_X86, WITH_LOAD | DISPENSABLE,
	  SETS(ADDRESS, serial_baud),
	  "speed of that line, if it is at an I/O port",
	  "From 9600 to 115200, and a part of the latter; purgatory sets it, with 8 bits and no "
	  "parity. Without this option the line is left as the kernel has it." },
	{ "console-vga", 0, NO_VALUE, GROUP_PURGATORY, ON_X86, WITH_BOTH, SETS(FLAG, screen),
	  "purgatory reports on a VGA text screen, too",
	  "On x86_64, beside the console. It is no use where the screen shows pictures: on a "
	  "framebuffer of EFI, or of a driver; a warning says so. Other machines do without." },
	{ "on-corruption", 0, A_VALUE("WHAT"), GROUP_PURGATORY, ON_ARM64 | ON_X86, WITH_LOAD,
	  CHOOSES(on_corruption, corruption_words),
	  "after a bad digest: halt, reset or boot",
	  "What purgatory does when the loaded image was overwritten: stop (the default), reset "
	  "the machine, or start the damaged kernel all the same. It always says first which "
	  "segment is bad." },

	{ "kexec-syscall-auto", 'a', NO_VALUE, GROUP_SYSCALL, ON_ALL, WITH_BOTH,
	  CHOOSES(syscall, auto_word),
	  "choose the system call (default)",
	  "kexec_file_load, and kexec_load where that cannot be used, see SYSTEM CALLS." },
	{ "kexec-syscall", 'c', NO_VALUE, GROUP_SYSCALL, ON_ALL, WITH_BOTH,
	  CHOOSES(syscall, load_word),
	  "use kexec_load",
	  "The new kernel is verified before it starts." },
	{ "kexec-file-syscall", 's', NO_VALUE, GROUP_SYSCALL, ON_ALL, WITH_BOTH,
	  CHOOSES(syscall, file_word),
	  "use kexec_file_load",
	  "The only one where the running kernel is locked down, as under Secure Boot. Exit status "
	  "253 when it cannot be used." },

	{ "dry-run", 0, MAYBE("text|json|svg"), GROUP_PLAN, ON_ALL, WITH_BOTH,
	  CHOOSES(dry_run, dry_run_words),
	  "print the plan of a load, and load nothing",
	  "Shows all segments, program headers and changes of the device tree, and the reason of "
	  "each choice, of a load by kexec_load(2); of kexec_file_load(2), with -p -s or where "
	  "only that has room, what the kernel will place where. The JSON form is described in "
	  "doc/plan-schema.md. The SVG form is a picture, to scale, of the segments and gaps and "
	  "of what the digest covers." },
	{ "sysroot", 0, ARGUMENT_REQUIRED, "DIR", VALUE_DIRECTORY, GROUP_PLAN, ON_ALL, WITH_BOTH,
	  SETS(STRING, sysroot),
	  "read the machine and all files from DIR",
	  "Every path is looked up inside DIR, symbolic links included. Such a machine is not this "
	  "one, so this needs --dry-run." },
	{ "seed", 0, A_VALUE("NUMBER"), GROUP_PLAN, ON_ALL, WITH_BOTH, EFFECT_SEED, 0, NULL,
	  "for tests: make the seeds in the plan repeatable",
	  "The kernel that is started draws its secrets from them: never load with this option." },

	{ "debug", 'd', NO_VALUE, GROUP_GENERAL, ON_ALL, WITH_BOTH, SETS(FLAG, debug),
	  "say on stderr what is found and decided",
	  "And where the time goes: read, decompress, hash, machine, plan, print, system call, "
	  "verify." },
	{ "help", 'h', NO_VALUE, GROUP_GENERAL, ON_ALL, WITH_BOTH, ENDS(help_word),
	  "print this text", NULL },
	{ "version", 'v', NO_VALUE, GROUP_GENERAL, ON_ALL, WITH_BOTH, ENDS(version_word),
	  "print the version", NULL },

	{ "elf32-core-headers", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86, WITH_LOAD, NOTHING,
	  "32-bit ELF core header",
	  "The header always is one of 64 bits, which all that reads dumps takes." },
	{ "elf64-core-headers", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86 | ON_PPC64, WITH_LOAD,
	  NOTHING,
	  "64-bit ELF core header",
	  "The header always is one of 64 bits." },
	{ "reset-vga", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86, WITH_LOAD, NOTHING,
	  "reset the VGA card",
	  "It is left as the kernel has it: purgatory prints where letters are shown." },
	{ "pass-memmap-cmdline", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86, WITH_LOAD, NOTHING,
	  "describe memory with memmap=",
	  "A capture kernel on x86_64 knows its memory from boot_params, and from no words." },
	{ "reuse-video-type", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86, WITH_LOAD, NOTHING,
	  "keep the video mode",
	  "On x86_64 the new kernel always gets the whole screen_info of the running one." },
	{ "force-dtb", 0, NO_VALUE, GROUP_NO_EFFECT, ON_X86, WITH_FILE_LOAD, NOTHING,
	  "carry the boot device tree over", NULL },

	{ "load-live-update", 0, NO_VALUE, GROUP_REFUSED, ON_ALL, WITH_LOAD, REFUSED,
	  "load a new hypervisor",
	  "Live update is for Xen's hypervisor, to which no call is made." },
	{ "exec-live-update", 0, NO_VALUE, GROUP_REFUSED, ON_ALL, WITH_LOAD, REFUSED,
	  "start the new hypervisor",
	  "Live update is for Xen's hypervisor, to which no call is made." },
};
/* clang-format on */

const size_t option_table_count = sizeof(option_table) / sizeof(option_table[0]);

const char *option_group_title(enum option_group group)
{
	static const char *const titles[OPTION_GROUPS] = {
		[GROUP_ACTION] = "Actions",
		[GROUP_RESTART] = "Before a restart",
		[GROUP_KERNEL] = "The new kernel",
		[GROUP_HOTPLUG] = "Memory and CPU hotplug",
		[GROUP_PURGATORY] = "Between the old kernel and the new one",
		[GROUP_SYSCALL] = "System call",
		[GROUP_PLAN] = "Plan without loading",
		[GROUP_GENERAL] = "General",
		[GROUP_NO_EFFECT] = "Accepted for compatibility, without effect here",
		[GROUP_REFUSED] = "Known from kexec-tools, not possible here",
	};

	return titles[group];
}
