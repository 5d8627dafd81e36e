"""Load with checked bytes: sessions that stay and clients that come and go, on a loop in a thread of its own,
so that a test can change the bridge meanwhile."""
import asyncio
import socket
import threading

from wire import BINARY, KEY, WAIT, accept_of, close_frame, header, pattern, request

PIECE = 4096
PAUSE = 0.1  # of a staying session between two messages
PLAIN = bytes(4)  # a mask of zeros: legal, and it costs this side nothing


async def read_frame(reader):
    first, second = await reader.readexactly(2)
    length = second
    if second == 126:
        length = int.from_bytes(await reader.readexactly(2), 'big')
    elif second == 127:
        length = int.from_bytes(await reader.readexactly(8), 'big')
    return first & 0xF, await reader.readexactly(length)


class Traffic:
    """`staying` sessions and `coming` new clients a second through a bridge at `address` = (host, port), to an
    echo service of its own: give its `port` to the bridge. Each fault is a line in `faults`."""

    def __init__(self, *, staying=200, coming=50):
        self.staying, self.coming = staying, coming
        self.faults, self.open, self.came, self.echoed = [], 0, 0, 0
        self.data = pattern(1 << 20)
        self.loop = asyncio.new_event_loop()
        self.stopping = None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.sock = socket.socket()
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.address = None

    def start(self, address):
        self.address = address
        self.thread.start()
        assert self.ready.wait(4 * WAIT), f'{self.open} of {self.staying} sessions: {self.faults[:3]}'
        return self

    def stop(self):
        """Everybody says goodbye; an echo that is due is awaited first."""
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(4 * WAIT)
        assert not self.thread.is_alive(), 'the load does not end'
        assert not self.faults, f'{len(self.faults)} faults, such as {self.faults[:5]}'

    def run(self):
        self.loop.run_until_complete(self.work())
        self.loop.close()

    async def work(self):
        self.stopping = asyncio.Event()
        service = await asyncio.start_server(self.echo, sock=self.sock, backlog=1024)
        tasks = [asyncio.ensure_future(self.guard(self.stay(number))) for number in range(self.staying)]
        while self.open < self.staying and not self.faults:
            await asyncio.sleep(0.02)
        self.ready.set()
        number = self.staying
        while not self.stopping.is_set():
            number += 1
            tasks.append(asyncio.ensure_future(self.guard(self.come_and_go(number))))
            if len(tasks) > 2 * self.staying:
                tasks = [task for task in tasks if not task.done()]
            await asyncio.sleep(1 / self.coming)
        await asyncio.gather(*tasks)
        service.close()

    @staticmethod
    async def echo(reader, writer):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def guard(self, work):
        try:
            await asyncio.wait_for(work, None)
        except (OSError, EOFError, AssertionError, asyncio.TimeoutError) as fault:
            self.faults.append(repr(fault))

    async def connect(self):
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*self.address), WAIT)
        writer.write(request())
        head = await asyncio.wait_for(reader.readuntil(b'\r\n\r\n'), WAIT)
        assert b' 101 ' in head and accept_of(KEY).encode() in head, head
        return reader, writer

    async def trade(self, reader, writer, message):
        writer.write(header(BINARY, len(message), mask=PLAIN) + message)
        back = b''
        while len(back) < len(message):
            opcode, payload = await asyncio.wait_for(read_frame(reader), WAIT)
            assert opcode == BINARY, f'opcode {opcode:x} {payload!r}'
            back += payload
        assert back == message, 'other bytes came back'
        self.echoed += len(back)

    async def bye(self, reader, writer):
        writer.write(close_frame(1000))
        opcode, payload = await asyncio.wait_for(read_frame(reader), WAIT)
        assert (opcode, payload[:2]) == (8, b'\x03\xe8'), (opcode, payload)
        assert await asyncio.wait_for(reader.read(), WAIT) == b''
        writer.close()

    async def stay(self, number):
        reader, writer = await self.connect()
        self.open += 1
        at = number * 1000
        while not self.stopping.is_set():
            await self.trade(reader, writer, self.data[at:at + PIECE])
            at = (at + PIECE) % (len(self.data) - PIECE)
            await asyncio.sleep(PAUSE)
        await self.bye(reader, writer)
        self.open -= 1

    async def come_and_go(self, number):
        reader, writer = await self.connect()
        self.came += 1
        await self.trade(reader, writer, self.data[number:number + 100])
        await self.bye(reader, writer)
