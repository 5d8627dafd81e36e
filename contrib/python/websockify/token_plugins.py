"""Token plugins are absent; wsluice reads token files itself."""
from websockify._absent import TOKENS, getter

ABSENT = frozenset(('BasePlugin', 'BaseTokenAPI', 'JSONTokenApi', 'JWTTokenApi', 'ReadOnlyTokenFile', 'TokenFile',
                    'TokenFileName', 'TokenRedis', 'UnixDomainSocketDirectory'))

__getattr__ = getter(__name__, ABSENT, TOKENS)
