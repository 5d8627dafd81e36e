"""Tests that each check can fail: a small tree passes all checks, then one violation is planted at a time.

Run by pytest.
"""
import pathlib
import shutil
import subprocess
import sys

import pytest

CHECKS = pathlib.Path(__file__).resolve().parent

CLEAN = {
    'tests/check/LAYERS': 'libs net sys/socket.h\n'
                          'base\n  slice metrics\n'
                          'base/log\n  log+pthread.h\n'
                          'config/model\n  conf\n'
                          'codec sees base\n  frame\n'
                          'net sees config/model\n  dial listen\n',
    'tests/check/ASSERTIONS': '# why\nproxy/net/listen.c: a(b) && c < 2\n    the configuration\n',
    'config/model/conf.h': 'struct conf;\n',
    'proxy/base/slice.h': '#ifndef SLICE_H\n#define SLICE_H\nstruct slice;\n#endif\n',
    'proxy/base/log/log.h': 'void log_line(void);\n',
    'proxy/base/log/log.c': '#include "base/log/log.h"\n#include <pthread.h>\n\n'
                        'static int lines;\n\nvoid log_line(void)\n{\n    lines++;\n}\n',
    'proxy/codec/frame.h': '#include "base/slice.h"\n\nint frame_size(void);\n',
    'proxy/codec/frame.c': '#include "codec/frame.h"\n\n'
                           'static const char *const names[] = {"ping"};\n\n'
                           'int frame_size(void)\n{\n    return names[0][0];\n}\n',
    'proxy/net/dial.h': 'int dial_open(void);\n',
    'proxy/net/dial.c': '#include "net/dial.h"\n\n#include <sys/socket.h>\n\n#include "config/model/conf.h"\n\n'
                        'int dial_open(void)\n{\n    return 0;\n}\n#ifdef LINUX\n#include <linux/tls.h>\n'
                        'int dial_it(int n)\n{\n    return place_peer(n) + thing_do("/proc/self");\n}\n#endif\n'
                        '/* log_begin(&line, "start"); */\n',
    'proxy/net/listen.c': '#include "net/dial.h"\n\n#include <unistd.h>\n\n'
                          'void listen_dup(void)\n{\n    dup2(1, 2);\n}\n/* void f(void) { wsl_assert(a(b) &&\n    c < 2); } */\n',
    'proxy/base/metrics.h': '#define TABLE(METRIC) METRIC(bytes_up, "bytes")\n',
    'tests/unit/base/log/log_test.c': '', 'tests/unit/codec/frame_test.c': '',
    'tests/unit/net/dial_test.c': '', 'tests/unit/net/listen_test.c': '',
    'tests/check/LINUX': '# what\nnet/dial place_peer thing_* linux/tls.h /proc\n',
    'proxy/README.md': 'Only Linux: [`dial`](net/dial.h)\n\n## Log\n\nEvents: `start`.\n\n'
                       '| `time`, `level` | all |\n| `bytes_up` | start |\n\n## End\n',
}
LIBRARIES = ('config', 'base', 'codec', 'core', 'net', 'serve', 'run')


def plant(root, tree):
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def tree(tmp_path):
    plant(tmp_path, CLEAN)
    return tmp_path


def run(check, argument):
    command = [str(CHECKS / check), str(argument)]
    if check.endswith('.py'):
        command.insert(0, sys.executable)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def build(root):
    """The static libraries of a tree, as CMake would make them."""
    for name in LIBRARIES:
        folder = root / ('config' if name == 'config' else f'proxy/{name}')
        objects = []
        for source in sorted(folder.rglob('*.c')):
            target = root / f'{source.name}.o'
            subprocess.run(['gcc', '-fPIE', '-c', '-I', root, '-I', root / 'proxy', '-o', target, source], check=True)
            objects.append(target)
        subprocess.run(['ar', 'rcs', root / f'lib{name}.a', *objects], check=True)
    return root


@pytest.mark.parametrize('check', ['layers.py', 'linux_only.py', 'budgets.py', 'text.py', 'assertions.py', 'log_fields.py', 'descriptors.py',
                                   'riddles.py', 'mirror.py', 'headers.sh'])
