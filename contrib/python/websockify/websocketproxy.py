"""The start of the proxy; its classes are absent."""
from websockify._absent import SERVER, getter
from websockify._launch import launch

ABSENT = frozenset(('LibProxyServer', 'ProxyRequestHandler', 'WebSocketProxy'))

__getattr__ = getter(__name__, ABSENT, SERVER)


def websockify_init():
    """Becomes wsluice, called websockify, with the arguments of this program. Does not return."""
    launch()


if __name__ == '__main__':
    websockify_init()
