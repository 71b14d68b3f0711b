# SPDX-License-Identifier: MIT
"""A network of a test's own, with a name server whose answers the test writes down.

`own_network()` starts the script once more in new mount and network namespaces: there port 53 and
/etc/resolv.conf belong to the test.
"""

import fcntl
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

A, AAAA = 1, 28
CODES = {"NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5, "NOTIMP": 4, "NODATA": 0}
INSIDE = "BIGHT_TEST_OWN_NETWORK"


def own_network():
    """Returns inside the namespaces, with a loopback interface that is up."""
    if os.environ.get(INSIDE) != "1":
        outcome = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True) \
            if shutil.which("unshare") else None
        if outcome is None or outcome.returncode != 0:
            print("needs the right to make network and mount namespaces (root)")
            sys.exit(77)
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--net", sys.executable, *sys.argv])
    up = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, up)  # SIOCSIFFLAGS
    replace("/etc/nsswitch.conf", "hosts: files dns\n")
    replace("/etc/host.conf", "multi on\n")
    replace("/etc/hosts", "")


def replace(path, text):
    """Puts a file with `text` in place of `path`, in this mount namespace."""
    subprocess.run(["umount", path], capture_output=True)
    with tempfile.NamedTemporaryFile("w", prefix="bight-names-", delete=False) as f:
        f.write(text)
    os.chmod(f.name, 0o644)
    subprocess.run(["mount", "--bind", f.name, path], check=True)
    os.unlink(f.name)


class NameServer:
    """Answers from `zone`: {"a.test": {A: ["192.0.2.1"], AAAA: "SERVFAIL"}}.

    A family that is not there gives NODATA, a name that is not there NXDOMAIN, "silent" no answer;
    `zone` may also be one such word, for everything. `largest` is the longest answer by UDP.
    """

    def __init__(self, zone, host="127.0.0.1", largest=512):
        self.zone = zone
        self.largest = largest
        self.asked = []  # (name, type, "udp" or "tcp")
        scope = ()
        family = socket.AF_INET
        if ":" in host:
            family = socket.AF_INET6
            host, _, zone_id = host.partition("%")
            scope = (0, socket.if_nametoindex(zone_id) if zone_id else 0)
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for s in (self.udp, self.tcp):
            s.bind((host, 53) + scope)
        self.tcp.listen(16)
        self.stop, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.close()
        self.thread.join()
        for s in (self.udp, self.tcp, self.stopped):
            s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def names(self):
        """The names that were asked for, each once, in order."""
        return list(dict.fromkeys(name for name, _, _ in self.asked))

    def _serve(self):
        while True:
            ready = select.select([self.udp, self.tcp, self.stopped], [], [])[0]
            if self.stopped in ready:
                return
            if self.udp in ready:
                question, peer = self.udp.recvfrom(65536)
                if (answer := self._answer(question, "udp")) is not None:
                    self.udp.sendto(answer, peer)
            if self.tcp in ready:
                self._serve_tcp(self.tcp.accept()[0])

    def _serve_tcp(self, peer):
        with peer:
            peer.settimeout(1)
            try:
                while len(size := peer.recv(2, socket.MSG_WAITALL)) == 2:
                    question = peer.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
                    if (answer := self._answer(question, "tcp")) is not None:
                        peer.sendall(len(answer).to_bytes(2, "big") + answer)
            except OSError:
                pass

    def _answer(self, question, way):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        name = ".".join(labels).lower()
        kind = int.from_bytes(question[at + 1:at + 3], "big")
        self.asked.append((name, kind, way))
        says = self.zone if isinstance(self.zone, str) else self.zone.get(name, "NXDOMAIN")
        if isinstance(says, dict):
            says = says.get(kind, "NODATA")
        if says == "silent":
            return None
        code = CODES[says] if isinstance(says, str) else 0
        records = b""
        for text in [] if isinstance(says, str) else says:
            ip = socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, text)
            records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(ip)) + ip
        asked = question[12:at + 5]
        count = 0 if isinstance(says, str) else len(says)
        cut = way == "udp" and 12 + len(asked) + len(records) > self.largest
        flags = 0x8580 | code | (0x0200 if cut else 0)
        header = question[:2] + struct.pack("!HHHHH", flags, 1, 0 if cut else count, 0, 0)
        return header + asked + (b"" if cut else records)


def glibc(name, family=socket.AF_UNSPEC, env=None):
    """The addresses that getaddrinfo(3) finds; none when it finds none.

    In a process of its own: glibc reads its environment once. And not by getent, which leaves out a
    family that the machine has no address of.
    """
    program = ("import socket, sys\n"
               "try: found = socket.getaddrinfo(sys.argv[1], 9, int(sys.argv[2]), 1)\n"
               "except socket.gaierror: found = []\n"
               "print(*(f[4][0] for f in found))")
    done = subprocess.run([sys.executable, "-c", program, name, str(int(family))],
                          capture_output=True, text=True, timeout=60, check=True,
                          env={**os.environ, **(env or {})})
    return sorted(set(done.stdout.split()))


def tried(message, port):
    """The addresses that an error of connecting lists."""
    return sorted(a.strip("[]") for a in
                  re.findall(rf"(\[[0-9a-z:.%]+\]|[0-9.]+):{port} ", message))
