# SPDX-License-Identifier: MIT
"""An nginx of one's own: on a socket that the test has bound, so that no port is guessed."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

HTTP = """
{user}
daemon off;
master_process on;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  types {{ text/html html; text/plain txt; }}
  default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  sendfile on;
  keepalive_requests 100000;
  {http}
}}
"""


class Nginx:
    """`servers` is the text of server blocks; <0>, <1>… in it are addresses to listen on."""

    def __init__(self, folder, servers, sockets=1):
        self.folder = pathlib.Path(folder)
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(sockets)]
        self.ports = [s.getsockname()[1] for s in listeners]
        at = [f"127.0.0.1:{port}" for port in self.ports]
        text = re.sub(r"<(\d)>", lambda m: at[int(m[1])], servers)
        (self.folder / "nginx.conf").write_text(HTTP.format(
            folder=self.folder, http=text, user="user root root;" if os.geteuid() == 0 else ""))
        # nginx takes over descriptors that it is told of like this when it upgrades itself.
        inherited = ";".join(str(s.fileno()) for s in listeners) + ";"
        self.process = subprocess.Popen(
            [binary(), "-c", self.folder / "nginx.conf", "-p", self.folder,
             "-e", self.folder / "error.log"],
            env={**os.environ, "NGINX": inherited}, pass_fds=[s.fileno() for s in listeners])
        for s in listeners:
            s.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def binary():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
