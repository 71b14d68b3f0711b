#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks every peer in every mode: usage: check.py BUILD [NAME...]

Sends some hundred KB in odd chunks over loopback and compares what comes back. BUILD is the folder
given to cmake -B. A peer that is not built is said to be skipped. Ends with 1 if any check failed.
"""

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
TIMEOUT_S = 10
NOT_OFFERED = 64
CLIENTS = 3


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def connect(port):
    return socket.create_connection(('127.0.0.1', port), TIMEOUT_S)


def read_exactly(peer, size):
    data = bytearray()
    while len(data) < size:
        part = peer.recv(min(size - len(data), 65536))
        if not part:
            raise AssertionError(f'the stream ended at {len(data)} of {size} bytes')
        data += part
    return bytes(data)


def send_in_chunks(peer, data, seed):
    rng = random.Random(seed)
    at = 0
    while at < len(data):
        size = rng.choice([1, 3, 7, 64, 1000, 4097, 65537, 150001])
        peer.sendall(data[at:at + size])
        at += size


def there_and_back(port, data, seed):
    """All of it is sent before the last is read, so the server also meets a full socket."""
    with connect(port) as peer:
        sender = threading.Thread(target=send_in_chunks, args=(peer, data, seed), daemon=True)
        sender.start()
        got = read_exactly(peer, len(data))
        sender.join(TIMEOUT_S)
        assert got == data, 'other bytes came back'
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(1) == b'', 'bytes too many came back'


def check_echo(port, seed):
    there_and_back(port, random.Random(seed).randbytes(700_001), seed)


def check_framed(port, seed):
    rng = random.Random(seed)
    sizes = [0, 1, 64, 65532, 65536, 1 << 20] + [rng.randrange(300) for _ in range(500)]
    messages = [struct.pack('>I', size) + rng.randbytes(size) for size in sizes]
    there_and_back(port, b''.join(messages), seed)


def check_accept(port, seed):
    for _ in range(50):
        data = random.Random(seed).randbytes(64)
        with connect(port) as peer:
            peer.sendall(data)
            assert read_exactly(peer, 64) == data, 'other bytes came back'
            assert peer.recv(1) == b'', 'the server did not close'


def check_discard(port, seed):
    with connect(port) as peer:
        send_in_chunks(peer, b'x' * (20 << 20), seed)
        peer.shutdown(socket.SHUT_WR)
        # Once all is read the server closes; were any of it left, the end would be a reset.
        assert peer.recv(1) == b'', 'bytes came back'


def check_source(port, seed):
    with connect(port) as peer:
        size = 20 << 20
        assert read_exactly(peer, size) == b'x' * size, 'other bytes than x'


def check_udp(port, seed):
    rng = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(('127.0.0.1', port))
        peer.settimeout(TIMEOUT_S)
        for size in [1, 64, 1200, 9000, 65507] + [rng.randrange(1, 1500) for _ in range(200)]:
            data = rng.randbytes(size)
            peer.send(data)
            assert peer.recv(65536) == data, 'another datagram came back'


CHECKS = {'echo': check_echo, 'framed': check_framed, 'accept': check_accept,
          'discard': check_discard, 'source': check_source, 'udp': check_udp}


def check(peer, places, mode):
    port = free_port(socket.SOCK_DGRAM if mode == 'udp' else socket.SOCK_STREAM)
    command = [part.format(**places) for part in peer['command']] + [mode, str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **peer['env']})
    failures = []

    def client(seed):
        try:
            CHECKS[mode](port, seed)
        except (AssertionError, OSError) as error:
            failures.append(str(error))

    try:
        if server.stdout.readline() != b'ready\n':
            code = server.wait(TIMEOUT_S)
            return 'not offered' if code == NOT_OFFERED else f'FAILED: ended with {code}'
        clients = [threading.Thread(target=client, args=(seed,)) for seed in range(CLIENTS)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        if server.poll() is not None:
            failures.append(f'the server ended with {server.returncode}')
        server.terminate()
        server.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired:
        failures.append('SIGTERM did not end it')
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    return f'FAILED: {failures[0]}' if failures else 'ok'


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    places = {'build': str(Path(sys.argv[1]).resolve()), 'source': str(SOURCE)}
    failed = 0
    for peer in json.loads((SOURCE / 'peers.json').read_text()):
        if sys.argv[2:] and peer['name'] not in sys.argv[2:]:
            continue
        if not Path(peer['needs'].format(**places)).exists():
            print(f"{peer['name']:16} skipped: no {peer['needs'].format(**places)}")
            continue
        for mode in peer['modes']:
            result = check(peer, places, mode)
            print(f"{peer['name']:16} {mode:8} {result}", flush=True)
            failed += result.startswith('FAILED')
    sys.exit(1 if failed else 0)


main()
