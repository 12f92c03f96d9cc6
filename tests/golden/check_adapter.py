"""Loads an exported adapter with PEFT on top of its base model and compares it with the exported merged weights.

    python tests/golden/check_adapter.py BASE_DIR ADAPTER_DIR MERGED_DIR

Exit 0: logits agree to 1e-4 and differ from the base model's, 1: they do not, 77: skipped, because peft cannot be imported.
"""

import sys

SKIPPED = 77

try:
    import peft
    import torch
    import transformers
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(SKIPPED)


def load(path):
    return transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()


def main():
    base_dir, adapter_dir, merged_dir = sys.argv[1:4]
    ids = torch.tensor([[65, 66, 67, 100, 101, 32, 49]])
    with torch.no_grad():
        base = load(base_dir)(ids).logits
        adapted = peft.PeftModel.from_pretrained(load(base_dir), adapter_dir)(ids).logits
        merged = load(merged_dir)(ids).logits
    gap, moved = (adapted - merged).abs().max().item(), (adapted - base).abs().max().item()
    print(f"adapter against merged weights: {gap:.2e}; adapter against base: {moved:.2e}")
    sys.exit(0 if gap < 1e-4 and moved > 100 * gap else 1)


if __name__ == "__main__":
    main()
