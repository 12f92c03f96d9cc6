"""Writes safetensors/: files of the `safetensors` package with their expected contents, and malformed files that it refuses.

python tests/golden/make_safetensors.py
"""

import json
import math
import re
import struct

import safetensors
import safetensors.torch
import torch

import common

common.require_versions("safetensors", "torch")

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
# The format's text forbids these ("MUST begin with a {", "Duplicate keys are disallowed"); the reference reader lets them pass.
REFUSED_BY_THE_SPECIFICATION_ONLY = ["header starts with a space", "duplicate tensor name"]
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 448.0, math.inf, math.nan, 2.0**-9]


def sample(dtype):
    if dtype == torch.bool:
        return torch.tensor([True, False, True])
    if dtype.is_floating_point:
        return torch.tensor(FLOATS, dtype=torch.float64).to(dtype).reshape(3, 3)
    info = torch.iinfo(dtype)
    return torch.tensor([info.min, 0, 1, info.max], dtype=dtype).reshape(2, 2)


def plain(value):
    """A number as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return int(value) if isinstance(value, bool) else value


def describe(relative):
    """What the reference reader finds in a file; raw bytes are taken from the header's offsets."""
    raw = common.target(relative).read_bytes()
    (header_bytes,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + header_bytes])
    tensors = {}
    with safetensors.safe_open(common.target(relative), framework="pt") as file:
        metadata = file.metadata()
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            begin, end = header[name]["data_offsets"]
            wide = tensor.double() if tensor.dtype.is_floating_point else tensor
            tensors[name] = {
                "dtype": header[name]["dtype"],
                "shape": list(tensor.shape),
                "data": raw[8 + header_bytes + begin : 8 + header_bytes + end].hex(),
                "values": [plain(v) for v in wide.flatten().tolist()],
            }
            assert DTYPES[header[name]["dtype"]] == tensor.dtype
    return {"metadata": metadata, "tensors": tensors}


def write_good_files():
    files = []

    def save(relative, tensors, metadata):
        safetensors.torch.save_file(tensors, common.target(relative), metadata)
        files.append(relative)

    matrix = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    extra = {"scalar": torch.tensor(42.5), "empty": torch.zeros(0, 3), "matrix": matrix}
    save("safetensors/dtypes.safetensors", {**{name.lower(): sample(dtype) for name, dtype in DTYPES.items()}, **extra}, {"format": "pt"})
    save("safetensors/no_metadata.safetensors", {"x": matrix}, None)
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    save(f"safetensors/sharded/{shards[0]}", {"a": torch.full((2, 2), 1.5)}, {"format": "pt"})
    save(f"safetensors/sharded/{shards[1]}", {"b": torch.full((3,), -2.0), "c": torch.tensor(7.0)}, {"format": "pt"})
    index = {"metadata": {"total_size": 32}, "weight_map": {"a": shards[0], "b": shards[1], "c": shards[1]}}
    common.write_json("safetensors/sharded/model.safetensors.index.json", index)
    common.write_json("safetensors/expected.json", {relative.removeprefix("safetensors/"): describe(relative) for relative in files})


def build(header, body, length=None):
    text = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype="F32", shape="[2]", begin=0, end=8):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}'


