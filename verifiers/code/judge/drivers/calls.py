# Runs inside the sandbox beside the judged program: calls its functions with the arguments on descriptor 3 and writes what they return to
# descriptor 4. It knows no expected value. The program may take over everything here; all it can do with that is write plain values, which
# is what returning does.
#
# Descriptor 3: a list [setup, first nonce, calls], each call (nonce, name of a function, arguments, keywords). Descriptor 4: frames of nonce
# (16 bytes), index (4), length (4), value; index 0 says how loading went.


def _find(namespace, path, Missing=NameError, isinstance=isinstance, type=type):
    # A dotted name; a class on the way is instantiated without arguments, and a bare name may be a method of `class Solution`.
    parts = path.split('.')
    if parts[0] not in namespace and 'Solution' in namespace:
        parts = ['Solution'] + parts
    if parts[0] not in namespace:
        raise Missing('the program defines no ' + parts[0])
    found = namespace[parts[0]]
    for part in parts[1:]:
        if isinstance(found, type):
            found = found()
        found = getattr(found, part)
    return found


def _run_calls(path):
    encode, decode, TooBig = _make_codec()
    write, leave, describe, find = _os.write, _os._exit, _describe, _find
    pack_header = _struct.Struct('<II').pack
    Failure, length_of = BaseException, len

    def send(nonce, index, outcome):
        try:
            payload = encode(outcome)
        except TooBig as error:
            payload = encode(('X', ['TooBig'], error.args[0]))
        except Failure as error:
            payload = encode(describe(error))
        frame = nonce + pack_header(index, length_of(payload)) + payload
        while frame:
            frame = frame[write(4, frame):]

    setup, first_nonce, calls = decode(_read_all(3))
    try:
        namespace = _load(path, setup)
    except Failure as error:
        send(first_nonce, 0, describe(error))
        leave(0)
    send(first_nonce, 0, ('V', None))
    index = 0
    for nonce, name, arguments, keywords in calls:
        index += 1
        try:
            outcome = ('V', find(namespace, name)(*arguments, **keywords))
        except Failure as error:
            outcome = describe(error)
        send(nonce, index, outcome)
    leave(0)


_run_calls(_sys.argv[1])
