# SPDX-License-Identifier: MIT
"""`bight get` and nginx: framings, encodings, ranges, redirects, large files. And Python's
http.server."""

import base64
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from _cli import PATIENCE, TOOL, Case, environment, main, run
from _nginx import Nginx, binary

SERVERS = """
  gzip on;
  gzip_min_length 1;
  gzip_types text/plain;
  server {
    listen <0>;
    root FOLDER/root;
    location /plain/ { gzip off; alias FOLDER/root/; }
    location /moved/ { return 301 /plain/; }
    location = /away { return 302 http://<0>/plain/text.txt; }
    location = /loop { return 307 /loop; }
    location = /br { gzip off; add_header Content-Encoding br; alias FOLDER/root/text.br; }
    location = /zstd { gzip off; add_header Content-Encoding zstd; alias FOLDER/root/text.zst; }
    location = /no { return 204; }
    location = /busy { add_header Retry-After 0 always; return 503; }
    location /slow/ { limit_rate 100k; alias FOLDER/root/; }
  }
"""


@unittest.skipUnless(binary(), "nginx is not installed")
class WithNginx(Case):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="bight-nginx-")
        root = os.path.join(cls.place.name, "root")
        os.mkdir(root)
        cls.text = b"".join(b"line %d of some text\n" % i for i in range(20_000))
        cls.large = os.urandom(1 << 20) * 64
        for name, data in (("text.txt", cls.text), ("large.bin", cls.large)):
            with open(os.path.join(root, name), "wb") as f:
                f.write(data)
        subprocess.run(["brotli", "-q", "5", "-o", f"{root}/text.br", f"{root}/text.txt"],
                       check=True)
        subprocess.run(["zstd", "-q", "-o", f"{root}/text.zst", f"{root}/text.txt"], check=True)
        cls.nginx = Nginx(cls.place.name, SERVERS.replace("FOLDER", cls.place.name))
        cls.url = f"http://127.0.0.1:{cls.nginx.ports[0]}"

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        cls.place.cleanup()

    def test_a_length(self):
        self.ends(run("get", self.url + "/plain/text.txt"), 0, self.text)

    def test_gzip_in_chunks(self):
        result = self.ends(run("get", "-i", self.url + "/text.txt"), 0)
        head, _, body = result.stdout.partition(b"\n\n")
        self.assertIn(b"Transfer-Encoding: chunked", head)
        self.assertIn(b"Content-Encoding: gzip", head)
        self.assertEqual(body, self.text)

    def test_brotli_and_zstd(self):
        for path in "/br", "/zstd":
            self.ends(run("get", self.url + path), 0, self.text)

    def test_redirects(self):
        self.ends(run("get", self.url + "/away"), 0, self.text)
        self.ends(run("get", self.url + "/loop"), 47, b"")
        self.ends(run("get", self.url + "/moved/"), 22, b"", "403")
        self.ends(run("get", "--no-redirect", self.url + "/away"), 47, b"", "run: bight get")

    def test_statuses(self):
        self.ends(run("get", self.url + "/no"), 0, b"")
        self.ends(run("get", self.url + "/none"), 22, b"", "404")
        self.ends(run("get", "--retry", 2, self.url + "/busy"), 22, b"", "503")
        self.ends(run("get", "-I", self.url + "/plain/large.bin"), 0)

    def test_a_large_file(self):
        digest = hashlib.sha256(self.large).hexdigest()
        self.ends(run("get", self.url + "/large.bin", "-o", self.folder / "f", "--sha256", digest),
                  0)
        self.assertEqual((self.folder / "f").read_bytes(), self.large)

    def test_the_rest_of_a_large_file(self):
        url = self.url + "/large.bin"
        head = self.ends(run("get", "-I", url), 0).stdout.decode()
        tag = next(line[6:] for line in head.splitlines() if line.startswith("ETag: "))
        (self.folder / "f.part").write_bytes(self.large[:10_000_000])
        (self.folder / "f.part.from").write_text(f"{url}\n{tag}\n")
        self.ends(run("get", "-v", url, "-o", self.folder / "f"), 0, says="Resuming after 10.0 MB")
        self.assertEqual((self.folder / "f").read_bytes(), self.large)

    def test_a_rate_below_the_smallest(self):
        # 64 MB at 100 kB/s would take ten minutes; a minute is how long the rate is averaged.
        result = run("get", "-t", "5s", "--max-size", "1MB", self.url + "/slow/large.bin")
        self.ends(result, 1, says="--max-size")

    def test_a_user_s_own_range(self):
        self.ends(run("get", "-H", "Range: bytes=5-8", self.url + "/plain/text.txt"), 0,
                  self.text[5:9])

    def test_constant_memory(self):
        # From a small process: what a child has before it is the tool counts too, getrusage(2).
        measure = ("import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], "
                   "stdout=subprocess.DEVNULL); "
                   "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        out = subprocess.run([sys.executable, "-c", measure, TOOL, "get", self.url + "/large.bin"],
                             capture_output=True, timeout=PATIENCE, check=True).stdout
        code, peak_kib = map(int, out.split())
        self.assertEqual(code, 0)
        if "san" not in TOOL:  # a sanitizer's shadow alone is more than that
            self.assertLess(peak_kib, 32_000)  # 64 MiB pass through


