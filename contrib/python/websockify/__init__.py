"""Starts wsluice where a program starts the Python module websockify."""
from websockify import auth_plugins, token_plugins, websocketproxy, websockifyserver
from websockify._absent import SERVER, getter
from websockify.websocketproxy import websockify_init

__all__ = ['auth_plugins', 'token_plugins', 'websocketproxy', 'websockify_init', 'websockifyserver']

__getattr__ = getter(__name__, websocketproxy.ABSENT | websockifyserver.ABSENT, SERVER)
