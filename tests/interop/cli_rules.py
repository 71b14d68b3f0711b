# SPDX-License-Identifier: MIT
"""The tool's rules 3 to 8 and 11, a test for each sentence. 1 and 2 are in cli_turns.py."""

import json
import os
import signal
import socket
import struct
import subprocess
import threading

from _cli import (PATIENCE, TOOL, Case, Peer, Serve, environment, main, needs_ip6,
                  on_terminal, read_to_reset, run)

COMMANDS = ["get", "send", "connect", "serve", "engine", "sim", "help", "completions"]


class Rule3Loopback(Case):
    def listening(self, *flags):
        with Serve("echo", *flags, "--json") as server:
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            events = map(json.loads, server.output["out"].splitlines())
            return [e for e in events if e["event"] == "listening"]

    def test_a_port_alone_is_this_machine(self):
        for flags in (["-l", ":0"], ["-u", "-l", ":0"]):
            where = self.listening(*flags)
            self.assertEqual(where[0]["addr"], "127.0.0.1")
            self.assertTrue(all(e["addr"] in ("127.0.0.1", "::1") for e in where))
            self.assertFalse(any(e["public"] for e in where))

    def test_both_families_share_a_drawn_port(self):
        self.assertEqual(len({e["port"] for e in self.listening("-l", ":0")}), 1)

    def test_public_opens_it(self):
        self.assertTrue(all(e["public"] for e in self.listening("--public", "-l", ":0")))
        self.assertTrue(all(e["public"] for e in self.listening("--public", "-4", "-l", ":0")))
        self.assertTrue(all(e["public"] for e in self.listening("-l", "0.0.0.0:0")))

    def test_the_startup_line_says_so(self):
        with Serve("echo", "-l", "0.0.0.0:0", "-l", "127.0.0.1:0") as server:
            server.until(b"open to the network")
            server.until(b"this machine only")

    @needs_ip6
    def test_a_client_finds_either_loopback(self):
        for at in "127.0.0.1:0", "[::1]:0":
            with Serve("echo", "-l", at) as server:
                self.ends(run("send", f":{server.port}", "x"), 0, b"x\n")
            with Serve("echo", "-u", "-l", at) as server:
                self.ends(run("send", "-u", f":{server.port}", "x"), 0, b"x\n")


