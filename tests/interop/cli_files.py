# SPDX-License-Identifier: MIT
"""`-o FILE`: modes, owners, links, devices, names; two downloads to one file; interruptions."""

import fcntl
import os
import signal
import stat
import subprocess
import threading
import time

from _cli import PATIENCE, TOOL, Case, Peer, Tool, environment, main, read_all, run
from _web import BODY, Site, field, page

TAG = b'ETag: "v1"'


class Slow:
    """A server that sends the first half, says so, and the rest when it is told to."""

    def __init__(self, times=1):
        self.half, self.go_on = threading.Event(), threading.Event()

        def answer(request):
            wanted = field(request, b"Range")
            if not wanted:
                return page(BODY, TAG)
            first = int(wanted[6:-1])
            return page(BODY[first:], TAG, b"Content-Range: bytes %d-%d/%d" % (
                first, len(BODY) - 1, len(BODY)), status=b"206 Partial Content")

        self.site = Site(*[answer] * times)
        plain = self.site._send

        def send(connection, bytes_):
            plain(connection, bytes_[:60_000])
            self.half.set()
            self.go_on.wait(PATIENCE)
            plain(connection, bytes_[60_000:])
        self.site._send = send


class FileCase(Case):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "f"

    def get(self, *flags, body=b"new\n", code=0, says=(), **more):
        with Site(page(body)) as site:
            return self.ends(run("get", site.url, *flags, **more), code, says=says)

    def left(self):
        return sorted(os.listdir(self.folder))


