# Runs the tests of a task in a sandbox of its own, where no code of the judged program ever runs: what the tests name and nobody here defines
# is asked of the program in the other sandbox (serve.py). Values come back as plain data of exact types, so a comparison means what it says.
#
# Descriptor 3: a list [prelude, names, source, units, nonce, modules, wanted]. The prelude and the source of the tests are run here; `names` are
# then taken from the program even if the prelude defines them. Units: (identifier, statements); none: the tests found in the source.
# Descriptor 4: one frame per unit: nonce (16), index (4), length (4), value (identifier, 'P' | 'F' | 'X' | 'S' | 'U', message); the last has index
# 2**32 - 1 and holds the number of units. 'F': the test failed; 'X': the program raised; 'S': skipped; 'U': the test needs what cannot be done here.
import ast as _ast
import builtins as _builtins
import signal as _signal


class Unsupported(Exception):
    pass


class Skipped(Exception):
    pass


class _FromProgram:
    pass


class Remote:
    # An object of the judged program.
    __slots__ = ('_key', '_type')

    def __init__(self, text):
        key, _, name = text.partition(':')
        object.__setattr__(self, '_key', int(key))
        object.__setattr__(self, '_type', name[:100])

    def __call__(self, *arguments, **keywords):
        return _ask('call', self, (list(arguments), keywords), arguments)

    def __getattr__(self, name):
        if name.startswith('__') and name not in ('__name__', '__doc__', '__version__'):
            raise AttributeError(name)
        return _ask('attr', self, (name,))

    def __setattr__(self, name, value):
        _ask('set', self, (name, value))

    def __getitem__(self, key):
        return _ask('item', self, (key,))

    def __setitem__(self, key, value):
        _ask('put', self, (key, value))

    def __len__(self):
        count = _ask('len', self, ())
        if type(count) is not int:
            raise TypeError('the length is no integer')
        return count

    def __iter__(self):
        items = _ask('list', self, ())
        if type(items) is not list:
            raise TypeError('the items are no list')
        return iter(items)

    def __next__(self):
        return _ask('call', _ask('attr', self, ('__next__',)), ([], {}))

    def __contains__(self, item):
        return item in list(self)

    def __str__(self):
        text = _ask('str', self, ())
        if type(text) is not str:
            raise TypeError('the text is no str')
        return text

    def __repr__(self):
        return '<object of type %s>' % self._type

    def __enter__(self):
        return _ask('call', _ask('attr', self, ('__enter__',)), ([], {}))

    def __exit__(self, *unused):
        _ask('call', _ask('attr', self, ('__exit__',)), ([None, None, None], {}))

    # What an object of the program says of its own equality or truth is worth nothing.
    def __eq__(self, other):
        return type(other) is Remote and other._key == self._key

    def __hash__(self):
        return hash(('remote', self._key))

    def __bool__(self):
        raise TypeError('an object of the program (type %s) where a truth value is expected' % self._type)


def _remote_text(value, kind):
    if kind is Remote:
        return '%d:' % value._key
    name = getattr(value, '__name__', None)
    if type(name) is str and getattr(_builtins, name, None) is value:
        return '@' + name
    raise Unsupported('a test passes an object of type %s to the program' % kind.__name__)


# Tests pass on what they got from the program, several values together: wider bounds than its own.
_encode, _decode, _TooBig = _make_codec(_remote_text, Remote, 80, 8 << 20)
_received = 0  # bytes that the program has answered
_requests, _answers = _os.dup(1), _os.dup(0)


def _read_exactly(count):
    parts = []
    while count > 0:
        part = _os.read(_answers, count)
        if not part:
            raise _ProgramEnded('the program ended before it answered')
        parts.append(part)
        count -= len(part)
    return b''.join(parts)


class _ProgramEnded(BaseException):
    pass


