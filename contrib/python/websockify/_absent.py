"""What programs import from websockify and wsluice does not have: an error that says what there is instead."""

TOKENS = ('use a token file, or a folder of them (--token-plugin=TokenFile --token-source=FILE): wsluice reads a file again '
          'when it changes, so that a program can write it; a resolver over HTTP (tokens: {http: ...}) is planned, but not '
          'in this version')
SERVER = ('wsluice is a program and not a library: start it with websockify.websocketproxy.websockify_init(); '
          'to choose targets, ' + TOKENS)
AUTHENTICATION = ('use client certificates (--verify-client, --cafile), --origins, or a proxy in front that authenticates')


def getter(module, names, instead):
    """A module's __getattr__, for these names."""
    def __getattr__(name):
        if name in names:
            raise ImportError('%s.%s: wsluice runs no Python classes; %s' % (module, name, instead))
        raise AttributeError('module %r has no attribute %r' % (module, name))
    return __getattr__