def hostile_files():
    """(name, bytes): near misses of valid files. Whether the reference refuses each is recorded, not assumed."""
    eight, sixteen = bytes(8), bytes(16)
    valid = build(f'{{"x":{entry()}}}', eight)
    return [
        ("valid", valid),
        ("valid, header padded with spaces", build(f'{{"x":{entry()}}}     ', eight)),
        ("valid, no tensors", build("{}", b"")),
        ("valid, unordered offsets", build(f'{{"b":{entry(begin=8, end=16)},"a":{entry()}}}', sixteen)),
        ("empty file", b""),
        ("shorter than the length field", valid[:7]),
        ("length field only", valid[:8]),
        ("header cut off", valid[:20]),
        ("data cut off", valid[:-1]),
        ("trailing bytes", valid + b"\0"),
        ("header length 2^64 - 1", build("{}", b"", 2**64 - 1)),
        ("header length 2^63", build("{}", b"", 2**63)),
        ("header length over 100,000,000", build("{}", b"", 100_000_001)),
        ("header length one too large", build(f'{{"x":{entry()}}}', eight, len(f'{{"x":{entry()}}}') + 1)),
        ("header length 0", build("", b"")),
        ("header is an array", build("[]", b"")),
        ("header is not JSON", build("{x}", b"")),
        ("header starts with a space", build(f' {{"x":{entry()}}}', eight)),
        ("header is not UTF-8", build(b'{"\xff":' + entry().encode() + b"}", eight)),
        ("overlapping offsets", build(f'{{"a":{entry()},"b":{entry(begin=4, end=12)}}}', bytes(12))),
        ("hole between tensors", build(f'{{"a":{entry()},"b":{entry(begin=12, end=20)}}}', bytes(20))),
        ("hole at the start", build(f'{{"a":{entry(begin=8, end=16)}}}', sixteen)),
        ("two tensors on the same bytes", build(f'{{"a":{entry()},"b":{entry()}}}', eight)),
        ("end before begin", build(f'{{"x":{entry(begin=8, end=0)}}}', eight)),
        ("offset beyond the file", build(f'{{"x":{entry(begin=0, end=4096)}}}', eight)),
        ("offset over 2^64", build(f'{{"x":{entry(begin=0, end=2**64 + 8)}}}', eight)),
        ("negative offset", build(f'{{"x":{entry(begin=-8, end=0)}}}', eight)),
        ("fractional offset", build(f'{{"x":{entry(begin="0.0", end="8.0")}}}', eight)),
        ("shape larger than the data", build(f'{{"x":{entry(shape="[3]")}}}', eight)),
        ("shape smaller than the data", build(f'{{"x":{entry(shape="[1]")}}}', eight)),
        ("shape product overflows to the right size", build(f'{{"x":{entry(shape="[4611686018427387904,4]", end=0)}}}', b"")),
        ("shape product overflows", build(f'{{"x":{entry(shape="[9223372036854775807,3]")}}}', eight)),
        ("negative dimension", build(f'{{"x":{entry(shape="[-2]")}}}', eight)),
        ("shape is a number", build(f'{{"x":{entry(shape="2")}}}', eight)),
        ("unknown dtype", build(f'{{"x":{entry(dtype="F31")}}}', eight)),
        ("dtype missing", build('{"x":{"shape":[2],"data_offsets":[0,8]}}', eight)),
        ("shape missing", build('{"x":{"dtype":"F32","data_offsets":[0,8]}}', eight)),
        ("offsets missing", build('{"x":{"dtype":"F32","shape":[2]}}', eight)),
        ("three offsets", build('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', eight)),
        ("metadata value is a number", build('{"__metadata__":{"format":1},"x":' + entry() + "}", eight)),
        ("duplicate tensor name", build(f'{{"x":{entry()},"x":{entry()}}}', eight)),
        ("duplicate metadata", build('{"__metadata__":{},"__metadata__":{}}', b"")),
        ("deeply nested header", build('{"x":' + "[" * 2000 + "]" * 2000 + "}", b"")),
    ]


def reference_error(data):
    """The reader's message, or None. Tensor names are left out: of several bad tensors it names one at random."""
    try:
        safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        return re.sub(r" for tensor `\w`", "", str(error))
    return None


def main():
    write_good_files()
    rows = []
    for name, data in hostile_files():
        error = reference_error(data)
        refuse = error is not None or name in REFUSED_BY_THE_SPECIFICATION_ONLY
        assert refuse != name.startswith("valid"), name
        rows.append({"name": name, "refuse": refuse, "file": data.hex(), "reference_error": error})
    common.write_json_lines("safetensors/bad.jsonl", rows)


if __name__ == "__main__":
    main()
