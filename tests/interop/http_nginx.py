# SPDX-License-Identifier: MIT
"""`bight get` and nginx: framings, encodings, ranges, redirects, large files. And Python's
http.server."""

import hashlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import unittest

from _cli import Case, main, run
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
    location = /br { default_type text/plain; add_header Content-Encoding br; alias FOLDER/root/text.br; gzip off; }
    location = /zstd { default_type text/plain; add_header Content-Encoding zstd; alias FOLDER/root/text.zst; gzip off; }
    location = /ssi { ssi on; ssi_types text/plain; default_type text/plain; alias FOLDER/root/text.txt; }
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
        subprocess.run(["brotli", "-q", "5", "-o", f"{root}/text.br", f"{root}/text.txt"], check=True)
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
        self.ends(run("get", "--no-redirect", self.url + "/away"), 47, b"", "type: bight get")

    def test_statuses(self):
        self.ends(run("get", self.url + "/no"), 0, b"")
        self.ends(run("get", self.url + "/none"), 22, b"", "404")
        self.ends(run("get", "--retry", 2, self.url + "/busy"), 22, b"", "503")
        self.ends(run("get", "-I", self.url + "/plain/large.bin"), 0)

    def test_a_large_file(self):
        digest = hashlib.sha256(self.large).hexdigest()
        self.ends(run("get", self.url + "/large.bin", "-o", self.folder / "f", "--sha256", digest), 0)
        self.assertEqual((self.folder / "f").read_bytes(), self.large)

    def test_the_rest_of_a_large_file(self):
        url = self.url + "/large.bin"
        head = self.ends(run("get", "-I", url), 0).stdout.decode()
        tag = next(line[6:] for line in head.splitlines() if line.startswith("ETag: "))
        (self.folder / "f.part").write_bytes(self.large[:10_000_000])
        (self.folder / "f.part.from").write_text(f"{url}\n{tag}\n")
        self.ends(run("get", "-v", url, "-o", self.folder / "f"), 0, says="Going on behind 10.0 MB")
        self.assertEqual((self.folder / "f").read_bytes(), self.large)

    def test_a_rate_below_the_smallest(self):
        # 64 MB at 100 kB/s would take ten minutes; a minute is how long the rate is averaged.
        result = run("get", "-t", "5s", "--max-size", "1MB", self.url + "/slow/large.bin")
        self.ends(result, 1, says="--max-size")

    def test_a_user_s_own_range(self):
        self.ends(run("get", "-H", "Range: bytes=5-8", self.url + "/plain/text.txt"), 0, self.text[5:9])

    def test_constant_memory(self):
        import resource
        pid = os.fork()
        if pid == 0:
            with open(os.devnull, "wb") as nothing:
                code = subprocess.run([os.path.join(sys.argv[1], "bight"), "get",
                                       self.url + "/large.bin"], stdout=nothing).returncode
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            # 64 MB pass through; a sanitizer's shadow alone is more than that.
            os._exit(code if code or peak < 48_000 or "san" in sys.argv[1] else 99)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)


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
