"""Loads a checkpoint folder with transformers and compares it with a reference, as a user who takes the model elsewhere would.

    python tests/golden/check_checkpoint.py CHECKPOINT_DIR [--reference DIR_OR_GGUF] [--tolerance 1e-3] [--no-tokenizer]

Checks that every weight is found and none is left over, that logits are finite, and that texts survive the tokenizer; with a reference
also that logits (fp32), token ids and chat prompts agree. Exit 0: all of it holds, 1: something differs, 77: skipped, because
transformers or torch cannot be imported.
"""

import argparse
import pathlib
import sys

SKIPPED = 77
TEXTS = [
    "What is 7 + 8?",
    "First, 12 - 5 = 7.\n\nThen 7 * 3 = 21, so the answer is \\boxed{21}.",
    "def f(x):\n    return x ** 2  # 1234567890",
    "El ni\u00f1o, \u4f60\u597d, \U0001f600! It's   spaced\tout.",
]
MESSAGES = [{"role": "system", "content": "Answer with a number."}, {"role": "user", "content": "What is 7 + 8?"}]
RANDOM_LENGTHS = [1, 5, 48]


class Report:
    """Prints one line per check and remembers whether any failed."""

    def __init__(self):
        self.failures = 0

    def check(self, holds, what):
        self.failures += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}")


def load_model(path):
    """(model, loading info) in fp32; a GGUF file is dequantised."""
    folder, options = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, **options)
    return model.eval(), info


def load_tokenizer(path):
    if not path.is_file():
        return transformers.AutoTokenizer.from_pretrained(path)
    import make_tokenizer

    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    tokenizer.backend_tokenizer.pre_tokenizer = make_tokenizer.smollm2_tokenizer(path).pre_tokenizer
    return tokenizer


def encode(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def logits_of(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0]


def check_tokenizers(report, ours, reference):
    for text in TEXTS:
        ids = encode(ours, text)
        decoded = ours.decode(ids, clean_up_tokenization_spaces=False)
        report.check(decoded == text, f"decode(encode(text)) gives back {text[:24]!r}, {len(ids)} tokens")
        if reference:
            report.check(ids == encode(reference, text), "  token ids agree with the reference")
    if reference and reference.chat_template:
        render = lambda tokenizer: tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True)
        report.check(render(ours) == render(reference), "chat prompt agrees with the reference")
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            a, b = getattr(ours, name), getattr(reference, name)
            report.check(a == b, f"{name} {a}, reference {b}")


def check_models(report, ours, reference, sequences, tolerance):
    if reference and ours.config.vocab_size != reference.config.vocab_size:
        report.check(False, f"vocabulary of {ours.config.vocab_size}, reference {reference.config.vocab_size}: logits cannot be compared")
        return
    for ids in sequences:
        logits = logits_of(ours, ids)
        report.check(bool(torch.isfinite(logits).all()), f"{len(ids)} tokens: logits are finite")
        if reference:
            expected = logits_of(reference, ids)
            difference = (logits - expected).abs().max().item()
            agree = (logits.argmax(-1) == expected.argmax(-1)).float().mean().item()
            what = f"largest logit difference {difference:.3g} (tolerance {tolerance:g}), same best token at {agree:.1%}"
            report.check(difference <= tolerance, f"  {what}")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--reference", type=pathlib.Path, help="Hugging Face directory or GGUF file with the weights that are expected")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest absolute difference of logits (default %(default)g)")
    parser.add_argument("--no-tokenizer", action="store_true", help="the folders hold no tokenizer; random token ids are compared")
    return parser.parse_args()


def main():
    args = parse_args()
    for path in filter(None, (args.checkpoint, args.reference)):
        if not path.exists():
            sys.exit(f"{path}: no such file or folder")
    report = Report()
    model, info = load_model(args.checkpoint)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        report.check(not info[kind], f"{kind}: {sorted(map(str, info[kind])) or 'none'}")
    reference = load_model(args.reference)[0] if args.reference else None
    generator = torch.Generator().manual_seed(0)
    sequences = [torch.randint(model.config.vocab_size, (length,), generator=generator).tolist() for length in RANDOM_LENGTHS]
    if not args.no_tokenizer:
        tokenizer = load_tokenizer(args.checkpoint)
        check_tokenizers(report, tokenizer, load_tokenizer(args.reference) if args.reference else None)
        sequences += [encode(tokenizer, text) for text in TEXTS]
    check_models(report, model, reference, sequences, args.tolerance)
    print(f"{args.checkpoint}: {'agrees' if not report.failures else f'{report.failures} checks failed'}")
    return 1 if report.failures else 0


try:
    import torch
    import transformers
except ImportError as error:
    print(f"skipped: {error}; install torch and transformers to run this check")
    sys.exit(SKIPPED)

if __name__ == "__main__":
    transformers.utils.logging.disable_progress_bar()
    sys.exit(main())
