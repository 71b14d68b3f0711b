# SPDX-License-Identifier: MIT
"""Link-local addresses with a zone: by name and by number, over TCP, UDP and HTTP."""

import os
import socket
import sys
import unittest

from _cli import PATIENCE, Serve, run
from _names import own_network

OWN = "fe80::5"


class Zones(unittest.TestCase):
    def setUp(self):
        # RFC 4007 §11.2: the interface's name or its number stands behind the percent sign.
        self.zones = "lo", str(socket.if_nametoindex("lo"))

    def answers(self, done, text):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(text, done.stdout)

    def test_a_zone_leads_to_its_interface(self):
        for kind in (), ("-u",):
            for bound in self.zones:
                with Serve("echo", *kind, "-l", f"[{OWN}%{bound}]:0") as server:
                    for to in self.zones:
                        self.answers(run("send", *kind, f"[{OWN}%{to}]:{server.port}", "hello"),
                                     b"hello")

    def test_a_peer_is_printed_with_its_zone(self):
        with Serve("echo", "-l", f"[{OWN}%lo]:0") as server:
            with socket.create_connection((OWN + "%lo", server.port), PATIENCE) as s:
                s.sendall(b"x")
                self.assertEqual(s.recv(1), b"x")
                number = self.zones[1]
                server.until(f"[{OWN}%{number}]:{s.getsockname()[1]}".encode(), "err")

    def test_an_address_without_its_zone_or_with_another_is_not_reached(self):
        with Serve("echo", "-l", f"[{OWN}%lo]:0") as server:
            for zone in "", "%no-such", "%4294967295":
                done = run("send", f"[{OWN}{zone}]:{server.port}", "hello")
                self.assertNotEqual(done.returncode, 0, zone)
                self.assertIn(f"[{OWN}{zone}]".encode(), done.stderr)
                self.assertNotIn(b"hello", done.stdout)

    def test_a_zone_that_is_no_interface_is_named(self):
        for zone in "no-such", "4294967295":
            at = f"[{OWN}%{zone}]:80"
            for command in (("send", at, "hello"), ("send", "-u", at, "hello"), ("connect", at),
                            ("get", "http://" + at), ("serve", "echo", "-l", at),
                            ("serve", "echo", "-u", "-l", at)):
                done = run(*command)
                self.assertNotEqual(done.returncode, 0, command)
                self.assertIn(f'this machine has no interface "{zone}"'.encode(), done.stderr)


own_network()
if os.system(f"ip link set lo up && ip -6 addr add {OWN}/64 dev lo nodad") != 0:
    print("skipped: no ip(8), or no IPv6 here")
    sys.exit(77)
unittest.main(argv=sys.argv[:1])
