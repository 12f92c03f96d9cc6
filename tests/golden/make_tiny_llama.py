"""Writes tiny_llama/: a small random Llama as `transformers` saves it, with its logits and the gradients of its log-probabilities.

python tests/golden/make_tiny_llama.py
"""

import random

import torch
import transformers

import common

common.require_versions("torch", "transformers", "safetensors")

LENGTHS = [7, 1, 40]
NUM_ENTRIES = 16


def build():
    """Weights are drawn large (normal, 0.15), so that attention and the gates are far from uniform; norms vary around 1."""
    config = transformers.LlamaConfig(
        vocab_size=259,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=256,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        bos_token_id=257,
        eos_token_id=258,
        attn_implementation="eager",
    )
    model = transformers.LlamaForCausalLM(config).float().eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.15 * noise)
    return model


def gradient_entries(rng, gradient):
    """Flat row-major indices and values: the largest entry and others at random, most of them not zero."""
    flat = gradient.flatten()
    nonzero = flat.nonzero().flatten().tolist()
    indices = sorted({int(flat.abs().argmax()), 0, flat.numel() - 1, *rng.sample(nonzero, NUM_ENTRIES - 3)})
    while len(indices) < NUM_ENTRIES:
        indices = sorted({*indices, rng.choice(nonzero)})
    return {"shape": list(gradient.shape), "norm": gradient.double().norm().item(), "indices": indices, "values": flat[indices].tolist()}


def main():
    torch.set_num_threads(1)
    rng = random.Random(8)
    model = build()
    folder = common.target("tiny_llama/config.json").parent
    model.save_pretrained(folder)

    sequences = [[rng.randrange(model.config.vocab_size) for _ in range(length)] for length in LENGTHS]
    all_logits = [model(torch.tensor([ids])).logits[0] for ids in sequences]
    logprobs = [torch.log_softmax(logits, -1)[torch.arange(len(ids) - 1), ids[1:]] for ids, logits in zip(sequences, all_logits)]
    loss = torch.cat(logprobs).mean()
    loss.backward()
    common.write_json(
        "tiny_llama/expected.json",
        {
            "sequences": sequences,
            "logits": [logits.detach().numpy().astype("<f4").tobytes().hex() for logits in all_logits],
            "logprobs": [values.tolist() for values in logprobs],
            "loss": loss.item(),
            "grads": {name: gradient_entries(rng, parameter.grad) for name, parameter in model.named_parameters()},
        },
    )
    for path in sorted(folder.iterdir()):
        print(f"tiny_llama/{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
