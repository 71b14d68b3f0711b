#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The benchmark's servers on asyncio's protocols, which are faster than its streams.

They bring their own buffer (BufferedProtocol). With a plain Protocol asyncio 3.11 makes one of
256 KiB for each read, which malloc takes from the kernel and gives back every time: that costs more
than twice as much as all the rest. Datagrams have no such choice. uvloop is as fast either way.

asyncio turns TCP_NODELAY on by itself, and so does uvloop, which --uvloop chooses.
"""

import asyncio
import socket
import sys

READ_MAX = 65536
MESSAGE_MAX = 1 << 20
PAYLOAD = b'x' * READ_MAX


# Shared by all connections: what is read is copied out of it before the next read.
BUFFER = bytearray(READ_MAX)
VIEW = memoryview(BUFFER)


class Session(asyncio.BufferedProtocol):
    """A peer that does not read what it is sent is not read from either."""

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, size_hint):
        return BUFFER

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Echo(Session):
    def buffer_updated(self, count):
        self.transport.write(bytes(VIEW[:count]))


class Framed(Session):
    def connection_made(self, transport):
        super().connection_made(transport)
        self.unread = bytearray()

    def buffer_updated(self, count):
        unread = self.unread
        unread += VIEW[:count]
        start, end = 0, len(unread)
        while end - start >= 4:
            size = 4 + int.from_bytes(unread[start:start + 4], 'big')
            if size > 4 + MESSAGE_MAX:
                self.transport.abort()
                return
            if end - start < size:
                break
            self.transport.write(bytes(unread[start:start + size]))
            start += size
        del unread[:start]


class Once(Session):
    def buffer_updated(self, count):
        self.transport.write(bytes(VIEW[:count]))
        self.transport.close()


class Discard(Session):
    def buffer_updated(self, count):
        pass


class Source(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.resume_writing()

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        while not self.paused and not self.transport.is_closing():
            self.transport.write(PAYLOAD)


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def serve(mode, port):
    loop = asyncio.get_running_loop()
    if mode == 'udp':
        await loop.create_datagram_endpoint(Datagrams, local_addr=('127.0.0.1', port))
    else:
        await loop.create_server(MODES[mode], '127.0.0.1', port, backlog=socket.SOMAXCONN)
    print('ready', flush=True)
    await asyncio.Event().wait()


MODES = {'echo': Echo, 'framed': Framed, 'accept': Once, 'discard': Discard, 'source': Source}


def main():
    arguments = [a for a in sys.argv[1:] if a != '--uvloop']
    if len(arguments) != 2 or arguments[0] not in [*MODES, 'udp']:
        sys.exit(64)
    if '--uvloop' in sys.argv:
        import uvloop
        uvloop.install()
    asyncio.run(serve(arguments[0], int(arguments[1])))


main()