TLS_SERVERS = """
  ssl_certificate FOLDER/cert.pem;
  ssl_certificate_key FOLDER/key.pem;
  server { listen <0> ssl; root FOLDER/root; gzip on; gzip_min_length 1; gzip_types text/plain;
           location = /down { return 302 http://<1>/page.txt; }
           location = /here { return 302 /page.txt; } }
  server { listen <1>; root FOLDER/root;
           location = /up { return 301 https://<0>/page.txt; } }
  server { listen <2> ssl; root FOLDER/root; ssl_verify_client on;
           ssl_client_certificate FOLDER/cert.pem; }
"""


@unittest.skipUnless(binary() and shutil.which("openssl"), "nginx or openssl is not installed")
class WithTls(Case):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="bight-nginx-")
        folder = cls.place.name
        os.mkdir(folder + "/root")
        cls.text = b"".join(b"line %d of some text\n" % i for i in range(20_000))
        with open(folder + "/root/page.txt", "wb") as f:
            f.write(cls.text)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"],
                       check=True, capture_output=True)
        cls.nginx = Nginx(folder, TLS_SERVERS.replace("FOLDER", folder), sockets=3)
        cls.tls, cls.plain, cls.known = cls.nginx.ports
        cls.ca = folder + "/cert.pem"
        cls.key = folder + "/key.pem"

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        cls.place.cleanup()

    def get(self, path, *flags, port=None):
        return run("get", f"https://127.0.0.1:{port or self.tls}{path}", *flags)

    def test_a_page(self):
        self.ends(self.get("/page.txt", "--ca", self.ca), 0, self.text)
        self.ends(self.get("/here", "--ca", self.ca), 0, self.text)

    def test_g01_a_stranger_is_not_trusted(self):
        self.ends(self.get("/page.txt", "-o", self.folder / "f"), 60, b"")
        self.assertEqual(os.listdir(self.folder), [])
        self.ends(self.get("/page.txt", "--insecure"), 0, self.text)

    def test_g02_another_host_is_refused(self):
        # The certificate is for 127.0.0.1; its common name, localhost, counts for nothing.
        self.ends(run("get", "-4", f"https://localhost:{self.tls}/", "--ca", self.ca), 60, b"")

    def test_a_pin(self):
        wrong = "sha256//" + "A" * 43 + "="
        self.ends(self.get("/page.txt", "--pin", wrong), 60, b"")
        der = subprocess.run(["openssl", "x509", "-in", self.ca, "-pubkey", "-noout"],
                             capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=der,
                             capture_output=True, check=True).stdout
        pin = "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()
        self.ends(self.get("/page.txt", "--pin", pin), 0, self.text)

    def test_a_client_certificate(self):
        self.ends(self.get("/page.txt", "--ca", self.ca, port=self.known), 22, b"", "400")
        self.ends(self.get("/page.txt", "--ca", self.ca, "--cert", self.ca, "--key", self.key,
                           port=self.known), 0, self.text)
        self.ends(self.get("/", "--cert", self.ca), 2, b"", "--key")

    def test_h10_up_to_https_and_not_down(self):
        up = f"http://127.0.0.1:{self.plain}/up"
        self.ends(run("get", up, "--ca", self.ca), 0, self.text)
        self.ends(run("get", up), 60, b"")
        self.ends(self.get("/down", "--ca", self.ca), 47, b"", "not encrypted")

    def test_g08_plain_http_on_a_tls_port_and_the_reverse(self):
        self.ends(run("get", f"https://127.0.0.1:{self.plain}/"), 35, b"")
        self.ends(run("get", f"http://127.0.0.1:{self.tls}/"), 22, b"", "400")

    def test_through_a_proxy_that_is_asked_for_a_tunnel(self):
        listener = socket.create_server(("127.0.0.1", 0))
        asked = []

        def pump(source, sink):
            try:
                while piece := source.recv(65536):
                    sink.sendall(piece)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def tunnel():
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", self.tls)) as server:
                asked.append(client.recv(65536))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                there = threading.Thread(target=pump, args=(client, server))
                there.start()
                pump(server, client)
                there.join(PATIENCE)
        thread = threading.Thread(target=tunnel, daemon=True)
        thread.start()
        proxy = "http://me:pw@127.0.0.1:%d" % listener.getsockname()[1]
        result = run("get", f"https://127.0.0.1:{self.tls}/page.txt", "--ca", self.ca,
                     env={**environment(), "https_proxy": proxy, "no_proxy": ""})
        self.ends(result, 0, self.text)
        thread.join(PATIENCE)
        listener.close()
        self.assertTrue(asked[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % self.tls))
        self.assertIn(b"Proxy-Authorization: Basic bWU6cHc=\r\n", asked[0])


class WithPython(Case):
    def test_http_1_0(self):
        (self.folder / "page").write_bytes(b"hello\n" * 1000)
        folder = str(self.folder)

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = "http://127.0.0.1:%d/" % server.server_port
            self.ends(run("get", url + "page"), 0, b"hello\n" * 1000)
            self.assertIn(b'href="page"', self.ends(run("get", url), 0).stdout)
            self.ends(run("get", url + "none"), 22)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


if __name__ == "__main__":
    main()
