"""Writes smollm2/: logits, log-probabilities and chat renderings of `transformers` for SmolLM2-135M-Instruct.

python tests/golden/make_smollm2.py PATH/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import hashlib
import random

import torch
import transformers

import common
from make_tokenizer import smollm2_tokenizer

common.require_versions("torch", "transformers", "tokenizers", "gguf")

USER = {"role": "user", "content": "What is 7 + 8?"}
ASSISTANT = {"role": "assistant", "content": "7 + 8 = 15."}
SYSTEM = {"role": "system", "content": "You are a careful calculator. Answer with a number only."}
CONVERSATIONS = [
    [USER],
    [SYSTEM, USER],
    [USER, ASSISTANT, {"role": "user", "content": "And 15 - 9?"}],
    [SYSTEM, USER, ASSISTANT, {"role": "user", "content": "And 15 - 9?"}, {"role": "assistant", "content": "6"}],
    [{"role": "user", "content": ""}],
    [{"role": "system", "content": ""}, USER],
    [{"role": "user", "content": "  leading and trailing space \n\n"}],
    [{"role": "user", "content": "line one\nline two\r\n\ttabbed"}],
    [{"role": "user", "content": "Gr\u00fc\u00dfe, \u4f60\u597d, \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2200x"}],
    [{"role": "user", "content": "{{ 1 + 1 }} {% if x %} {# no #} 'quoted' \"double\" \\boxed{2} <b>&amp;</b>"}],
    [SYSTEM],
    [USER, USER, ASSISTANT, ASSISTANT],
]
LONG_TEXT = (
    "Question: A farmer has 17 sheep and buys 25 more. A week later she sells half of them, and then a neighbour gives her three lambs. How many "
    "animals does she have at the end?\nSolution: After buying, the farmer has 17 + 25 = 42 sheep. Half of 42 is 21, so after the sale she keeps 21. "
    "The neighbour's three lambs bring the number to 21 + 3 = 24. The answer is 24.\n\nQuestion:"
)
PROMPTS = [
    ("plain", "The capital of France is Paris, and the capital of Italy is"),
    ("chatml", None),
    ("code", "def factorial(n):\n    if n == 0:\n        return 1\n    return n * factorial(n - 1)\n\n\ndef fibonacci(n):\n    "),
    ("long", LONG_TEXT),
    (
        "multilingual",
        "El ni\u00f1o tiene 12 a\u00f1os. \u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002 \U0001f600 \u041f\u0440\u0438\u0432\u0435\u0442!",
    ),
]
NUM_VOCAB_IDS = 64
NUM_TOP = 10


def rounded(values):
    """fp32 values in decimal; eight digits are far below the tolerance of any comparison."""
    return [float(f"{value:.8g}") for value in values]


def render(tokenizer, messages, add_generation_prompt):
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)


def write_chat(chat, tokenizer):
    rows = []
    for messages in CONVERSATIONS:
        for add_generation_prompt in (True, False):
            text = render(chat, messages, add_generation_prompt)
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            rows.append({"messages": messages, "add_generation_prompt": add_generation_prompt, "text": text, "ids": ids})
    common.write_json_lines("smollm2/chat.jsonl", rows)


def prompt_case(model, tokenizer, vocab_ids, name, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0]
    assert logits.dtype == torch.float32
    logprobs = torch.log_softmax(logits.double(), -1)[torch.arange(len(ids) - 1), ids[1:]]
    positions = []
    for position in sorted({0, 1, len(ids) // 3, 2 * len(ids) // 3, len(ids) - 1}):
        top = logits[position].topk(NUM_TOP)
        positions.append(
            {
                "position": position,
                "logits": rounded(logits[position, vocab_ids].tolist()),
                "top_ids": top.indices.tolist(),
                "top_logits": rounded(top.values.tolist()),
            }
        )
    print(
        f"{name}: {len(ids)} tokens, next token {tokenizer.decode([positions[-1]['top_ids'][0]])!r}, mean log-probability {logprobs.mean():.3f}"
    )
    return {"name": name, "text": text, "ids": ids, "positions": positions, "logprobs": rounded(logprobs.tolist())}


def main():
    path = common.gguf_argument()
    torch.set_num_threads(1)
    tokenizer = smollm2_tokenizer(path)
    chat = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    write_chat(chat, tokenizer)

    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    vocab_ids = sorted(random.Random(5).sample(range(model.config.vocab_size), NUM_VOCAB_IDS))
    cases = [prompt_case(model, tokenizer, vocab_ids, name, text or render(chat, CONVERSATIONS[1], True)) for name, text in PROMPTS]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    common.write_json("smollm2/logits.json", {"gguf_sha256": digest, "vocab_ids": vocab_ids, "prompts": cases})


if __name__ == "__main__":
    main()