class Existing(FileCase):
    def test_the_mode_is_kept(self):
        for mode in 0o600, 0o640, 0o755, 0o444:
            self.file.write_text("old")
            self.file.chmod(mode)
            self.get("-o", self.file)
            self.assertEqual((self.file.read_bytes(), stat.S_IMODE(self.file.stat().st_mode)),
                             (b"new\n", mode))

    def test_a_part_shows_no_more_than_its_file(self):
        self.file.write_text("old")
        self.file.chmod(0o600)
        slow = Slow()
        with slow.site, Tool("get", slow.site.url, "-o", self.file) as tool:
            slow.half.wait(PATIENCE)
            self.assertEqual(stat.S_IMODE((self.folder / "f.part").stat().st_mode), 0o600)
            slow.go_on.set()
            self.assertEqual(tool.wait(), 0)

    def test_hard_links_stay_one_file(self):
        self.file.write_text("old, and longer than what comes")
        os.link(self.file, self.folder / "g")
        self.get("-o", self.file)
        self.assertTrue(os.path.samefile(self.file, self.folder / "g"))
        self.assertEqual((self.folder / "g").read_bytes(), b"new\n")
        self.assertEqual(self.left(), ["f", "g"])
        with self.file.open() as locked:
            fcntl.flock(locked, fcntl.LOCK_EX)
            self.get("-o", self.file, code=23, says="f: it is locked by another program")

    def test_the_owner_is_kept(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.file.write_text("old")
        os.chown(self.file, 12345, 23456)
        self.get("-o", self.file)
        s = self.file.stat()
        self.assertEqual((s.st_uid, s.st_gid, self.file.read_bytes()), (12345, 23456, b"new\n"))

    def test_attributes_are_kept(self):
        self.file.write_text("old")
        try:
            os.setxattr(self.file, "user.note", b"mine")
        except OSError as e:
            self.skipTest(f"no attributes here: {e}")
        self.get("-o", self.file)
        self.assertEqual(os.getxattr(self.file, "user.note"), b"mine")
        self.assertEqual(self.file.read_bytes(), b"new\n")

    def test_a_failure_leaves_it_as_it_was(self):
        self.file.write_text("old")
        os.link(self.file, self.folder / "g")
        with Site(page(BODY)[:50_000]) as site:
            self.ends(run("get", site.url, "-o", self.file), 18)
        self.assertEqual(self.file.read_text(), "old")

    def test_what_may_not_be_written_is_not_replaced(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everything")
        self.file.write_text("old")
        self.file.chmod(0o444)
        self.get("-o", self.file, code=23, says="Permission denied")


class Links(FileCase):
    def test_are_followed_and_stay(self):
        (self.folder / "d").mkdir()
        os.symlink("d/target", self.folder / "second")
        os.symlink("second", self.folder / "first")
        for _ in "dangling", "existing":
            self.get("-o", self.folder / "first")
            self.assertTrue((self.folder / "first").is_symlink())
            self.assertTrue((self.folder / "second").is_symlink())
            self.assertEqual((self.folder / "d/target").read_bytes(), b"new\n")
        self.assertEqual(self.left(), ["d", "first", "second"])

    def test_to_another_file_system(self):
        if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == self.folder.stat().st_dev:
            self.skipTest("there is only one file system")
        target = f"/dev/shm/bight-test-{os.getpid()}"
        self.addCleanup(lambda: os.path.exists(target) and os.unlink(target))
        os.symlink(target, self.file)
        self.get("-o", self.file)
        with open(target, "rb") as f:
            self.assertEqual(f.read(), b"new\n")
        self.assertTrue(self.file.is_symlink())

    def test_loops_are_23(self):
        os.symlink("f", self.file)
        self.get("-o", self.file, code=23, says="symbolic links")


class Devices(FileCase):
    def test_descriptors_are_written_to(self):
        for name in "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
            self.assertEqual(self.get("-o", name).stdout, b"new\n")
        self.assertIn(b"new\n", self.get("-o", "/dev/stderr").stderr)
        with open(self.folder / "log", "wb") as log:
            log.write(b"before\n")
            log.flush()
            with Site(page(b"new\n")) as site:
                subprocess.run([TOOL, "get", site.url, "-o", "/dev/stdout"], stdout=log, check=True)
            log.write(b"")
        self.assertEqual((self.folder / "log").read_bytes(), b"before\nnew\n")
        end, mine = os.pipe()
        with Site(page(b"new\n")) as site:
            subprocess.run([TOOL, "get", site.url, "-o", f"/dev/fd/{mine}"], pass_fds=[mine],
                           check=True)
        os.close(mine)
        self.assertEqual(os.read(end, 100), b"new\n")
        os.close(end)
        self.get("-o", "/dev/fd/77", code=23, says="Bad file descriptor")
        for own in 3, 4, 5:
            self.get("-o", f"/dev/fd/{own}", code=23)

    def test_devices_stay_devices(self):
        self.get("-o", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.get("-o", "/dev/full", code=23, says="No space left")
        self.assertFalse(os.path.exists("/dev/null.part"))

    def test_a_fifo_is_written_to_once_somebody_reads_it(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with Site(page(BODY)) as site, Tool("get", site.url, "-o", fifo) as tool:
            with open(fifo, "rb") as reader:
                self.assertEqual(reader.read(), BODY)
            self.assertEqual(tool.wait(), 0)
        self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))

    def test_a_fifo_without_a_reader_can_be_interrupted(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with Tool("get", "http://127.0.0.1:1/", "-o", fifo) as tool:
            while not os.path.exists(f"/proc/{tool.process.pid}/fdinfo/3"):
                self.assertIsNone(tool.process.poll())
            time.sleep(0.1)  # nothing tells that it waits
            tool.signal(signal.SIGTERM)
            tool.wait()
            self.assertNotEqual(tool.process.returncode, 0)

    def test_folders_are_23(self):
        self.get("-o", self.folder, code=23, says="it is a folder; give the name of a file")
        self.get("-o", self.folder / "no/f", code=23, says="No such file")


class Parts(FileCase):
    def test_a_part_of_somebody_else_is_not_touched(self):
        (self.folder / "f.part").write_text("mine")
        (self.folder / "f.part.2").symlink_to("f.part")
        (self.folder / "f.part.3").mkdir()
        (self.folder / "f.part.4").write_text("")
        (self.folder / "f.part.5.from").write_text("a list of things")
        before = self.left()
        with Site(page(BODY, TAG)[:50_000], page(BODY, TAG)) as site:
            self.ends(run("get", site.url, "-o", self.file), 18, says="f.part.6")
            self.ends(run("get", site.url, "-o", self.file), 0)
            self.assertIsNotNone(field(site.requests[1], b"Range"))
        self.assertEqual(self.file.read_bytes(), BODY)
        self.assertEqual(self.left(), sorted(before + ["f"]))
        self.assertEqual((self.folder / "f.part").read_text(), "mine")

    def test_a_part_that_was_replaced_by_somebody_is_not_ours(self):
        with Site(page(BODY, TAG)[:50_000], page(BODY, TAG)) as site:
            self.ends(run("get", site.url, "-o", self.file), 18)
            (self.folder / "new").write_text("mine")
            os.rename(self.folder / "new", self.folder / "f.part")
            self.ends(run("get", site.url, "-o", self.file), 0)
            self.assertIsNone(field(site.requests[1], b"Range"))
        self.assertEqual((self.folder / "f.part").read_text(), "mine")
        self.assertEqual(self.file.read_bytes(), BODY)

    def test_a_part_that_is_removed_or_replaced_meanwhile_does_no_harm(self):
        for others in None, b"theirs":
            slow = Slow()
            with slow.site, Tool("get", slow.site.url, "-o", self.file) as tool:
                slow.half.wait(PATIENCE)
                (self.folder / "f.part").unlink()
                if others:
                    (self.folder / "f.part").write_bytes(others)
                slow.go_on.set()
                self.assertEqual(tool.wait(), 0)
            self.assertEqual(self.file.read_bytes(), BODY)
            self.file.unlink()
            self.assertEqual(self.left(), ["f.part"] if others else [])

    def test_long_names_work_and_are_continued(self):
        for size in 243, 250, 255:
            for name in "x" * size, "é" * (size // 2) + "x" * (size % 2):
                file = self.folder / name
                with Site(page(BODY, TAG)[:50_000], page(BODY, TAG)) as site:
                    self.ends(run("get", site.url, "-o", file), 18)
                    self.ends(run("get", site.url, "-o", file), 0)
                    self.assertIsNotNone(field(site.requests[1], b"Range"))
                self.assertEqual(file.read_bytes(), BODY)
                self.assertEqual(self.left(), [name])
                file.unlink()
        self.get("-o", self.folder / ("x" * 256), code=23, says="too long")

    def test_a_folder_that_takes_no_new_files(self):
        self.file.write_text("old")
        os.chown(self.folder, 12345, 12345) if os.geteuid() == 0 else None
        self.folder.chmod(0o555)
        self.file.chmod(0o666)
        as_user = {"user": 12346} if os.geteuid() == 0 else {}
        try:
            with Site(page(b"new\n"), page(BODY)[:50_000]) as site:
                def get():
                    return subprocess.run([TOOL, "get", site.url, "-o", self.file],
                                          timeout=PATIENCE, capture_output=True,
                                          env=environment(), **as_user)
                if not os.access(TOOL, os.X_OK):
                    self.skipTest("the tool cannot be run by another user")
                try:
                    self.ends(get(), 0)
                except PermissionError as e:
                    self.skipTest(str(e))
                self.assertEqual(self.file.read_bytes(), b"new\n")
                self.ends(get(), 18)
                self.assertEqual(self.file.read_bytes(), b"new\n")
        finally:
            self.folder.chmod(0o755)

    def test_a_full_disk_is_23_and_the_file_as_it_was(self):
        script = (f"mount -t tmpfs -o size=256k none {self.folder} && cd {self.folder} && "
                  # The part fits, the copy over a file with two names does not.
                  f"head -c 60000 /dev/zero > other && head -c 20000 other > f && ln f g && "
                  f"{TOOL} get $URL -o f; echo $?; head -c 20000 other | cmp - f && echo same; "
                  # Nor does a part fit.
                  f"rm f g f.part*; head -c 120000 /dev/zero > f; "
                  f"{TOOL} get $URL -o f; echo $?; head -c 120000 /dev/zero | cmp - f && echo same")
        with Site(page(BODY), page(BODY)) as site:
            done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                                  env=environment(URL=site.url), timeout=PATIENCE)
        if done.returncode != 0 and b"unshare" in done.stderr:
            self.skipTest("no mount namespace")
        self.assertEqual(done.stdout.split(), [b"23", b"same"] * 2, done.stderr)
        self.assertIn(b"No space left", done.stderr)


class Together(FileCase):
    def test_the_second_download_to_a_file_is_refused(self):
        slow = Slow()
        os.symlink("f", self.folder / "link")
        with slow.site, Tool("get", slow.site.url, "-o", self.file) as first:
            slow.half.wait(PATIENCE)
            for name in "f", "link":
                self.ends(run("get", slow.site.url, "-o", self.folder / name), 23, b"",
                          "another bight")
            slow.go_on.set()
            self.assertEqual(first.wait(), 0)
        self.assertEqual(self.file.read_bytes(), BODY)
        self.assertEqual(self.left(), ["f", "link"])

    def test_many_at_once_never_end_well_with_half_a_file(self):
        bodies = [bytes([n]) * 200_000 for n in range(6)]
        for _ in range(5):
            sites = [Site(page(b)[:100_000] if n == 5 else page(b)) for n, b in enumerate(bodies)]
            running = [subprocess.Popen([TOOL, "get", s.url, "-o", self.file],
                                        stderr=subprocess.DEVNULL) for s in sites]
            codes = [p.wait(PATIENCE) for p in running]
            for s in sites:
                s.__exit__()
            self.assertTrue(set(codes) <= {0, 18, 23}, codes)
            whole = [bodies[n] for n, code in enumerate(codes) if code == 0]
            if whole:
                self.assertIn(self.file.read_bytes(), whole)
                self.file.unlink()
            self.assertFalse(self.file.exists())
            if self.left() and 18 not in codes:
                self.fail(self.left())
            for rest in self.folder.iterdir():
                rest.unlink()


class Interrupted(FileCase):
    def test_the_same_command_goes_on_after_any_signal(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGKILL:
            slow = Slow(2)
            with slow.site:
                with Tool("get", slow.site.url, "-o", self.file) as tool:
                    slow.half.wait(PATIENCE)
                    part = self.folder / "f.part"
                    while not part.exists() or part.stat().st_size < 50_000:
                        self.assertIsNone(tool.process.poll())
                    tool.signal(number)
                    self.assertNotEqual(tool.wait(), 0)
                self.assertFalse(self.file.exists())
                slow.go_on.set()
                self.ends(run("get", slow.site.url, "-o", self.file), 0)
            self.assertEqual(self.file.read_bytes(), BODY)
            self.assertEqual(self.left(), ["f"])
            self.file.unlink()


class Conversations(FileCase):
    def test_connect_appends_while_it_runs(self):
        go_on = threading.Event()

        def script(c):
            c.sendall(b"first\n")
            go_on.wait(PATIENCE)
        for number, code in (signal.SIGINT, None), (signal.SIGTERM, None):
            go_on.clear()
            had = self.file.read_bytes() if self.file.exists() else b""
            with Peer(script) as peer:
                with Tool("connect", f"127.0.0.1:{peer.port}", "-o", self.file,
                          stdin=subprocess.PIPE) as tool:
                    while not self.file.exists() or self.file.read_bytes() != had + b"first\n":
                        self.assertIsNone(tool.process.poll(), tool.output)
                    tool.signal(number)
                    self.assertNotEqual(tool.wait(), 0)
                go_on.set()
            self.assertEqual(self.file.read_bytes(), had + b"first\n")
        self.assertEqual(self.left(), ["f"])

    def test_send_has_one_writer_for_its_output(self):
        reply = b"x" * 300_000

        def script(c):
            for _ in range(2):
                c.recv(100)
                c.sendall(reply)
            read_all(c)
        with Peer(script) as peer:
            end, mine = os.pipe()
            tool = subprocess.Popen([TOOL, "send", f"127.0.0.1:{peer.port}", "a", "b"], stdout=mine,
                                    stderr=subprocess.PIPE)
            os.close(mine)
            got = b""
            while piece := os.read(end, 4096):
                got += piece
                if len(got) % 65536 == 0:
                    time.sleep(0.03)  # a slow reader
            os.close(end)
            errors = tool.communicate(timeout=PATIENCE)[1]
        self.assertEqual((tool.returncode, errors), (0, b""))
        self.assertEqual(got, reply + b"\n" + reply + b"\n")


if __name__ == "__main__":
    main()
