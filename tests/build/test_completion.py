# SPDX-License-Identifier: GPL-2.0-only
"""What the shells themselves offer, asked with a line that ends where Tab is pressed."""

import os
import pathlib
import pty
import re
import select
import subprocess
import time

import pytest

COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "completions"
FILES = ("Image-one", "Image-two")


def tool_of(line):
    """What is completed."""
    return line.split()[0]


def ask_bash(line, folder):
    """By its own completion library, with the words as readline splits them."""
    words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith((" ", "=")) else [])
    script = f"""
        source /usr/share/bash-completion/bash_completion
        source '{COMPLETIONS}/{tool_of(line)}.bash'
        COMP_LINE=$1 COMP_POINT=${{#1}}
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _{tool_of(line).replace("-", "_")} "$1" "${{@: -1}}" "${{@: -2:1}}" 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line, *words], cwd=folder,
                          text=True, capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def ask_fish(line, folder):
    """It has a command for the purpose."""
    script = f"source '{COMPLETIONS}/{tool_of(line)}.fish'; complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, text=True,
                          capture_output=True, check=True,
                          env={**os.environ, "HOME": str(folder)})
    assert not done.stderr, done.stderr
    return [answer.partition("\t")[0].rpartition("=")[2] if "=" in line
            else answer.partition("\t")[0] for answer in done.stdout.splitlines()]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, folder):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command,
                       {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"})
        self.pid = pid

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, words, seconds=60):
        """All that was printed, when these words are there."""
        text, deadline = "", time.monotonic() + seconds
        while words not in text:
            ready, _, _ = select.select([self.fd], [], [],
                                        max(0, deadline - time.monotonic()))
            assert ready, text
            text += os.read(self.fd, 65536).decode(errors="replace")
        return text

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def ask_zsh(line, folder):
    """By its completion system, on a terminal; what it lists is read off the screen."""
    terminal = Terminal(["zsh", "-f", "-i"], folder)
    try:
        terminal.type(f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; "
                      "setopt no_list_ambiguous no_beep; LISTMAX=500; COLUMNS=200; "
                      "bindkey '^X' kill-whole-line; print rea''dy\n")
        terminal.read_until("ready\r\n")
        # What Tab shows stands between the typed line and the end of the next command.
        terminal.type(f"{line}\t\x18print do''ne\n")
        screen = terminal.read_until("done\r\n")
    finally:
        terminal.close()
    typed = re.split(r"[ =]", line)[-1]
    # Behind two dashes stands what the option is for.
    words = re.findall(r"[^\s=]+", re.sub(r" +-- .*", "", screen.partition("\x18")[0]))
    # The line itself then has what all answers have in common, which is none.
    return {word for word in words if word.startswith(typed) and word not in (typed, "Image-")}


SHELLS = {"bash": ask_bash, "fish": ask_fish, "zsh": ask_zsh}


@pytest.fixture(name="folder")
def folder_fixture(tmp_path):
    """Somewhere with kernels in it."""
    for name in (*FILES, "some-file"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line, expected", [
    ("kexec --hot", ["--hotplug", "--hotplug-size"]),
    ("kexec --on-corr", ["--on-corruption"]),
    ("kexec --on-corruption=r", ["reset"]),
    ("kexec --dry-run=s", ["svg"]),
    ("kexec -p Ima", FILES),
    ("kexec --initrd=Ima", FILES),
    ("kexec --initrd Ima", FILES),
    ("kexec --load-pres", ["--load-preserve-context"]),
    ("kexec --load-live", []),
    ("vmcore-dmesg --l", ["--level"]),
    ("vmcore-dmesg Ima", FILES),
])
def test_completion(shell, line, expected, folder):
    answers = {answer.rstrip("=") for answer in SHELLS[shell](line, folder)}
    assert answers == set(expected)
