# Writes the first inputs of the fuzz targets of the code verifier, from the cases of its tests: code_corpus.py ROOT OUT
import json
import os
import sys

root, out = sys.argv[1:]
counts = {}


def write(target, data):
    folder = os.path.join(out, target)
    os.makedirs(folder, exist_ok=True)
    counts[target] = counts.get(target, 0) + 1
    with open(os.path.join(folder, str(counts[target])), 'wb') as file:
        file.write(data)


cases = root + '/tests/verifiers/code/'
for name in ('cases/formats.jsonl', 'cases/runs.jsonl', 'hacks/fresh_cases.jsonl'):
    for line in open(cases + name, encoding='utf-8'):
        row = json.loads(line)
        metadata = {key: row[key] for key in ('format', 'record', 'options') if key in row}
        write('record', json.dumps(metadata).encode()[:4000])
        if row['format'] == 'swe':
            for key in ('completion', 'hack', 'honest'):
                write('patch', row.get(key, '').encode('utf-8', 'replace'))
for line in open(cases + 'cases/assertions.jsonl', encoding='utf-8'):
    for text in json.loads(line).values():
        if isinstance(text, str):
            write('record', text.encode())
write('patch', b'--- a/a/b.py\n+++ b/a/b.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n')
write('patch', b'a/b.py\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n')
values = [b'N', b'B\1', b'I\2\0\0\0-7', b'F' + bytes(8), b'C' + bytes(16), b'S\1\0\0\0a', b'Y\1\0\0\0a', b'L\1\0\0\0N', b'T\2\0\0\0S\1\0\0\0VN',
          b'E\1\0\0\0B\0', b'D\1\0\0\0B\0N', b'O\1\0\0\0x', b'T\3\0\0\0S\1\0\0\0XL\1\0\0\0S\1\0\0\0ES\1\0\0\0m']
for value in values:
    write('protocol', value)
    write('protocol', bytes(20) + len(value).to_bytes(4, 'little') + value)
