"""Writes tokenizer/smollm2.jsonl and smollm2_special.jsonl: token ids of the `tokenizers` package for SmolLM2's vocabulary.

python tests/golden/make_tokenizer.py PATH/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import random
import re

import gguf
import transformers
from tokenizers import pre_tokenizers

import common
import corpus

common.require_versions("transformers", "tokenizers", "gguf")

NUM_STRINGS = 2600
NUM_VOCABULARY_STRINGS = 500
NUM_SPECIAL = 150


def smollm2_tokenizer(path):
    """SmolLM2's tokenizer from a GGUF.

    transformers 5.23 rebuilds vocabulary, merges and added tokens but gives every llama-architecture file the plain GPT-2 pre-tokenizer.
    The file's `tokenizer.ggml.pre` is `smollm`: digits are split one by one first, as in SmolLM2's own tokenizer.json.
    """
    assert gguf.GGUFReader(path).fields["tokenizer.ggml.pre"].contents() == "smollm"
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).backend_tokenizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    vocabulary = tokenizer.get_vocab()
    assert not any(re.search(r"\d\d", token) for token in vocabulary), "a token of two digits could never be produced"
    return tokenizer


def case(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    decoded = tokenizer.decode(ids, skip_special_tokens=False)
    return {"text": text, "ids": ids} | ({} if decoded == text else {"decoded": decoded})


def special_case(tokenizer, text):
    tokenizer.encode_special_tokens = True
    plain = tokenizer.encode(text, add_special_tokens=False).ids
    tokenizer.encode_special_tokens = False
    return {"text": text, "ids": plain, "ids_parsed": tokenizer.encode(text, add_special_tokens=False).ids}


def vocabulary_strings(tokenizer, rng, count):
    """Texts of tokens drawn over the whole vocabulary, and pairs of them: they reach merges that ordinary text does not."""
    texts = []
    while len(texts) < count:
        ids = [rng.randrange(17, tokenizer.get_vocab_size()) for _ in range(rng.choice([1, 1, 2, 3]))]
        text = tokenizer.decode(ids)
        if corpus.is_usable(text) and "\ufffd" not in text:
            texts.append(text)
    return texts


def main():
    tokenizer = smollm2_tokenizer(common.gguf_argument())
    spellings = [token.content for _, token in sorted(tokenizer.get_added_tokens_decoder().items())]
    assert len(spellings) == 17 and spellings[2] == "<|im_end|>"
    rng = random.Random(1)
    texts = corpus.Generator(seed=2).strings(NUM_STRINGS, spellings, vocabulary_strings(tokenizer, rng, NUM_VOCABULARY_STRINGS))
    rows = [case(tokenizer, text) for text in texts]
    assert len(rows) == NUM_STRINGS and all(min(row["ids"], default=17) >= 17 for row in rows)
    common.write_json_lines("tokenizer/smollm2.jsonl", rows)

    rows = [special_case(tokenizer, text) for text in corpus.special_texts(rng, spellings, NUM_SPECIAL)]
    assert all(min(row["ids"]) >= 17 for row in rows)
    common.write_json_lines("tokenizer/smollm2_special.jsonl", rows)


if __name__ == "__main__":
    main()
