"""Ports for programs that cannot be told to choose one."""
import itertools
import random
import socket


# Below the ports that the kernel chooses for sockets that ask for port 0, so that no other test gets one of these
# between the moment it is found free and the moment a server takes it. Each process walks from a place of its own.
PORTS = range(12000, 32000)
walk = itertools.count(random.randrange(len(PORTS)))


def free_port():
    for step in walk:
        port = PORTS[step % len(PORTS)]
        with socket.socket() as sock:
            try:
                sock.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(('127.0.0.1', port)) == 0
