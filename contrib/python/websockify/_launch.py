"""Finds wsluice and becomes it."""
import contextlib
import os
import shutil
import signal
import sys

VARIABLE = 'WSLUICE'
GUARD = 'WSLUICE_PYTHON_PID'  # "PID DEPTH": the process that this module has replaced, and how many came before it
DEPTH_MAX = 8  # a wrapped command may start this module again


def _is_program(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_script(path):
    """websockify's own command, or that of this package: neither is wsluice."""
    try:
        with open(path, 'rb') as file:
            return file.read(2) == b'#!'
    except OSError:
        return True


def _folders():
    """Where to look, in order."""
    if sys.argv and os.sep in sys.argv[0]:
        yield os.path.dirname(os.path.abspath(sys.argv[0]))
    yield os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    yield os.path.dirname(os.path.abspath(sys.executable or os.sep))
    for folder in os.environ.get('PATH', os.defpath).split(os.pathsep):
        yield os.path.abspath(folder)


def find():
    """(path of wsluice or None, why not)."""
    named = os.environ.get(VARIABLE)
    if named:
        path = shutil.which(named)
        if path:
            return path, None
        return None, '$%s is %s, which is no program' % (VARIABLE, named)
    folders = list(_folders())
    for name in ('wsluice', 'websockify'):
        for folder in folders:
            path = os.path.join(folder, name)
            if _is_program(path) and not (name == 'websockify' and _is_script(path)):
                return path, None
    return None, 'wsluice is not installed: it is neither in PATH nor beside this program'


def _fail(message, remedy):
    sys.stderr.write('websockify: error: %s; %s\n' % (message, remedy))
    sys.exit(1)


def launch():
    """Replaces this process by wsluice, called websockify, with the arguments of this program."""
    last, _, depth = os.environ.get(GUARD, '').partition(' ')
    depth = int(depth) + 1 if depth.isdigit() else 1
    if last == str(os.getpid()) or depth > DEPTH_MAX:
        _fail('$%s starts this module again' % VARIABLE, 'set it to the path of wsluice')
    path, problem = find()
    if not path:
        _fail(problem, 'install wsluice, or set %s to its path' % VARIABLE)
    os.environ[GUARD] = '%d %d' % (os.getpid(), depth)
    # Python ignores these, and exec would hand that on. Other threads than the main one cannot change it.
    for name in ('SIGPIPE', 'SIGXFSZ'):
        with contextlib.suppress(ValueError):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if stream:
            with contextlib.suppress(OSError, ValueError):  # a full disk, a stream that is closed
                stream.flush()
    try:
        os.execv(path, ['websockify'] + sys.argv[1:])
    except OSError as error:
        _fail('cannot start %s: %s' % (path, error.strerror), 'set %s to the path of wsluice' % VARIABLE)
