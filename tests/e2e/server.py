"""python3-websockets as a server: returns each message, but for some that are orders; see far_servers.py.
Prints its port, and then how each connection was closed."""
import asyncio
import json

import websockets


async def order(socket, message):
    """True: the message was one."""
    request = getattr(socket, 'request', None) or socket
    headers = getattr(request, 'headers', None) or request.request_headers
    if message == 'who':
        fields = {name.lower(): value for name, value in headers.raw_items()}
        await socket.send(json.dumps({'path': request.path, 'subprotocol': socket.subprotocol, **fields}))
    elif message == 'ping':
        await (await socket.ping(b'are you there'))
        await socket.send('pong')
    elif message == b'late':
        for _ in range(3):
            await (await socket.ping())
        await socket.send(b'late' * 500_000)
        await socket.close()
    elif isinstance(message, str) and message.startswith('close '):
        _, code, text = message.split(' ', 2)
        await socket.close(int(code), text)
    else:
        return False
    return True


async def answer(socket, _path=None):
    try:
        async for message in socket:
            if not await order(socket, message):
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        print(socket.close_code, socket.close_reason, flush=True)


async def main():
    server = await websockets.serve(answer, '127.0.0.1', 0, subprotocols=['binary', 'chat'], max_size=None)
    print(list(server.sockets)[0].getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
