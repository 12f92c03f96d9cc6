"""Writes gguf/: blocks of every quant type with the values that the `gguf` package gives them, and a small valid GGUF file.

python tests/golden/make_gguf.py
"""

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

import common

common.require_versions("gguf", "numpy")

ALIGNMENT = 64
# Byte offsets of the fp16 fields in a block. They are drawn apart from the rest, because random bits would give NaN and infinities.
HALF_FIELDS = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
    "IQ4_NL": [0],
}
# (rows, columns) by block size; every row is a whole number of blocks.
SHAPES = {1: (5, 7), 32: (3, 64), 256: (2, 512)}


def random_halves(rng, count):
    """fp16 scales of both signs around 2^-6; the first is 0, the second the smallest subnormal."""
    values = (rng.standard_normal(count) / 64).astype(np.float16)
    values[:2] = [0.0, 2.0**-24]
    return values


def random_blocks(rng, kind, blocks, block_bytes):
    data = rng.integers(0, 256, (blocks, block_bytes), dtype=np.uint8)
    for offset in HALF_FIELDS[kind]:
        data[:, offset : offset + 2] = rng.permutation(random_halves(rng, blocks)).view(np.uint8).reshape(blocks, 2)
    return data


def plain_floats(rng, kind, count):
    """Ordinary values, both zeros, both infinities, a subnormal and the largest finite one, as the bytes of the type."""
    values = rng.standard_normal(count).astype(np.float32)
    tiny, largest = {
        "F32": (2.0**-149, 3.4028234663852886e38),
        "F16": (2.0**-24, 65504.0),
        "BF16": (2.0**-133, 3.3895313892515355e38),
    }[kind]
    values[:6] = [0.0, -0.0, np.inf, -np.inf, tiny, -largest]
    if kind == "F32":
        return values.view(np.uint8)
    if kind == "F16":
        return values.astype(np.float16).view(np.uint8)
    return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)


def dequant_case(rng, kind):
    quant = GGMLQuantizationType[kind]
    elements, block_bytes = GGML_QUANT_SIZES[quant]
    rows, columns = SHAPES[elements]
    blocks = rows * columns // elements
    data = random_blocks(rng, kind, blocks, block_bytes) if kind in HALF_FIELDS else plain_floats(rng, kind, blocks)
    data = data.reshape(rows, -1)
    values = gguf.quants.dequantize(data.view(np.float32) if kind == "F32" else data.view(np.float16) if kind == "F16" else data, quant)
    assert values.dtype == np.float32 and values.shape == (rows, columns) and not np.isnan(values).any()
    return {
        "type": kind,
        "ggml_type": int(quant),
        "block_elements": elements,
        "block_bytes": block_bytes,
        "blocks": blocks,
        "tensor": f"{kind.lower()}.weight",
        "rows": rows,
        "columns": columns,
        "data": data.tobytes().hex(),
        "values": values.tobytes().hex(),
    }


def write_tiny(cases):
    path = common.target("gguf/tiny.gguf")
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(ALIGNMENT)
    writer.add_uint8("test.uint8", 255)
    writer.add_int8("test.int8", -128)
    writer.add_uint16("test.uint16", 65535)
    writer.add_int16("test.int16", -32768)
    writer.add_uint32("test.uint32", 2**32 - 1)
    writer.add_int32("test.int32", -(2**31))
    writer.add_float32("test.float32", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "caf\u00e9 \U0001f600 \x00 end")
    writer.add_uint64("test.uint64", 2**64 - 1)
    writer.add_int64("test.int64", -(2**63))
    writer.add_float64("test.float64", 0.1)
    writer.add_array("test.array_int32", [-1, 0, 1])
    writer.add_array("test.array_string", ["", "a", "b c"])
    writer.add_array("test.array_float32", [0.5, -0.25])
    writer.add_array("test.array_bool", [True, False, True])
    for case in cases:
        data = np.frombuffer(bytes.fromhex(case["data"]), np.uint8).reshape(case["rows"], -1)
        writer.add_tensor(case["tensor"], data, raw_dtype=GGMLQuantizationType(case["ggml_type"]))
    writer.add_tensor("vector", np.arange(7, dtype=np.float32))
    writer.add_tensor("cube", np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def describe_tiny(path):
    reader = gguf.GGUFReader(path)
    metadata = {}
    for key, field in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        entry = {"type": field.types[0].name}
        if field.types[0] == GGUFValueType.ARRAY:
            entry["element_type"] = field.types[1].name
        entry["value"] = field.contents()
        metadata[key] = entry
    tensors = [
        {
            "name": t.name,
            "ggml_type": int(t.tensor_type),
            "dims": [int(d) for d in t.shape],
            "offset": int(t.data_offset - reader.data_offset),
            "bytes": int(t.n_bytes),
        }
        for t in reader.tensors
    ]
    assert reader.alignment == ALIGNMENT
    return {"alignment": ALIGNMENT, "metadata": metadata, "tensors": tensors}


def main():
    rng = np.random.default_rng(20250101)
    kinds = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"]
    cases = [dequant_case(rng, kind) for kind in kinds]
    common.write_json("gguf/dequant.json", cases)
    path = write_tiny(cases)
    print(f"gguf/tiny.gguf: {path.stat().st_size} bytes")
    common.write_json("gguf/tiny.json", describe_tiny(path))


if __name__ == "__main__":
    main()
