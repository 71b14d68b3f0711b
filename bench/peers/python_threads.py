#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The benchmark's servers as the tutorial in tests/seed writes them: a thread a connection.

UDP is one loop: the tutorial starts a thread for every datagram, which would measure the start of
threads.
"""

import socket
import sys
import threading

READ_MAX = 65536
MESSAGE_MAX = 1 << 20
PAYLOAD = b'x' * READ_MAX


def echo(peer):
    while data := peer.recv(READ_MAX):
        peer.sendall(data)


def framed(peer):
    reader = peer.makefile('rb', buffering=READ_MAX)
    while len(length := reader.read(4)) == 4:
        size = int.from_bytes(length, 'big')
        if size > MESSAGE_MAX:
            return
        body = reader.read(size)
        if len(body) < size:
            return
        peer.sendall(length + body)


def once(peer):
    peer.sendall(peer.recv(4096))


def discard(peer):
    while peer.recv(READ_MAX):
        pass


def source(peer):
    while True:
        peer.sendall(PAYLOAD)


def session(serve, peer):
    with peer:
        try:
            serve(peer)
        except OSError:
            pass  # the peer has left


def listen(port, serve):
    with socket.create_server(('127.0.0.1', port), backlog=socket.SOMAXCONN) as listener:
        print('ready', flush=True)
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=session, args=(serve, peer), daemon=True).start()


def datagrams(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', port))
        print('ready', flush=True)
        while True:
            data, address = s.recvfrom(READ_MAX)
            s.sendto(data, address)


def main():
    modes = {'echo': echo, 'framed': framed, 'accept': once, 'discard': discard, 'source': source}
    if len(sys.argv) != 3 or sys.argv[1] not in [*modes, 'udp']:
        sys.exit(64)
    mode, port = sys.argv[1], int(sys.argv[2])
    if mode == 'udp':
        datagrams(port)
    else:
        listen(port, modes[mode])


main()
