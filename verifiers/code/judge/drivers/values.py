# The values that cross the wall, for Python programs on either side of it: see judge/value.h for the encoding. Everything used after the
# judged program has started is bound to a name of our own here, before it starts.
import os as _os
import struct as _struct
import sys as _sys


class Unreadable(Exception):
    pass


def _make_codec(object_text=None, make_object=None, max_depth=64, max_bytes=1 << 20):
    # `object_text` gives the text that stands for an object that is no plain data (its type's name by default), `make_object` the reverse.
    # `max_depth` and `max_bytes` bound what is written.
    type_, len_, isinstance_, reversed_, sorted_, range_, ord_, enumerate_ = type, len, isinstance, reversed, sorted, range, ord, enumerate
    int_, float_, complex_, str_, bytes_, bytearray_, list_, tuple_, dict_, set_, frozenset_, bool_ = (
        int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, bool)
    mro_of = type.__dict__['__mro__'].__get__
    name_of = type.__dict__['__name__'].__get__
    pack_length = _struct.Struct('<I').pack
    unpack_length = _struct.Struct('<I').unpack_from
    pack_double = _struct.Struct('<d').pack
    unpack_double = _struct.Struct('<d').unpack_from
    int_repr, int_bits = int.__repr__, int.bit_length
    str_encode, str_exact = str.encode, str.__str__
    list_slice, tuple_slice = list.__getitem__, tuple.__getitem__
    dict_items, set_iter, frozenset_iter = dict.items, set.__iter__, frozenset.__iter__
    complex_parts = (complex.__dict__['real'].__get__, complex.__dict__['imag'].__get__)
    view = memoryview
    everything = slice(None)
    unlimit_digits = getattr(_sys, 'set_int_max_str_digits', None)
    bases = (int_, str_, float_, list_, tuple_, dict_, set_, frozenset_, bytes_, bytearray_, complex_)
    max_bits, max_read_depth = 400_000, 80

    def base_of(kind):
        if kind in bases_set:
            return kind
        for base in mro_of(kind):
            if base in bases_set:
                return base
        return None

    bases_set = frozenset_(bases)

    class TooBig(Exception):
        pass

    def encode_into(value, depth, out):
        # Returns the number of bytes appended. Types decide, never methods: what a subclass overrides is not asked.
        if depth > max_depth:
            raise TooBig('nested deeper than %d' % max_depth)
        kind = type_(value)
        if value is None:
            out.append(b'N')
            return 1
        if kind is bool_:
            out.append(b'B\x01' if value is True else b'B\x00')
            return 2
        base = base_of(kind)
        if base is int_:
            if int_bits(value) > max_bits:
                raise TooBig('an integer of more than 400,000 bits')
            if unlimit_digits is not None:
                unlimit_digits(0)
            payload = str_encode(int_repr(value), 'ascii')
            tag = b'I'
        elif base is str_:
            payload = str_encode(str_exact(value), 'utf-8', 'surrogatepass')
            tag = b'S'
        elif base is float_:
            out.append(b'F' + pack_double(value))
            return 9
        elif base is bytes_ or base is bytearray_:
            payload = view(value).tobytes()
            tag = b'Y'
        elif base is complex_:
            out.append(b'C' + pack_double(complex_parts[0](value)) + pack_double(complex_parts[1](value)))
            return 17
        elif base is list_ or base is tuple_:
            items = list_slice(value, everything) if base is list_ else tuple_slice(value, everything)
            return encode_items(b'L' if base is list_ else b'T', items, len_(items), depth, out)
        elif base is dict_:
            items = []
            for key, item in dict_items(value):
                items.append(key)
                items.append(item)
            return encode_items(b'D', items, len_(items) // 2, depth, out)
        elif base is set_ or base is frozenset_:
            items = list_(set_iter(value) if base is set_ else frozenset_iter(value))
            parts = []
            for item in items:
                part = []
                encode_into(item, depth + 1, part)
                parts.append(b''.join(part))
            parts.sort()
            out.append(b'E' + pack_length(len_(parts)))
            out.extend(parts)
            return 5 + sum_lengths(parts)
        else:
            text = name_of(kind) if object_text is None else object_text(value, kind)
            tag, payload = b'O', str_encode(text, 'utf-8', 'surrogatepass')
        out.append(tag + pack_length(len_(payload)))
        out.append(payload)
        return 5 + len_(payload)

    def sum_lengths(parts):
        total = 0
        for part in parts:
            total += len_(part)
        return total

    def encode_items(tag, items, count, depth, out):
        out.append(tag + pack_length(count))
        size = 5
        for item in items:
            size += encode_into(item, depth + 1, out)
            if size > max_bytes:
                raise TooBig('a value of more than %d bytes' % max_bytes)
        return size

    def encode(value):
        out = []
        encode_into(value, 0, out)
        data = b''.join(out)
        if len_(data) > max_bytes:
            raise TooBig('a value of more than %d bytes' % max_bytes)
        return data

    def decode(data):
        # Reads one value from all of `data`, which the other side may have forged.
        position = 0
        end = len_(data)

        def take(count):
            nonlocal position
            if count > end - position:
                raise Unreadable('a value ends early')
            begin = position
            position += count
            return data[begin:position]

        def take_length():
            nonlocal position
            if end - position < 4:
                raise Unreadable('a value ends early')
            (length,) = unpack_length(data, position)
            position += 4
            return length

        def take_double():
            return unpack_double(take(8))[0]

        def read(depth):
            if depth > max_read_depth:
                raise Unreadable('nested too deep')
            tag = take(1)
            if tag == b'N':
                return None
            if tag == b'B':
                return take(1) == b'\x01'
            if tag == b'F':
                return take_double()
            if tag == b'C':
                real = take_double()
                return complex_(real, take_double())
            count = take_length()
            if tag == b'I':
                if count > 130_000:
                    raise Unreadable('an integer of too many digits')
                if unlimit_digits is not None:
                    unlimit_digits(0)
                return int_(take(count))
            if tag == b'S':
                return take(count).decode('utf-8', 'surrogatepass')
            if tag == b'Y':
                return take(count)
            if tag == b'O':
                if make_object is None:
                    raise Unreadable('an object where plain data is expected')
                return make_object(take(count).decode('utf-8', 'replace'))
            if count > end - position:
                raise Unreadable('a value ends early')
            if tag == b'L':
                return [read(depth + 1) for _ in range_(count)]
            if tag == b'T':
                return tuple_([read(depth + 1) for _ in range_(count)])
            if tag == b'E':
                return set_([read(depth + 1) for _ in range_(count)])
            if tag == b'D':
                result = {}
                for _ in range_(count):
                    key = read(depth + 1)
                    result[key] = read(depth + 1)
                return result
            raise Unreadable('an unknown tag')

        value = read(0)
        if position != end:
            raise Unreadable('bytes follow a value')
        return value

    return encode, decode, TooBig


def _describe(error, name_of=type.__dict__['__name__'].__get__, mro_of=type.__dict__['__mro__'].__get__):
    # ('X', names of the type and its bases, message); the message comes from the program and is only shown.
    names = [name_of(base) for base in mro_of(type(error))][:8]
    try:
        message = str.__str__(BaseException.__str__(error))[:300]
    except BaseException:
        message = ''
    return ('X', names, message)


def _read_all(descriptor, read=_os.read):
    parts = []
    while True:
        part = read(descriptor, 1 << 20)
        if not part:
            return b''.join(parts)
        parts.append(part)


def _load(path, setup):
    # The program as the module `solution`; `setup` is run behind it in the same namespace.
    module = type(_sys)('solution')
    module.__file__ = path
    _sys.modules['solution'] = module
    with open(path, 'rb') as file:
        source = file.read()
    exec(compile(source, path, 'exec', 0, True), module.__dict__)
    if setup:
        exec(compile(setup, 'setup', 'exec', 0, True), module.__dict__)
    return module.__dict__
