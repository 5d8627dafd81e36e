#!/usr/bin/env python3
"""The code writes exactly the log fields and events that proxy/README.md documents.

Fields are the literal keys of log_text, log_number and log_path, the words of METRICS_TABLE (written
with the event "stopped"), and the keys that log.c itself writes. Events are those of log_begin.

usage: log_fields.py [ROOT]
"""
import pathlib
import re
import sys

FIELD = re.compile(r'\blog_(?:text|number|path)\(\s*&?\w+\s*,\s*"(\w+)"')
BEGIN = re.compile(r'\blog_begin\(((?:[^();]|\([^()]*\))*)\)\s*;')
METRIC = re.compile(r'\bMETRIC\((\w+)\s*,\s*"')
OWN = {'time', 'level'}  # written by log.c as part of its prefix
WORD = re.compile(r'`(\w+)`')


def written(root):
    fields, events = set(OWN), set()
    for file in sorted((root / 'proxy').rglob('*.c')):
        code = file.read_text()
        fields.update(FIELD.findall(code))
        for arguments in BEGIN.findall(code):
            events.update(re.findall(r'"(\w+)"', arguments))
    fields.update(METRIC.findall((root / 'proxy/base/metrics.h').read_text()))
    return fields, events


def documented(page):
    section = re.search(r'^## Log\n(.*?)^## ', page, re.MULTILINE | re.DOTALL)
    if not section:
        return set(), set()
    rows = re.findall(r'^\|([^|]*)\|', section.group(1), re.MULTILINE)
    events = re.search(r'^Events: (.*?)\n\n', section.group(1), re.MULTILINE | re.DOTALL)
    fields = {word for row in rows for word in WORD.findall(row)}
    return fields, set(WORD.findall(events.group(1))) - {'message'} if events else set()


def check(root):
    page = root / 'proxy/README.md'
    wanted, known = written(root), documented(page.read_text())
    errors = []
    for kind, code, text in zip(('field', 'event'), wanted, known):
        errors += [f'{page}: the {kind} "{name}" is not documented' for name in sorted(code - text)]
        errors += [f'{page}: nothing writes the {kind} "{name}"' for name in sorted(text - code)]
    return errors, len(known[0])


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    errors, count = check(root)
    print('\n'.join(errors) or f'log: {count} fields, as documented')
    return bool(errors)


if __name__ == '__main__':
    sys.exit(main())
