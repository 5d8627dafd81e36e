#!/usr/bin/env python3
"""Plain words: sentences name their subject.

Counts the lines with a word of RIDDLES in comments, documents and texts; at most MOST may be in the tree.

usage: riddles.py [ROOT]
"""
import pathlib
import re
import sys

import text

MOST = 10
RIDDLES = re.compile(r'\b(whoever|whatever|whichever|he|his|him)\b', re.IGNORECASE)
NOT_OURS = {'LICENSE', 'package-lock.json', 'riddles.py'}


def check(root):
    found = [f'{path.relative_to(root)}:{number}: {line.strip()}'
             for path in text.files(root) if path.name not in NOT_OURS
             for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1) if RIDDLES.search(line)]
    if len(found) > MOST:
        found.append(f'riddles: {len(found)} lines, at most {MOST}: name the subject')
        return found
    return []


if __name__ == '__main__':
    errors = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(errors) or f'riddles: at most {MOST} lines')
    sys.exit(bool(errors))
