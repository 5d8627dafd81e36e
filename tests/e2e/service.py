#!/usr/bin/python3
"""The command behind a bridge: an echo service that reports about itself and takes orders.

    service.py PORT ADDRESS...

It listens on every address. "facts" is answered with JSON in 8192 bytes, "exit N" ends it, "fork" makes a child
that lives on in its process group and is told as its number; everything else comes back as it is.
"""
import json
import os
import signal
import socket
import sys
import threading

FACTS = 8192


def listen(address, port):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    sock = socket.socket(family)
    if address == '::only':
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        address = '::'
    elif family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((address, port))
    sock.listen()
    return sock


def facts(sockets):
    with open('/proc/self/status', encoding='ascii') as file:
        status = dict(line.split(':', 1) for line in file)
    return {
        'pid': os.getpid(), 'parent': os.getppid(), 'names': [sock.getsockname()[:2] for sock in sockets],
        'masks': [status[key].strip() for key in ('SigBlk', 'SigIgn')], 'cwd': os.getcwd(), 'env': {
            key: value for key, value in os.environ.items() if key.startswith(('WSLUICE_', 'LD_', 'NOTIFY_', 'LISTEN_'))},
    }


def fork():
    child = os.fork()
    if child == 0:
        signal.pause()
    return str(child).encode()


def serve(sock, sockets):
    while data := sock.recv(1 << 16):
        word, *rest = data.split()
        if word == b'facts':
            sock.sendall(json.dumps(facts(sockets)).encode().ljust(FACTS))
        elif word == b'exit':
            os._exit(int(rest[0]))
        elif word == b'fork':
            sock.sendall(fork().ljust(16))
        else:
            sock.sendall(data)
    sock.close()


def accept(listener, sockets):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], sockets), daemon=True).start()


def main():
    if os.environ.get('STUBBORN'):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sockets = [listen(address, int(sys.argv[1])) for address in sys.argv[2:]]
    for sock in sockets[1:]:
        threading.Thread(target=accept, args=(sock, sockets), daemon=True).start()
    accept(sockets[0], sockets)


if __name__ == '__main__':
    main()
