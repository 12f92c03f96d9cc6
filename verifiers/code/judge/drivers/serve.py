# Runs inside the sandbox beside the judged program: answers the requests of a test that runs in another sandbox (asserts.py). Requests come
# on standard input, answers go to standard output; the program's own input and output lead nowhere. Objects that are no plain data stay here
# and are known to the other side by a number.
#
# Request and answer: length (4), value. Answers: ('V', value, arguments after the call or None) or ('X', names of types, message).


def _serve(path):
    objects = []
    write, read, leave, describe = _os.write, _os.read, _os._exit, _describe
    Failure, length_of, get, set_, str_, isinstance_ = BaseException, len, getattr, setattr, str, isinstance
    pack_length, unpack_length = _struct.Struct('<I').pack, _struct.Struct('<I').unpack
    name_of = type.__dict__['__name__'].__get__
    append, join = objects.append, b''.join
    import_module = __import__
    modules = _sys.modules
    exact_list, exact_dict, exact_set = list, dict, set

    def keep(value, kind):
        append(value)
        return '%d:%s' % (length_of(objects) - 1, name_of(kind))

    builtin = dict(vars(_sys.modules['builtins']))

    def look_up(text):
        # A number of ours, or the name of something built in.
        return builtin[text[1:]] if text[:1] == '@' else objects[int(text.partition(':')[0])]

    encode, decode, TooBig = _make_codec(keep, look_up)
    requests, answers = _os.dup(0), _os.dup(1)
    nowhere = _os.open('/dev/null', _os.O_RDWR)
    _os.dup2(nowhere, 0)
    _os.dup2(nowhere, 1)

    def read_exactly(count):
        parts = []
        while count > 0:
            part = read(requests, count)
            if not part:
                leave(0)
            parts.append(part)
            count -= length_of(part)
        return join(parts)

    def send(answer):
        try:
            payload = encode(answer)
        except TooBig as error:
            payload = encode(('X', ['TooBig'], error.args[0]))
        except Failure as error:
            payload = encode(describe(error))
        frame = pack_length(length_of(payload)) + payload
        while frame:
            frame = frame[write(answers, frame):]

    def changed(arguments, before):
        # The arguments after a call where it changed them, which the other side cannot see otherwise.
        if not any_mutable(arguments):
            return None
        try:
            after = encode(arguments)
        except Failure:
            return None
        return arguments if after != before else None

    def any_mutable(arguments):
        for argument in arguments:
            if isinstance_(argument, (exact_list, exact_dict, exact_set)):
                return True
        return False

    def perform(namespace, operation, target, rest):
        if operation == 'get':
            if target in namespace:
                return ('V', namespace[target], None)
            return ('X', ['NameError', 'Exception'], 'the program defines no ' + target)
        if operation == 'names':
            return ('V', [name for name in namespace if not name.startswith('_')], None)
        if operation == 'import':
            import_module(target)
            return ('V', modules[target], None)
        if operation == 'call':
            arguments, keywords = rest
            before = encode(arguments)
            result = target(*arguments, **keywords)
            return ('V', result, changed(arguments, before))
        if operation == 'attr':
            return ('V', get(target, rest[0]), None)
        if operation == 'set':
            set_(target, rest[0], rest[1])
            return ('V', None, None)
        if operation == 'item':
            return ('V', target[rest[0]], None)
        if operation == 'put':
            target[rest[0]] = rest[1]
            return ('V', None, None)
        if operation == 'len':
            return ('V', length_of(target), None)
        if operation == 'str':
            return ('V', str_(target), None)
        if operation == 'list':
            items = []
            for item in target:
                items.append(item)
                if length_of(items) > 100_000:
                    return ('X', ['TooBig'], 'more than 100,000 items')
            return ('V', items, None)
        return ('X', ['TypeError', 'Exception'], 'unknown operation')

    setup, has_program = decode(_read_all(3))
    namespace = {}
    loading = None
    if has_program:
        try:
            namespace = _load(path, setup)
        except Failure as error:
            kind, names, message = describe(error)
            loading = (kind, names, 'while loading the program: ' + message)
    else:
        _sys.path.insert(0, _os.getcwd())
    while True:
        (length,) = unpack_length(read_exactly(4))
        operation, target, rest = decode(read_exactly(length))
        if loading is not None:
            send(loading)
            continue
        try:
            answer = perform(namespace, operation, target, rest)
        except Failure as error:
            answer = describe(error)
        send(answer)


_serve(_sys.argv[1])