def _ask(operation, target, rest, arguments=()):
    global _received
    try:
        payload = _encode((operation, target, rest))
    except _TooBig as error:
        if _received > 1 << 20:
            raise _ProgramEnded('the program gave what is too big to be passed on: ' + error.args[0])
        raise Unsupported('a test passes ' + error.args[0])
    frame = _struct.pack('<I', len(payload)) + payload
    try:
        while frame:
            frame = frame[_os.write(_requests, frame):]
    except OSError:
        raise _ProgramEnded('the program ended before it was asked')
    (length,) = _struct.unpack('<I', _read_exactly(4))
    if length > 2 << 20:
        raise _ProgramEnded('the program answered more than allowed')
    _received += length
    try:
        answer = _decode(_read_exactly(length))
    except (Unreadable, ValueError, TypeError, RecursionError) as error:
        raise _ProgramEnded('the program answered nonsense: %s' % error)
    if type(answer) is not tuple or len(answer) != 3 or answer[0] not in ('V', 'X'):
        raise _ProgramEnded('the program answered nonsense')
    if answer[0] == 'X':
        raise _exception(answer[1], answer[2])
    if answer[1] is None:
        _update(arguments, answer[2])
    return answer[1]


def _exception(names, message):
    # The nearest built-in exception of that name, so that a test can expect it.
    names = [name for name in names if type(name) is str] if type(names) is list else []
    base = Exception
    for name in names:
        found = getattr(_builtins, name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            base = found
            break
    kind = type(names[0] if names else 'Exception', (_FromProgram, base), {'__init__': lambda self, *rest: None})
    error = kind.__new__(kind)
    error.args = (message if type(message) is str else '',)
    error.names = names
    return error


def _update(arguments, after):
    # Lists, dictionaries and sets that the program changed in place. Only a call that returns nothing may: otherwise a program could change
    # what its result is compared with.
    if type(after) is not list or len(after) != len(arguments):
        return
    for mine, theirs in zip(arguments, after):
        if type(mine) is not type(theirs) or mine is theirs:
            continue
        if type(mine) is list:
            mine[:] = theirs
        elif type(mine) in (dict, set):
            mine.clear()
            mine.update(theirs)


def _program(name):
    return _ask('get', name, ())


class _Namespace(dict):
    # What is neither defined here nor built in belongs to the program; modules of the language are never the program's.
    def __missing__(self, name):
        if name.startswith('__') or hasattr(_builtins, name):
            raise KeyError(name)
        if name in _sys.stdlib_module_names:
            return __import__(name)
        return _program(name)


class _RemoteModule(type(_sys)):
    def __getattr__(self, name):
        if name == '__all__' and self.__name__ == 'solution':
            return _ask('names', '', ())
        if name.startswith('__'):
            raise AttributeError(name)
        try:
            return _ask('get', name, ()) if self.__name__ == 'solution' else getattr(_ask('import', self.__name__, ()), name)
        except NameError as error:
            raise AttributeError(str(error))


class _RemoteFinder:
    # The modules that make up the program, by the names that the task itself gives: a patch cannot add others to what the tests import.
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        import importlib.machinery
        if name.partition('.')[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        if spec.name != 'solution':
            _ask('import', spec.name, ())
        return _RemoteModule(spec.name)

    def exec_module(self, module):
        pass


def _fake_pytest():
    pytest = type(_sys)('pytest')

    class Raises:
        def __init__(self, expected, match=None):
            self.expected = expected if type(expected) is tuple else (expected,)
            self.match = match
            self.value = None

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            if error is None:
                raise AssertionError('did not raise')
            names = getattr(error, 'names', [])
            fits = any(
                (isinstance(one, type) and isinstance(error, one)) or (type(one) is Remote and getattr(one, '__name__') in names)
                for one in self.expected)
            if not fits or isinstance(error, _ProgramEnded):
                return False
            if self.match is not None:
                import re
                if not re.search(self.match, str(error)):
                    raise AssertionError('the message does not match')
            self.value = error
            return True

    def raises(expected, *call, match=None):
        if not call:
            return Raises(expected, match)
        with Raises(expected, match):
            call[0](*call[1:])

    class Approx:
        def __init__(self, expected, rel=None, abs=None, nan_ok=False):
            self.expected, self.rel, self.abs = expected, 1e-6 if rel is None else rel, 1e-12 if abs is None else abs

        def close(self, mine, theirs):
            if type(mine) in (list, tuple):
                return type(theirs) in (list, tuple) and len(mine) == len(theirs) and all(map(self.close, mine, theirs))
            if type(mine) is dict:
                return type(theirs) is dict and mine.keys() == theirs.keys() and all(self.close(mine[key], theirs[key]) for key in mine)
            if type(theirs) not in (int, float) or type(mine) not in (int, float):
                return type(mine) is type(theirs) and mine == theirs
            return mine == theirs or abs(mine - theirs) <= max(self.rel * abs(mine), self.abs)

        def __eq__(self, other):
            return self.close(self.expected, other)

    class Mark:
        def __getattr__(self, name):
            if name in ('skip', 'skipif', 'xfail'):
                return self.skipping
            return lambda *rest, **more: (rest[0] if len(rest) == 1 and callable(rest[0]) and not more else lambda function: function)

        def skipping(self, *rest, **more):
            # Skipped whatever the condition: a test that may be skipped shows nothing.
            def decorate(function):
                def run(*unused, **more):
                    raise Skipped('a test that may be skipped')
                run.__name__ = function.__name__
                return run
            return decorate(rest[0]) if len(rest) == 1 and type(rest[0]) is type(_fake_pytest) and not more else decorate

        def parametrize(self, names, rows, **unused):
            names = [name.strip() for name in names.split(',')] if type(names) is str else list(names)

            def decorate(function):
                old = getattr(function, 'cases', [{}])
                function.cases = [{**case, **dict(zip(names, row if len(names) > 1 else (row,)))} for case in old for row in rows]
                return function
            return decorate

    pytest.raises, pytest.approx, pytest.mark = raises, Approx, Mark()

    def fail(reason='', **unused):
        raise AssertionError(reason)
    pytest.fail = fail

    def skip(reason='', **unused):
        raise Skipped(reason)
    pytest.skip = skip
    return pytest


def _same(mine, theirs):
    # ==, but neither a truth value nor a complex number stands for a number, at any depth of plain data.
    for special in (bool, complex):
        if (type(mine) is special) != (type(theirs) is special) and (type(mine) in (int, float) or type(theirs) in (int, float)):
            return False
    if type(mine) is type(theirs) and type(mine) in (list, tuple):
        return len(mine) == len(theirs) and all(map(_same, mine, theirs))
    if type(mine) is dict and type(theirs) is dict:
        return mine.keys() == theirs.keys() and all(_same(mine[key], theirs[key]) for key in mine)
    return mine == theirs


class _StrictEquality(_ast.NodeTransformer):
    # a == b becomes _same(a, b).
    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) != 1 or not isinstance(node.ops[0], (_ast.Eq, _ast.NotEq)):
            return node
        call = _ast.Call(_ast.Name('_same', _ast.Load()), [node.left, node.comparators[0]], [])
        return _ast.copy_location(call if isinstance(node.ops[0], _ast.Eq) else _ast.UnaryOp(_ast.Not(), call), node)


def _run_text(text, name, namespace):
    tree = _ast.fix_missing_locations(_StrictEquality().visit(_ast.parse(text, name)))
    exec(compile(tree, name, 'exec', 0, True), namespace)


def _unittest():
    # The module if the tests use it; loading it for nothing would take longer than running them.
    return _sys.modules.get('unittest')


def _tests_in(namespace):
    # Functions test_*, methods test_* of classes Test* and of unittest's cases: (identifier, function without arguments).
    unittest = _unittest()
    function_type = type(_tests_in)
    found = []

    def add(name, function):
        cases = getattr(function, 'cases', None)
        if cases is None:
            found.append((name, function))
            return
        for number, case in enumerate(cases):
            found.append(('%s[%d]' % (name, number), lambda case=case: function(**case)))

    for name, value in list(namespace.items()):
        if type(value) is function_type and name.startswith('test'):
            add(name, value)
        elif unittest and isinstance(value, type) and issubclass(value, unittest.TestCase) and value is not unittest.TestCase:
            for method in unittest.TestLoader().getTestCaseNames(value):
                found.append(('%s::%s' % (name, method), lambda value=value, method=method: _run_unittest(value(method), method)))
        elif isinstance(value, type) and name.startswith('Test'):
            for method, function in list(vars(value).items()):
                if method.startswith('test') and type(function) is function_type:
                    def run(value=value, method=method, **case):
                        instance = value()
                        getattr(instance, 'setup_method', lambda *unused: None)(method) if hasattr(instance, 'setup_method') else None
                        getattr(instance, method)(**case)
                    run.__dict__.update(function.__dict__)
                    add('%s::%s' % (name, method), run)
    return found


def _assert_equal(self, first, second, msg=None):
    if not _same(first, second):
        raise AssertionError(msg or '%.100r is not %.100r' % (first, second))


def _run_unittest(case, method):
    case.setUp()
    try:
        getattr(case, method)()
    finally:
        case.tearDown()


def _run_unit(run):
    try:
        run()
    except Skipped as error:
        return 'S', str(error)
    except Unsupported as error:
        return 'U', str(error)
    except _ProgramEnded as error:
        return 'X', str(error)
    except Exception as error:
        if _unittest() and isinstance(error, _unittest().SkipTest):
            return 'S', str(error)
        if isinstance(error, ModuleNotFoundError) and not isinstance(error, _FromProgram):
            return 'U', 'the tests need a module that is not installed here: %s' % error
        names = getattr(error, 'names', None)
        message = '%s: %s' % (type(error).__name__, str(error)) if not isinstance(error, AssertionError) else str(error)
        return 'X' if isinstance(error, _FromProgram) and names else 'F', message[:300]
    return 'P', ''


def _run_asserts():
    prelude, names, source, units, nonce, modules, wanted = _decode(_read_all(3))
    _os.dup2(2, 1)
    _signal.signal(_signal.SIGPIPE, _signal.SIG_IGN)  # a program that ended is a failed test, not the end of the tests
    if 'random' in source or 'random' in prelude:
        import random
        random.seed(0)
    _sys.modules['pytest'] = _fake_pytest()
    _sys.meta_path.append(_RemoteFinder(modules))
    namespace = _Namespace()
    namespace['__name__'] = 'tests'
    namespace['_same'] = _same
    namespace['_program'] = _program
    count = 0

    def report(name, state, message, index=None):
        payload = _encode((name, state, message.encode('utf-8', 'replace').decode()))
        frame = nonce + _struct.pack('<II', count if index is None else index, len(payload)) + payload
        while frame:
            frame = frame[_os.write(4, frame):]

    def prepare():
        exec(compile(prelude, 'prelude', 'exec', 0, True), namespace)
        for name in names:
            namespace.pop(name, None)
        _run_text(source, 'tests', namespace)
        unittest = _unittest()
        if unittest:
            unittest.TestCase.assertEqual = _assert_equal

    state, message = _run_unit(prepare)
    if state == 'F':
        # A name that the program was to define, or trouble in the tests themselves.
        state = 'X' if message.startswith(('ImportError', 'AttributeError', 'NameError')) else 'U'
    if state != 'P':
        report('prepare', state, message)
        count += 1
    else:
        if units:
            tests = [(name, lambda text=text: _run_text(text, 'test', namespace)) for name, text in units]
        else:
            tests = _tests_in(namespace)
        for name, run in tests:
            if wanted and name not in wanted:
                continue
            state, message = _run_unit(run)
            report(name, state, message)
            count += 1
    report('end', 'P', str(count), 0xFFFFFFFF)
    _os._exit(0)


_run_asserts()
