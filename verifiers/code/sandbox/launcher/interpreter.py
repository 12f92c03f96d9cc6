# The warm interpreter of a slot. It imports what programs commonly import, then forks for every job; the fork gives up every right
# (cupel_interpreter_enter) before the first line of the job runs. Runs nothing but this text and the drivers of the judge itself.
import array, bisect, builtins, cmath, collections, collections.abc, contextlib, copy, ctypes, dataclasses, datetime, decimal, enum, fractions, functools  # noqa
import gc, hashlib, heapq, io, itertools, json, math, operator, os, random, re, statistics, string, struct, sys, textwrap, threading, time, traceback  # noqa
import types, typing  # noqa

native = ctypes.CDLL("/cupel/interpreter.so")
native.cupel_interpreter_text.restype = ctypes.c_void_p
native.cupel_interpreter_text_bytes.restype = ctypes.c_uint64
DRIVER, ENTRY, ARGUMENTS = 1, 2, 4


def text(index):
    return ctypes.string_at(native.cupel_interpreter_text(index), native.cupel_interpreter_text_bytes(index))


def end(code):
    """Ends as the interpreter itself would: threads joined, exit handlers run, output flushed."""
    try:
        threading._shutdown()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    import atexit
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BaseException:
            code = 120
    os._exit(code)


def exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 255
    print(value, file=sys.stderr)
    return 1


def load(path):
    with open(path, "rb") as file:
        source = file.read()
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        sys.excepthook(type(error), error.with_traceback(None), None)
        end(1)


def run(code, path, arguments):
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    sys.argv = arguments
    sys.path.insert(0, "/job")
    status = 0
    try:
        exec(load(path) if code is None else code, main.__dict__)
    except SystemExit as error:
        status = exit_code(error.code)
    except BaseException as error:
        status = 1
        frames = error.__traceback__
        frames = frames.tb_next if frames is not None else None  # without ours
        sys.excepthook(type(error), error.with_traceback(frames), frames)
    end(status)


def serve():
    drivers = {}
    while native.cupel_interpreter_next():
        driver, code = text(DRIVER), None
        if driver:
            if driver not in drivers:
                if len(drivers) >= 64:
                    drivers.clear()
                drivers[driver] = compile(driver, "<driver>", "exec", dont_inherit=True)
            code = drivers[driver]
        child = os.fork()
        if child == 0:
            native.cupel_interpreter_enter()
            arguments = [os.fsdecode(text(i)) for i in range(ARGUMENTS, native.cupel_interpreter_num_texts())]
            gc.enable()
            return code, "/job/" + os.fsdecode(text(ENTRY)), arguments
        native.cupel_interpreter_forked(child)
    os._exit(0)


if native.cupel_interpreter_start(5, 6):
    gc.collect()
    gc.disable()
    gc.freeze()
    run(*serve())
