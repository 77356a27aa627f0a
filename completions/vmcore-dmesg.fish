# SPDX-License-Identifier: GPL-2.0-only
# Made from vmcore-dmesg/options.c by make update-docs.
complete -c vmcore-dmesg -l level -d 'put facility and level before each message'
complete -c vmcore-dmesg -l caller -d 'say which thread or CPU wrote each message'
complete -c vmcore-dmesg -l json -d 'write one JSON object per message and line'
complete -c vmcore-dmesg -l utf8 -d 'leave UTF-8 characters as they are'
complete -c vmcore-dmesg -l help -d 'print this text'
complete -c vmcore-dmesg -l version -d 'print the version'
