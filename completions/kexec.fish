# SPDX-License-Identifier: GPL-2.0-only
# Made from kexec/cmd/option_table.c by make update-docs.
complete -c kexec -s l -l load -d 'load KERNEL for a restart'
complete -c kexec -s p -l load-panic -d 'load KERNEL to be started by a panic'
complete -c kexec -s f -l force -d 'load KERNEL and start it at once'
complete -c kexec -s e -l exec -d 'start the loaded kernel at once'
complete -c kexec -s u -l unload -d 'unload the kernel; with -p that for a panic'
complete -c kexec -s S -l status -d 'tell by the exit status whether one is loaded' -f -a 'text json'
complete -c kexec -l load-jump-back-helper -d 'in a kernel that was jumped to: load the way back'
complete -c kexec -l elfcorehdr -d 'show what a dump holds, and if that is all memory' -f -a 'text json'
complete -c kexec -l print-ckr-size -d 'print the bytes reserved for a crash kernel'
complete -c kexec -l identify -d 'say what kind of kernel file KERNEL is' -f -a 'text json'
complete -c kexec -s x -l no-ifdown -d 'leave the network interfaces up'
complete -c kexec -s y -l no-sync -d 'do not write out file systems'
complete -c kexec -l initrd -d 'initial RAM disk of the new kernel' -r -F
complete -c kexec -l ramdisk -d 'the same as --initrd' -r -F
complete -c kexec -l reuseinitrd -d 'use the initrd of the running kernel'
complete -c kexec -l append -d 'command line of the new kernel' -x
complete -c kexec -l command-line -d 'the same as --append' -x
complete -c kexec -l reuse-cmdline -d 'put the running command line in front of it'
complete -c kexec -l dtb -d 'device tree to use in place of the running one' -r -F
complete -c kexec -l devicetreeblob -d 'the same as --dtb' -r -F
complete -c kexec -s t -l type -d 'refuse KERNEL unless it is of this type' -x
complete -c kexec -l args-linux -d 'hand an ELF kernel boot_params'
complete -c kexec -l args-elf -d 'hand an ELF kernel notes: no vmlinux of x86_64'
complete -c kexec -l args-none -d 'hand an ELF kernel nothing: no vmlinux of x86_64'
complete -c kexec -l real-mode -d 'enter a bzImage in real mode, on a BIOS'
complete -c kexec -l entry-32bit -d 'enter a bzImage in 32-bit mode'
complete -c kexec -l module -d 'a file for a Multiboot kernel, and words for it' -r -F
complete -c kexec -l mem-min -d 'lowest address to load to' -x
complete -c kexec -l mem-max -d 'highest address to load to' -x
complete -c kexec -l load-preserve-context -d 'the running kernel waits, to be come back to'
complete -c kexec -l entry -d 'for --load-jump-back-helper: where to jump to' -x
complete -c kexec -l no-cma -d 'keep off memory that is lent to CMA'
complete -c kexec -l noefi -d 'hand nothing of EFI on to the new kernel'
complete -c kexec -l dt-no-old-root -d 'do not add root= of the running kernel'
complete -c kexec -l no-capture-defaults -d 'add no parameters to the command line'
complete -c kexec -l hotplug -d 'the kernel keeps the list of memory up to date' -f -a 'auto'
complete -c kexec -l hotplug-size -d 'room for that list; implies --hotplug' -x
complete -c kexec -s i -l no-checks -d 'start the new kernel without verifying it'
complete -c kexec -l console -d 'where purgatory reports, such as pl011,0x9000000' -x
complete -c kexec -l serial -d 'the same by the name of a terminal, such as ttyAMA0' -x -a '(path basename /sys/class/tty/*)'
complete -c kexec -l console-serial -d 'purgatory reports on a serial line'
complete -c kexec -l serial-baud -d 'speed of that line, if it is at an I/O port' -x
complete -c kexec -l console-vga -d 'purgatory reports on a VGA text screen, too'
complete -c kexec -l on-corruption -d 'after a bad digest: halt, reset or boot' -x -a 'halt reset boot'
complete -c kexec -s a -l kexec-syscall-auto -d 'choose the system call (default)'
complete -c kexec -s c -l kexec-syscall -d 'use kexec_load'
complete -c kexec -s s -l kexec-file-syscall -d 'use kexec_file_load'
complete -c kexec -l dry-run -d 'print the plan of a load, and load nothing' -f -a 'text json svg'
complete -c kexec -l sysroot -d 'read the machine and all files from DIR' -x -a '(__fish_complete_directories)'
complete -c kexec -l seed -d 'for tests: make the seeds in the plan repeatable' -x
complete -c kexec -s d -l debug -d 'say on stderr what is found and decided'
complete -c kexec -s h -l help -d 'print this text'
complete -c kexec -s v -l version -d 'print the version'
