"""Writes tokenizer/small*: a byte-level BPE of 602 tokens as tokenizer.json and as GGUF metadata, and its goldens. Needs no model.

python tests/golden/make_small_tokenizer.py
"""

import json
import random

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

import common
import corpus
from make_tokenizer import case, special_case

common.require_versions("tokenizers", "gguf")

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ADDED = ["<think>", "</think>"]
VOCABULARY = 600
NUM_STRINGS = 1000
NUM_SPECIAL = 100
CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TRAINING_TEXT = """\
What is 7 + 8? Let us think step by step. First we add 7 and 8, which gives 15. The answer is 15.
What is 12 - 5? We subtract 5 from 12 and get 7. So the answer is \\boxed{7}.
Anna has three apples and buys twice as many. How many apples does she have now? She has nine apples.
A train leaves the station at noon and travels sixty miles in an hour. How far has it travelled after two hours?
If the sum of two numbers is twenty and their difference is four, then the numbers are twelve and eight.
To solve the equation we move every term with x to the left side and every constant to the right side.
Therefore the product of the roots is the constant term, and the sum of the roots is the other coefficient with its sign changed.
I'm sure that we'll find what they've lost; it's where you'd expect it, isn't it? Don't worry, he's said they're on their way.
The assayer heats the ore in a small vessel until the lead has gone and only the gold remains; then he weighs what is left.
There is nothing either good or bad, but thinking makes it so. Whether that is true is for the reader to decide.
def add(first, second):
    return first + second

for number in range(10):
    print(add(number, 1))

if __name__ == "__main__":
    main()

#include <vector>
int main() { std::vector<int> values; for (int i = 0; i < 10; ++i) values.push_back(i); return 0; }
Wie viele \u00c4pfel hat sie jetzt? \u00dcber allen Gipfeln ist Ruh; gr\u00fc\u00dfe die M\u00e4dchen.
\u00bfCu\u00e1ntas manzanas tiene ahora? La respuesta est\u00e1 aqu\u00ed, ma\u00f1ana ser\u00e1 otro d\u00eda.
\u041a\u0430\u043a \u0434\u0435\u043b\u0430? \u042d\u0442\u043e \u043f\u0440\u043e\u0441\u0442\u043e\u0439 \u0432\u043e\u043f\u0440\u043e\u0441, \u0438 \u043e\u0442\u0432\u0435\u0442 \u043f\u0440\u043e\u0441\u0442\u043e\u0439.
\u4eca\u5929\u7684\u5929\u6c14\u5f88\u597d\uff0c\u4eca\u5929\u6211\u4eec\u53bb\u516c\u56ed\u3002 \u7b54\u6848\u662f\u56db\u5341\u4e8c\u3002
\U0001f600 \U0001f600\U0001f600 \U0001f44d
"""


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [TRAINING_TEXT],
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            min_frequency=1,
            special_tokens=[AddedToken(s, normalized=False, special=True) for s in SPECIAL],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([AddedToken(s, normalized=False, special=False) for s in ADDED])
    assert tokenizer.get_vocab_size() == VOCABULARY + len(ADDED), "the training text is too short for the vocabulary"
    return tokenizer


def write_gguf(tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    kinds = {**dict.fromkeys(SPECIAL, gguf.TokenType.CONTROL), **dict.fromkeys(ADDED, gguf.TokenType.USER_DEFINED)}
    path = common.target("tokenizer/small_tokenizer.gguf")
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert gguf.GGUFReader(path).fields["tokenizer.ggml.tokens"].contents() == tokens
    print(f"tokenizer/small_tokenizer.gguf: {path.stat().st_size} bytes")


def main():
    tokenizer = train()
    common.write_bytes("tokenizer/small_tokenizer.json", json.dumps(json.loads(tokenizer.to_str()), indent=1).encode() + b"\n")
    write_gguf(tokenizer)

    spellings = SPECIAL + ADDED
    texts = corpus.Generator(seed=3).strings(NUM_STRINGS, spellings, TRAINING_TEXT.splitlines())
    rows = [case(tokenizer, text) for text in texts]
    assert all("decoded" not in row for row in rows), "every byte has a token, so nothing may be lost"
    common.write_json_lines("tokenizer/small.jsonl", rows)

    rows = [special_case(tokenizer, text) for text in corpus.special_texts(random.Random(4), spellings, NUM_SPECIAL)]
    assert all(min(row["ids"]) >= len(SPECIAL) for row in rows)
    common.write_json_lines("tokenizer/small_special.jsonl", rows)


if __name__ == "__main__":
    main()
