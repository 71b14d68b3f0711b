# SPDX-License-Identifier: MIT
"""What the tool prints where no server is needed, word for word: the help of each command, the
completion scripts, and the message for each kind of usage error.

The files hold commands, each with its output. After a change, `BIGHT_GOLDEN=write` writes them
again; read the difference.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex

from _cli import Case, environment, main, run

HERE = pathlib.Path(__file__).parent


class Words(Case):
    def compare(self, name, usual_status):
        """Runs each command of a file, and compares its output with the file."""
        path = HERE / name
        kept = path.read_text(encoding="utf-8")
        head = kept[:kept.index("$ ")]
        commands = re.findall(r"^\$ .*$", kept, re.MULTILINE)
        self.assertEqual(len(commands), len(set(commands)))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            outputs = pool.map(lambda c: self.output(c, usual_status), commands)
            found = head + "".join(c + "\n" + o for c, o in zip(commands, outputs))
        if os.environ.get("BIGHT_GOLDEN") == "write":
            path.write_text(found, encoding="utf-8")
        self.assertEqual(found, kept)

    def output(self, command, usual_status):
        """What a command prints, and its exit status if it is not the usual one."""
        words = shlex.split(command)
        start = words.index("bight")
        settings = dict(word.split("=", 1) for word in words[1:start])
        result = run(*words[start + 1:], cwd=self.folder, env=environment(**settings))
        status = result.returncode
        if "--json" not in words:  # serve and engine print events on standard output
            self.assertEqual(result.stderr if status == 0 else result.stdout, b"", command)
        return ((result.stdout + result.stderr).decode() +
                ("" if status == usual_status else f"[{status}]\n"))

    def test_help(self):
        self.compare("golden_help.txt", usual_status=0)

    def test_completion_scripts(self):
        self.compare("golden_completions.txt", usual_status=0)

    def test_usage_errors(self):
        (self.folder / "fields").write_text("Accept: a\nno field\n")
        self.compare("golden_refusals.txt", usual_status=2)


if __name__ == "__main__":
    main()