def test_a_clean_tree_passes(tree, check):
    status, output = run(check, tree)
    assert status == 0, output


def test_a_module_that_is_linuxs_as_a_whole_may_use_every_word(tree):
    plant(tree, {'tests/check/LINUX': CLEAN['tests/check/LINUX'] + 'net/listen *\n',
                 'proxy/README.md': CLEAN['proxy/README.md'] + '\n[`listen`](net/listen.h)\n',
                 'proxy/net/listen.c': 'int a = place_peer(SYS_gettid);\n'})
    status, output = run('linux_only.py', tree)
    assert status == 0, output


def test_clean_objects_pass(tree):
    status, output = run('symbols.py', build(tree))
    assert status == 0, output


def body(lines):
    return 'void frame_long(void)\n{\n' + '    ;\n' * (lines - 3) + '}\n'


FRAME, DIAL = CLEAN['proxy/codec/frame.c'], CLEAN['proxy/net/dial.c']
VIOLATIONS = [
    ('layers.py', 'not listed', {'proxy/codec/stray.c': ''}),
    ('layers.py', 'does not exist', {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'] + '  ghost\n'}),
    ('layers.py', 'listed twice', {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'] + '  dial\n'}),
    ('layers.py', 'expected "FOLDER', {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'] + 'run looks base\n'}),
    ('layers.py', 'before the first folder', {'tests/check/LAYERS': '  early\n' + CLEAN['tests/check/LAYERS']}),
    ('layers.py', 'no folder above', {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'].replace('base\n', 'base sees net\n', 1)}),
    ('layers.py', 'includes nothing of codec',
     {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'].replace('sees config/model', 'sees config/model codec')}),
    ('layers.py', 'holds 13 modules',
     {'tests/check/LAYERS': CLEAN['tests/check/LAYERS'] + 'run\n  ' + ' '.join(f'm{i}' for i in range(13)) + '\n'}),
    ('layers.py', 'not for layer codec', {'proxy/codec/frame.c': FRAME + '#include <sys/socket.h>\n'}),
    ('layers.py', 'in a pure layer', {'proxy/codec/frame.c': FRAME + '#include <time.h>\n'}),
    ('layers.py', 'in a pure layer', {'proxy/codec/frame.c': FRAME + '#include "base/log/log.h"\n'}),
    ('layers.py', 'does not see it', {'proxy/codec/frame.c': FRAME + '#include "net/dial.h"\n'}),
    ('layers.py', 'stands below', {'proxy/base/slice.h': '#include "base/metrics.h"\n'}),
    ('layers.py', 'no header of a listed module', {'proxy/net/dial.c': DIAL + '#include "dial.h"\n'}),
    ('layers.py', 'its first include', {'proxy/net/dial.c': '#include "base/slice.h"\n' + DIAL}),
    ('layers.py', 'does not use its grant', {'proxy/base/log/log.c': '#include "base/log/log.h"\n'}),
    ('linux_only.py', 'listen.c: place_peer is for net/dial alone', {'proxy/net/listen.c': 'int a = place_peer(1);\n'}),
    ('linux_only.py', 'thing_* is for net/dial alone', {'proxy/net/listen.c': 'int a = thing_more(1);\n'}),
    ('linux_only.py', 'linux/tls.h is for net/dial', {'proxy/net/listen.c': '#include <linux/tls.h>\n'}),
    ('linux_only.py', '/proc is for net/dial', {'proxy/net/listen.c': 'const char *a = "%s/proc/1/x";\n'}),
    ('linux_only.py', 'linux/sched.h is only on Linux', {'proxy/net/listen.c': '# include <linux/sched.h>\n'}),
    ('linux_only.py', 'SYS_gettid is only on Linux', {'proxy/net/listen.c': 'int a = syscall(SYS_gettid);\n'}),
    ('linux_only.py', 'net/dial does not use thing_*', {'proxy/net/dial.c': '#include "net/dial.h"\n'}),
    ('linux_only.py', 'listed twice', {'tests/check/LINUX': CLEAN['tests/check/LINUX'] + 'net/listen place_peer\n'}),
    ('linux_only.py', 'without a word', {'tests/check/LINUX': CLEAN['tests/check/LINUX'] + 'net/listen\n'}),
    ('linux_only.py', 'net/none is not there', {'tests/check/LINUX': CLEAN['tests/check/LINUX'] + 'net/none *\n'}),
    ('linux_only.py', 'does not name (net/listen.h)', {'tests/check/LINUX': CLEAN['tests/check/LINUX'] + 'net/listen *\n'}),
    ('linux_only.py', 'does not name (net/dial.h)',
     {'proxy/README.md': CLEAN['proxy/README.md'].replace('net/dial.h', 'net/x.h')}),
    ('budgets.py', 'function proxy/codec/frame.c:frame_long: 46 lines', {'proxy/codec/frame.c': body(46)}),
    ('budgets.py', 'frame_long: 81 lines', {'tests/unit/x_test.c': body(81)}),
    ('budgets.py', 'file proxy/codec/frame.c: 451 lines', {'proxy/codec/frame.c': '\n' * 451}),
    ('budgets.py', 'x_test.c: 601 lines', {'tests/unit/x_test.c': '\n' * 601}),
    ('budgets.py', 'at most 100', {'proxy/run/main.c': '\n' * 101}),
    ('budgets.py', 'at most 85', {'proxy/codec/frame.c': body(86),
                                  'tests/check/EXCEPTIONS': 'function proxy/codec/frame.c:frame_long 85\n'}),
    ('budgets.py', 'lower it', {'proxy/codec/frame.c': body(85),
                                'tests/check/EXCEPTIONS': 'function proxy/codec/frame.c:frame_long 86\n'}),
    ('budgets.py', 'not needed', {'proxy/codec/frame.c': body(45),
                                  'tests/check/EXCEPTIONS': 'function proxy/codec/frame.c:frame_long 46\n'}),
    ('budgets.py', 'not needed', {'tests/check/EXCEPTIONS': 'file proxy/codec/gone.c 700\n'}),
    ('budgets.py', 'expected "function', {'tests/check/EXCEPTIONS': 'proxy/codec/frame.c 700\n'}),
    ('text.py', 'strcpy is banned', {'proxy/net/dial.c': 'void f(void)\n{\n    strcpy(a, b);\n}\n'}),
    ('text.py', 'atoi is banned', {'tests/unit/x_test.c': 'int n = atoi (text);\n'}),
    ('text.py', 'end of the line', {'README.md': 'words \n'}),
    ('text.py', 'end of the line', {'README.md': 'words\r\n'}),
    ('text.py', 'tab', {'proxy/net/dial.c': '\tint x;\n'}),
    ('text.py', 'one newline', {'README.md': 'words'}),
    ('text.py', 'one newline', {'README.md': 'words\n\n'}),
    ('text.py', 'registry', {'tests/e2e/package-lock.json': '{"resolved": "https://registry.' 'npmjs.org/ws"}\n'}),
    ('text.py', 'conflict of a merge', {'README.md': '<' * 7 + ' HEAD\n'}),
    ('text.py', 'wait with until', {'tests/e2e/test_x.py': 'import time\n\ntime.sleep(1)\n'}),
    ('riddles.py', 'at most 10', {'README.md': 'Whoever asks gets it.\n' * 11}),
    ('mirror.py', 'mask_test.c is missing', {'proxy/codec/mask.c': 'int mask;\n'}),
    ('mirror.py', 'not needed', {'tests/check/UNTESTED': 'proxy/run/gone.c: end-to-end tests\n'}),
    ('mirror.py', 'there is no test_gone.py', {'tests/check/UNTESTED': 'proxy/run/main.c: tests/e2e/test_gone.py\n'}),
    ('mirror.py', 'expected "proxy/serve', {'tests/check/UNTESTED': 'proxy/run/main.c\n'}),
    ('descriptors.py', 'open makes a descriptor', {'proxy/net/dial.c': DIAL + 'int a = open(path, O_RDONLY);\n'}),
    ('descriptors.py', 'accept makes', {'proxy/net/dial.c': DIAL + 'int a = accept(fd, NULL, NULL);\n'}),
    ('descriptors.py', 'fopen makes', {'proxy/net/dial.c': DIAL + 'void *a = fopen(path, "r");\n'}),
    ('descriptors.py', 'remove it from MAY', {'proxy/net/listen.c': 'int listen_nothing;\n'}),
    ('descriptors.py', 'shared by all threads', {'proxy/net/dial.c': DIAL + 'int a = umask(0);\n'}),
    ('log_fields.py', 'the field "secret" is not documented',
     {'proxy/net/listen.c': 'log_text(&line, "secret", token);\n'}),
    ('log_fields.py', 'the field "path" is not documented', {'proxy/net/listen.c': 'log_path(line,\n"path", x);\n'}),
    ('log_fields.py', 'the event "boom" is not documented',
     {'proxy/net/listen.c': 'log_begin(&line, level_of(x), ok ? "start" : "boom");\n'}),
    ('log_fields.py', 'nothing writes the field "bytes_up"', {'proxy/base/metrics.h': ''}),
    ('log_fields.py', 'nothing writes the event "start"', {'proxy/net/dial.c': ''}),
    ('assertions.py', 'wsl_assert(n < 2) is not in',
     {'proxy/net/dial.c': DIAL + 'void dial_f(int n)\n{\n    wsl_assert(n < 2);\n}\n'}),
    ('assertions.py', 'listen.c does not assert a(b)', {'proxy/net/listen.c': ''}),
    ('assertions.py', 'who decides it?',
     {'tests/check/ASSERTIONS': 'proxy/net/listen.c: a(b) && c < 2\n'}),
    ('assertions.py', 'listed twice',
     {'tests/check/ASSERTIONS': CLEAN['tests/check/ASSERTIONS'] * 2}),
    ('assertions.py', 'expected "FILE', {'tests/check/ASSERTIONS': 'words\n'}),
    ('headers.sh', 'does not compile alone', {'proxy/net/dial.h': 'int dial_open(size_t n);\n'}),
    ('headers.sh', 'does not compile alone', {'proxy/base/slice.h': 'struct slice { int n; };\n'}),
]
OBJECT_VIOLATIONS = [
    ('should begin with frame_', FRAME + 'int size(void)\n{\n    return 0;\n}\n'),
    ('should begin with frame_', FRAME + 'const int limit = 3;\n'),
    ('mutable data', FRAME + 'int frame_count;\n'),
    ('mutable data', FRAME + 'static int count = 1;\nint *frame_count(void)\n{\n    return &count;\n}\n'),
    ('mutable data', FRAME + 'int *frame_next(void)\n{\n    static int n;\n    return &n;\n}\n'),
    ('mutable data', FRAME + '_Thread_local int frame_depth = 1;\n'),
]


@pytest.mark.parametrize('check, message, files', VIOLATIONS,
                         ids=[f'{check}-{number}' for number, (check, *_) in enumerate(VIOLATIONS)])
def test_a_planted_violation_is_found(tree, check, message, files):
    plant(tree, files)
    status, output = run(check, tree)
    assert status != 0 and message in output, output


@pytest.mark.parametrize('message, source', OBJECT_VIOLATIONS, ids=range(len(OBJECT_VIOLATIONS)))
def test_a_planted_symbol_is_found(tree, message, source):
    plant(tree, {'proxy/codec/frame.c': source})
    status, output = run('symbols.py', build(tree))
    assert status != 0 and message in output, output


def test_missing_libraries_are_found(tree):
    build(tree)
    (tree / 'libcodec.a').unlink()
    assert run('symbols.py', tree)[0] != 0


def test_comments_and_strings_are_not_calls(tree):
    plant(tree, {'proxy/net/dial.c': '/* strcpy(a, b) */\nconst char *dial_text = "atoi(x)";\n'})
    assert run('text.py', tree)[0] == 0


def test_an_exception_that_fits_passes(tree):
    plant(tree, {'proxy/codec/frame.c': body(85),
                 'tests/check/EXCEPTIONS': 'function proxy/codec/frame.c:frame_long 85  # why\n'})
    assert run('budgets.py', tree)[0] == 0


def test_files_ignored_by_git_do_not_count(tree):
    if not shutil.which('git'):
        pytest.skip('no git')
    subprocess.run(['git', 'init', '-q', str(tree)], check=True)
    plant(tree, {'.gitignore': '/build*/\n', 'build-x/generated.c': 'words \n'})
    assert run('text.py', tree)[0] == 0