class Rule4PortZero(Case):
    def test_the_real_port_is_told_in_three_ways(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.assertEqual(server.addresses[0][0], "tcp")
            self.assertGreater(server.port, 0)
            server.until(b"Listening on tcp://127.0.0.1:%d, for" % server.port)
        with Serve("echo", "-l", "127.0.0.1:0", "--json") as server:
            server.until(b"\n", "out")
            self.assertEqual(
                server.output["out"].splitlines()[0].decode(),
                '{"event":"listening","proto":"tcp","addr":"127.0.0.1","port":%d,"public":false}'
                % server.port)

    def test_several_addresses_of_every_kind(self):
        path = self.folder / "s"
        with Serve("echo", "-l", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "-l",
                   f"unix:{path}") as server:
            self.assertEqual([p for p, _ in server.addresses], ["tcp", "unix", "udp"])
            for proto, at in server.addresses:
                at = f"unix:{at}" if proto == "unix" else f"{proto}://{at}"
                self.ends(run("send", "--wait", "100ms", at, proto), 0, proto.encode() + b"\n")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
        self.assertFalse(path.exists())


class Rule5Output(Case):
    def test_a_server_has_no_payload(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            run("send", server.address, "x", "exit")
            server.until(b" closed.\n")
            self.assertEqual(server.output["out"], b"")

    def test_stdout_is_payload_alone(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            for flags in [], ["-v"], ["--json"], ["-q"]:
                self.ends(run("send", *flags, server.address, stdin=b"\0\x1b[31m\xff"), 0,
                          b"\0\x1b[31m\xff")

    def test_quiet_is_quiet_and_errors_are_still_told(self):
        with Serve("echo", "-q", "-l", "127.0.0.1:0") as server:
            self.ends(run("connect", "-q", server.address, stdin=b"x"), 0, b"x")
            server.signal(signal.SIGTERM)
            server.wait()
            self.assertEqual(server.output, {"out": b"", "err": b""})
        self.assertTrue(run("send", "-q", "127.0.0.1:1", "x").stderr.startswith(b"bight: "))

    def test_json_is_one_object_a_line(self):
        with Serve("echo", "--json", "-l", "127.0.0.1:0") as server:
            result = run("send", "--json", server.address, "x")
            events = [json.loads(line) for line in result.stderr.splitlines()]
            self.assertEqual([e["event"] for e in events], ["connected", "done"])
            server.until(b'"closed"', "out")
            events = [json.loads(line) for line in server.output["out"].splitlines()]
            self.assertEqual([e["event"] for e in events], ["listening", "accepted", "closed"])
            self.assertEqual((events[2]["received"], events[2]["sent"]), (1, 1))
            self.assertEqual(server.output["err"], b"")
        error = json.loads(run("send", "--json", "127.0.0.1:1", "x").stderr)
        self.assertEqual((error["event"], error["exit"]), ("error", 7))
        engine = json.loads(run("engine", "--json").stdout)
        self.assertEqual(engine["name"], os.environ.get("BIGHT_ENGINE", engine["name"]))

    def test_color_is_for_terminals_that_want_it(self):
        bad = ["send", "nowhere", "--color"]
        self.assertNotIn(b"\x1b", run("send", "127.0.0.1:1", "x").stderr)
        self.assertIn(b"\x1b", run("send", "127.0.0.1:1", "x", "--color", "always").stderr)
        self.assertIn(b"\x1b", on_terminal("send", "127.0.0.1:1", "x")[1])
        self.assertNotIn(b"\x1b", on_terminal("send", "127.0.0.1:1", "x", "--color=never")[1])
        for setting in {"NO_COLOR": "1"}, {"TERM": "dumb"}:
            env = {**environment(), **setting}
            self.assertNotIn(b"\x1b", on_terminal("send", "127.0.0.1:1", "x", env=env)[1])
        self.ends(run(*bad, "sometimes"), 2, says="auto, always, never")

    def test_a_peer_cannot_drive_the_terminal(self):
        with Serve("text", "\x1b]0;owned\x07fine\xc2\x9b", "-l", "127.0.0.1:0") as server:
            code, shown = on_terminal("connect", "-q", server.address)
        self.assertEqual(code, 0)
        self.assertIn(b"\\x1b]0;owned\\x07fine", shown)
        self.assertNotIn(b"\x1b]", shown)


class Rule6ExitCodes(Case):
    def test_address_in_use_is_98(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.ends(run("serve", "echo", "-l", server.address), 98, says=server.address)

    def test_name_not_found_is_6_and_refused_is_7(self):
        self.ends(run("send", "nosuch.invalid", "x"), 6, says="nosuch.invalid")
        self.ends(run("send", "127.0.0.1:1", "x"), 7, says=["127.0.0.1:1", "refused"])
        self.ends(run("send", f"unix:{self.folder}/none", "x"), 7, says="none")
        self.ends(run("send", "-u", "127.0.0.1:1", "x"), 7, says="refused")

    def test_timeout_is_28(self):
        quiet = threading.Event()
        with Peer(lambda c: quiet.wait(PATIENCE)) as peer:
            self.ends(run("send", "-t", "200ms", f"127.0.0.1:{peer.port}", "x", "y"), 28,
                      says="200 ms")
            quiet.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            at = f"127.0.0.1:{server.getsockname()[1]}"
            self.ends(run("send", "-u", "-t", "200ms", at, "x"), 28)
            self.ends(run("send", "-u", "--wait", "100ms", at, "x"), 0, b"", "No reply")

    def test_a_reset_is_56(self):
        def script(c):
            c.recv(100)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", "x"), 56, says="reset")

    def test_what_cannot_be_written_is_23(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            with open("/dev/full", "wb") as full:
                result = subprocess.run([TOOL, "send", server.address, "x"], stdout=full,
                                        stderr=subprocess.PIPE, timeout=PATIENCE)
                self.assertEqual(result.returncode, 23)
                self.assertIn(b"No space left", result.stderr)
                for words in (["help"], ["completions", "bash"], ["engine"]):
                    code = subprocess.run([TOOL, *words], stdout=full,
                                          stderr=subprocess.DEVNULL).returncode
                    self.assertEqual(code, 23, words)
            self.ends(run("send", server.address, "x", "-o", self.folder), 23, says="is a folder")
            self.ends(run("send", server.address, "x", "-o", self.folder / "no/file"), 23)

    def test_a_pipe_without_a_reader_ends_with_23_and_no_word(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            end, mine = os.pipe()
            os.close(end)
            result = subprocess.run([TOOL, "send", server.address, "x"], stdout=mine,
                                    stderr=subprocess.PIPE, timeout=PATIENCE)
            os.close(mine)
            self.assertEqual((result.returncode, result.stderr), (23, b""))

    def test_closed_standard_descriptors_stay_closed(self):
        # D08: none of these numbers may become a socket.
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            for shut, args, code in (("<&-", "x", 0), ("<&-", "", 1), (">&-", "x", 23),
                                     ("2>&-", "x", 0), ("<&- >&- 2>&-", "x", 23)):
                script = f'exec {shut}; exec "$0" send {server.address} {args}'
                result = subprocess.run(["bash", "-c", script, TOOL], timeout=PATIENCE,
                                        stdin=subprocess.DEVNULL, capture_output=True)
                self.assertEqual(result.returncode, code, (shut, result))


class Rule7Signals(Case):
    def drained(self, number, code):
        with Serve("greet", "-l", "127.0.0.1:0") as server, server.connect() as client:
            self.assertEqual(client.recv(100), b"Welcome")
            server.signal(number)
            server.until(b"for 1 connection")
            client.sendall(b"still here")
            self.assertEqual(client.recv(100), b"Hello, still here")
            with self.assertRaises(ConnectionRefusedError):
                server.connect()
            client.sendall(b"exit")
            self.assertEqual(client.recv(100), b"")
            self.assertEqual(server.wait(), code)

    def test_ctrl_c_once_drains(self):
        self.drained(signal.SIGINT, -signal.SIGINT)

    def test_sigterm_drains_and_ends_with_0(self):
        self.drained(signal.SIGTERM, 0)

    def test_sighup_drains_when_there_are_no_certificates_to_read_again(self):
        self.drained(signal.SIGHUP, 0)

    def test_ctrl_c_twice_cuts(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server, server.connect() as client:
            self.assertEqual(client.recv(100), b"Welcome")
            server.signal(signal.SIGINT)
            server.until(b"for 1 connection")
            server.signal(signal.SIGINT)
            self.assertEqual(server.wait(), -signal.SIGINT)
            self.assertEqual(read_to_reset(client), b"")

    def test_a_drain_has_an_end(self):
        with Serve("greet", "--drain", "200ms", "-l", "127.0.0.1:0") as server:
            with server.connect() as client:
                self.assertEqual(client.recv(100), b"Welcome")
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)
                self.assertEqual(read_to_reset(client), b"")

    def test_several_threads_drain_as_one(self):
        with Serve("greet", "--threads", 3, "-l", "127.0.0.1:0") as server:
            clients = [server.connect() for _ in range(8)]
            for c in clients:
                self.assertEqual(c.recv(100), b"Welcome")
            server.signal(signal.SIGTERM)
            for c in clients:
                c.sendall(b"x")
                self.assertEqual(c.recv(100), b"Hello, x")
                c.close()
            self.assertEqual(server.wait(), 0)


class Rule8WholeFiles(Case):
    def test_a_file_is_renamed_when_it_is_whole(self):
        going = threading.Event()
        seen = []

        def script(c):
            c.sendall(b"half ")
            going.wait(PATIENCE)
            seen.append(sorted(p.name for p in self.folder.iterdir()))
            c.sendall(b"whole")

        with Peer(script) as peer:
            threading.Timer(0, going.set).start()
            self.ends(run("get", f"tcp://127.0.0.1:{peer.port}", "-o", self.folder / "f"), 0, b"")
        self.assertEqual(seen, [["f.part", "f.part.from"]])
        self.assertEqual((self.folder / "f").read_bytes(), b"half whole")
        self.assertEqual(len(list(self.folder.iterdir())), 1)

    def test_a_failure_leaves_the_old_file_alone(self):
        (self.folder / "f").write_bytes(b"old")

        def script(c):
            c.sendall(b"new")
            self.assertEqual(read_to_reset(c), b"")  # until the tool has given up

        with Peer(script) as peer:
            self.ends(run("get", "-t", "200ms", f"tcp://127.0.0.1:{peer.port}", "-o",
                          self.folder / "f"), 28, says="f.part")
        self.assertEqual((self.folder / "f").read_bytes(), b"old")
        self.assertEqual((self.folder / "f.part").read_bytes(), b"new")

    def test_nothing_is_left_when_nothing_came(self):
        self.ends(run("get", "tcp://127.0.0.1:1", "-o", self.folder / "f"), 7)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_devices_and_links_are_kept(self):
        with Serve("text", "hello", "-l", "127.0.0.1:0") as server:
            self.ends(run("get", f"tcp://{server.address}", "-o", "/dev/null"), 0)
            self.assertFalse(os.path.isfile("/dev/null"))
            (self.folder / "link").symlink_to(self.folder / "real")
            (self.folder / "real").write_bytes(b"old")
            self.ends(run("get", f"tcp://{server.address}", "-o", self.folder / "link"), 0)
            self.assertTrue((self.folder / "link").is_symlink())
            self.assertEqual((self.folder / "real").read_bytes(), b"hello")

    def test_a_planted_part_is_not_followed(self):
        (self.folder / "f.part").symlink_to(self.folder / "victim")
        (self.folder / "victim").write_bytes(b"precious")
        with Serve("text", "hello", "-l", "127.0.0.1:0") as server:
            self.ends(run("get", f"tcp://{server.address}", "-o", self.folder / "f"), 0)
        self.assertEqual((self.folder / "victim").read_bytes(), b"precious")


class Rule11Help(Case):
    def test_help_begins_with_examples_in_80_columns(self):
        for args in [["--help"], ["help"]] + [["help", c] for c in COMMANDS] + \
                    [[c, "--help"] for c in COMMANDS]:
            text = self.ends(run(*args), 0).stdout.decode()
            self.assertTrue(text.startswith("Examples:\n  "), args)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_help_without_a_command_is_that_of_the_tool(self):
        self.assertEqual(run("help").stdout, run("--help").stdout)
        self.assertIn(b"Usage: bight [flags] COMMAND\n", run("help").stdout)
        self.assertIn(b"Usage: bight help [flags] [COMMAND]\n", run("help", "help").stdout)

    def test_typing_errors_get_a_suggestion(self):
        for args, guess in ((["srve"], "serve"), (["conect", ":1"], "connect"),
                            (["serve", "ehco"], "echo"), (["serve", "greet", "--dealy", "1s"],
                                                          "--delay"),
                            (["send", ":1", "--time", "1s"], "--timeout"),
                            (["send", "tpc://a:1"], "tcp"), (["help", "snd"], "send"),
                            (["send", ":1", "--framing", "lines"], "line"),
                            (["completions", "bsh"], "bash")):
            self.ends(run(*args), 2, b"", f"did you mean {guess}?")

    def test_the_engine_is_told(self):
        text = self.ends(run("engine"), 0).stdout.decode()
        self.assertIn(os.environ.get("BIGHT_ENGINE", "engine"), text)
        self.ends(run("engine", env=environment(BIGHT_ENGINE="steam")), 1, says="uring, epoll")

    def test_version(self):
        for args in ["--version"], ["send", "--version"]:
            self.assertRegex(run(*args).stdout.decode(), r"^bight \d+\.\d+\.\d+\n$")

    def test_completions_name_everything(self):
        for shell in "bash", "zsh", "fish":
            script = self.ends(run("completions", shell), 0).stdout.decode()
            for word in COMMANDS + ["max-conns", "framing", "echo"]:
                self.assertIn(word, script)
        check = subprocess.run(["bash", "-n"], input=run("completions", "bash").stdout)
        self.assertEqual(check.returncode, 0)


if __name__ == "__main__":
    main()
