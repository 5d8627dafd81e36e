"""The server's classes are absent."""
from websockify._absent import SERVER, getter

ABSENT = frozenset(('CompatibleWebSocket', 'WebSockifyRequestHandler', 'WebSockifyServer'))

__getattr__ = getter(__name__, ABSENT, SERVER)
