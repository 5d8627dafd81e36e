"""Authentication plugins are absent."""
from websockify._absent import AUTHENTICATION, getter

ABSENT = frozenset(('AuthenticationError', 'BasePlugin', 'BasicHTTPAuth', 'ClientCertCNAuth', 'ExpectOrigin',
                    'InvalidOriginError'))

__getattr__ = getter(__name__, ABSENT, AUTHENTICATION)
