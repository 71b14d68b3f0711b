# SPDX-License-Identifier: MIT
"""How the tool finds the addresses of a name: search lists, options, hosts file, bad servers.

Where glibc is a judge, getaddrinfo(3) must find the same addresses.
"""

import contextlib
import os
import socket
import sys
import time
import unittest

from _cli import environment, run
from _names import A, AAAA, NameServer, glibc, own_network, replace, tried

PORT = 9  # nobody listens there: the error lists every address of the name


def look_up(name, *flags, env=None):
    done = run("connect", *flags, f"{name}:{PORT}", env=environment(**(env or {})))
    message = done.stderr.decode()
    return tried(message, PORT), message


class Names(unittest.TestCase):
    def setUp(self):
        replace("/etc/hosts", "")

    def expect(self, name, addresses, as_glibc=True, env=None):
        found, message = look_up(name, env=env)
        self.assertEqual(found, sorted(addresses), message)
        if as_glibc:
            self.assertEqual(glibc(name, env=env), sorted(addresses))

    # ── The search list ─────────────────────────────────────────────────────────────────────────

    def test_both_families_come_from_one_host_of_the_search_list(self):
        zone = {"db.a.test": {A: ["127.0.0.11"]},
                "db.b.test": {A: ["127.0.0.22"], AAAA: ["fd00::b"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n")
        with NameServer(zone) as server:
            self.expect("db", ["127.0.0.11"])
            self.assertEqual(server.names(), ["db.a.test"])
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch b.test a.test\n")
        with NameServer(zone):
            self.expect("db", ["127.0.0.22", "fd00::b"])

    def test_a_family_asked_for_alone_decides_alone(self):
        zone = {"db.a.test": {AAAA: ["fd00::a"]}, "db.b.test": {A: ["127.0.0.22"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n")
        with NameServer(zone):
            self.expect("db", ["fd00::a"])
            self.assertEqual(look_up("db", "-4")[0], ["127.0.0.22"])
            self.assertEqual(glibc("db", socket.AF_INET), ["127.0.0.22"])
            self.assertEqual(look_up("db", "-6")[0], ["fd00::a"])

    def test_a_slow_family_is_still_that_of_the_same_host(self):
        # The servers know AAAA only by a second attempt; meanwhile A has decided.
        zone = {"db.a.test": {A: ["127.0.0.11"], AAAA: "silent"},
                "db.b.test": {AAAA: ["fd00::b"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n"
                                    "options timeout:1 attempts:1\n")
        with NameServer(zone) as server:
            self.expect("db", ["127.0.0.11"])
            self.assertEqual(server.names(), ["db.a.test"])

    def test_no_address_and_no_name_go_on_to_the_next_domain(self):
        zone = {"db.a.test": {}, "db.c.test": {A: ["127.0.0.33"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test c.test\n")
        with NameServer(zone) as server:
            self.expect("db", ["127.0.0.33"])
            self.assertEqual(server.names(), ["db.a.test", "db.b.test", "db.c.test"])

    def test_a_server_failure_goes_on_and_is_remembered(self):
        zone = {"db.a.test": "SERVFAIL", "db.b.test": {A: ["127.0.0.22"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n")
        with NameServer(zone):
            self.expect("db", ["127.0.0.22"])
            found, message = look_up("other")
            self.assertEqual(found, [])
            self.assertIn("no such host", message)
            zone["x.a.test"] = "SERVFAIL"
            found, message = look_up("x")
            self.assertNotIn("no such host", message)  # it may exist

    def test_one_failing_family_does_not_hide_the_other(self):
        for bad in "SERVFAIL", "REFUSED", "NOTIMP", "NXDOMAIN":
            with self.subTest(bad):
                zone = {"db.a.test": {A: ["127.0.0.11"], AAAA: bad},
                        "db.b.test": {AAAA: ["fd00::b"]}}
                replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n")
                with NameServer(zone):
                    self.expect("db", ["127.0.0.11"])

    def test_silence_ends_the_search_and_is_no_missing_name(self):
        zone = {"db.a.test": "silent", "db.b.test": {A: ["127.0.0.22"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n"
                                    "options timeout:1 attempts:1\n")
        with NameServer(zone):
            self.expect("db", [])
            found, message = look_up("db")
            self.assertIn("timed out", message)

    def test_the_root_in_the_search_list_is_the_name_itself(self):
        # systemd-resolved writes "search ." when there is no domain.
        zone = {"db.test": {A: ["127.0.0.44"]}, "db": {A: ["127.0.0.55"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\nsearch .\n")
        with NameServer(zone):
            self.expect("db.test", ["127.0.0.44"])
            self.expect("db", ["127.0.0.55"])
            self.expect("nosuch", [])

    def test_ndots_says_what_is_tried_first(self):
        zone = {"a.b": {A: ["127.0.0.1"]}, "a.b.c.test": {A: ["127.0.0.2"]},
                "a": {A: ["127.0.0.3"]}, "only.c.test": {A: ["127.0.0.4"]}}
        for ndots, first in ((1, "127.0.0.1"), (2, "127.0.0.2"), (15, "127.0.0.2")):
            replace("/etc/resolv.conf",
                    f"nameserver 127.0.0.1\nsearch c.test\noptions ndots:{ndots}\n")
            with NameServer(zone):
                self.expect("a.b", [first])
                self.expect("a", ["127.0.0.3"])
                self.expect("only", ["127.0.0.4"])
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch c.test\noptions ndots:0\n")
        with NameServer(zone) as server:
            self.expect("a", ["127.0.0.3"])
            self.assertEqual(server.names(), ["a"])

    def test_a_name_with_dots_that_does_not_exist_goes_through_the_list(self):
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch c.test\n")
        with NameServer({"a.b.c.test": {A: ["127.0.0.2"]}}) as server:
            self.expect("a.b", ["127.0.0.2"])
            self.assertEqual(server.names(), ["a.b", "a.b.c.test"])

    def test_a_last_dot_makes_a_name_absolute(self):
        zone = {"db.a.test": {A: ["127.0.0.11"]}, "www.test": {A: ["127.0.0.5"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test\noptions ndots:5\n")
        with NameServer(zone) as server:
            self.expect("db.", [])
            self.expect("www.test.", ["127.0.0.5"])
            self.assertEqual(server.names(), ["db", "www.test"])

    def test_the_last_of_domain_and_search_counts(self):
        zone = {"db.a.test": {A: ["127.0.0.11"]}, "db.b.test": {A: ["127.0.0.22"]}}
        with NameServer(zone):
            replace("/etc/resolv.conf", "nameserver 127.0.0.1\ndomain a.test\nsearch b.test\n")
            self.expect("db", ["127.0.0.22"])
            replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch b.test\ndomain a.test\n")
            self.expect("db", ["127.0.0.11"])

    def test_more_than_six_domains_are_searched(self):
        domains = " ".join(f"d{i}.test" for i in range(10))
        replace("/etc/resolv.conf", f"nameserver 127.0.0.1\nsearch {domains}\n")
        with NameServer({"db.d9.test": {A: ["127.0.0.9"]}}):
            self.expect("db", ["127.0.0.9"])

    def test_a_domain_that_makes_the_name_too_long_is_skipped(self):
        long = ".".join(["x" * 60] * 4)
        replace("/etc/resolv.conf", f"nameserver 127.0.0.1\nsearch {long} b.test\n")
        with NameServer({"database.b.test": {A: ["127.0.0.22"]}}):
            self.expect("database", ["127.0.0.22"], as_glibc=False)

    # ── The environment ─────────────────────────────────────────────────────────────────────────

    def test_localdomain_replaces_the_search_list(self):
        zone = {"db.a.test": {A: ["127.0.0.11"]}, "db.b.test": {A: ["127.0.0.22"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test\n")
        with NameServer(zone):
            self.expect("db", ["127.0.0.22"], env={"LOCALDOMAIN": "c.test b.test"})

    def test_res_options_are_added(self):
        zone = {"a.b": {A: ["127.0.0.1"]}, "a.b.c.test": {A: ["127.0.0.2"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch c.test\noptions ndots:1\n")
        with NameServer(zone):
            self.expect("a.b", ["127.0.0.2"], env={"RES_OPTIONS": "ndots:3"})

    # ── Servers ─────────────────────────────────────────────────────────────────────────────────

    def test_timeout_and_attempts_count(self):
        for attempts in 1, 2:
            replace("/etc/resolv.conf",
                    f"nameserver 127.0.0.1\noptions timeout:1 attempts:{attempts}\n")
            with NameServer("silent") as server:
                start = time.monotonic()
                _, message = look_up("db.test")
                took = time.monotonic() - start
            self.assertIn("timed out", message)
            self.assertGreater(took, 0.9)
            self.assertLess(took, 10)  # without options: 14 s
            self.assertEqual(len(server.asked), 2 * attempts)  # A and AAAA

    def test_a_server_that_does_not_answer_is_passed_over(self):
        zone = {"www.test": {A: ["127.0.0.5"]}}
        for first in "silent", "SERVFAIL", "REFUSED", None:
            with self.subTest(first):
                replace("/etc/resolv.conf", "nameserver 127.0.0.2\nnameserver 127.0.0.1\n"
                                            "options timeout:1\n")
                bad = NameServer(first, "127.0.0.2") if first else contextlib.nullcontext()
                with bad, NameServer(zone):
                    self.expect("www.test", ["127.0.0.5"])

    def test_more_than_three_servers_are_no_error(self):
        replace("/etc/resolv.conf", "".join(f"nameserver 127.0.0.{i}\n" for i in (2, 3, 4, 1)) +
                "options timeout:1\n")
        with NameServer({"www.test": {A: ["127.0.0.5"]}}):
            self.expect("www.test", ["127.0.0.5"], as_glibc=False)  # glibc takes three

    def test_a_server_on_ip6_is_asked(self):
        replace("/etc/resolv.conf", "nameserver ::1\n")
        with NameServer({"www.test": {A: ["127.0.0.5"]}}, "::1"):
            self.expect("www.test", ["127.0.0.5"])

    def test_a_scoped_server_is_asked(self):
        os.system("ip link set lo up; ip -6 addr add fe80::53/64 dev lo nodad")
        replace("/etc/resolv.conf", "nameserver fe80::53%lo\noptions timeout:1 attempts:1\n")
        with NameServer({"www.test": {A: ["127.0.0.5"]}}, "fe80::53%lo"):
            if "No DNS servers" in look_up("www.test")[1]:
                self.skipTest("this c-ares drops link-local servers (1.34.5 does)")
            self.expect("www.test", ["127.0.0.5"])

    def test_a_cut_answer_is_asked_for_again_by_tcp(self):
        many = [f"127.0.{i // 250}.{i % 250 + 1}" for i in range(600)]
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        with NameServer({"many.test": {A: many}}) as server:
            found, message = look_up("many.test")
            self.assertEqual(len(found), 16, message)  # max_attempts
            self.assertIn(("many.test", A, "tcp"), server.asked)

    def test_use_vc_means_tcp(self):
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions use-vc\n")
        with NameServer({"www.test": {A: ["127.0.0.5"]}}) as server:
            self.expect("www.test", ["127.0.0.5"])
            self.assertEqual({way for _, _, way in server.asked}, {"tcp"})

    def test_a_missing_or_broken_file_means_this_machine(self):
        with NameServer({"www.test": {A: ["127.0.0.5"]}}):
            for text in "", "# nothing\n", "nameserver\nnameserver x.y\noptions\nsearch\n\0\xff":
                replace("/etc/resolv.conf", text)
                self.expect("www.test", ["127.0.0.5"])

    def test_no_aaaa_asks_for_no_ip6_addresses(self):
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions no-aaaa\n")
        with NameServer({"www.test": {A: ["127.0.0.5"], AAAA: ["fd00::5"]}}) as server:
            self.expect("www.test", ["127.0.0.5"])
            self.assertEqual({kind for _, kind, _ in server.asked}, {A})

    def test_single_request_asks_for_one_family_after_the_other(self):
        zone = {"db.b.test": {A: ["127.0.0.22"], AAAA: ["fd00::b"]}}
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test b.test\n"
                                    "options single-request\n")
        with NameServer(zone) as server:
            self.expect("db", ["127.0.0.22", "fd00::b"])
            self.assertEqual([kind for _, kind, _ in server.asked[:4]], [A, AAAA, A, AAAA])

    # ── The hosts file ──────────────────────────────────────────────────────────────────────────

    def test_the_hosts_file_comes_first_with_both_families(self):
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test\n")
        replace("/etc/hosts", "127.0.0.7 db # not.db\n# 127.0.0.8 db\n127.0.0.9 other DB\n"
                              "fd00::7 db\nnonsense db\n")
        with NameServer({"db.a.test": {A: ["127.0.0.11"]}}) as server:
            self.expect("db", ["127.0.0.7", "127.0.0.9", "fd00::7"])
            self.assertEqual(server.asked, [])

    def test_localhost_is_this_machine_whatever_the_files_say(self):
        replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch a.test\n")
        replace("/etc/hosts", "192.0.2.1 localhost\n")
        with NameServer({"localhost.a.test": {A: ["192.0.2.2"]}}) as server:
            for name in "localhost", "localhost.", "x.localhost", "LOCALHOST":
                self.expect(name, ["127.0.0.1", "::1"], as_glibc=False)
            self.assertEqual(server.asked, [])


if __name__ == "__main__":
    own_network()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
