#!/usr/bin/env python3
"""One GRPO step of cupel beside other programs on the same machine, in turns.

Work: 8 prompts of 38 tokens x 8 answers of 48 tokens, SmolLM2-135M. In every round one after the other:
  cupel   `cupel bench step` (bf16): sampling and learning, with its own calibration line
  eager   forward, loss, backward and AdamW of the same 64 padded sequences in plain PyTorch operations (transformers' Llama, bf16 autocast
          over fp32 weights, head only where the loss needs it): the learning half
  trl     TRL's GRPOTrainer through the script given with --trl (fp32 and bf16), when given; the first of its steps is not counted
Each runs in a process of its own, whose peak memory is reported. Ratios are medians over rounds; seconds mean nothing on another machine.

  python3 tests/grpo/peers/compare_step.py build/release/cupel HF_DIRECTORY [--trl SCRIPT] [--rounds 3]

Needs torch and transformers (and trl, datasets, accelerate for --trl). HF_DIRECTORY is the model as transformers reads it.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

PROMPTS, GROUP, PROMPT_TOKENS, NEW_TOKENS = 8, 8, 38, 48


def eager_step(model_directory):
    """Child process: prints the seconds of one step after a warm-up."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(model_directory, dtype=torch.float32)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, fused=True)
    rows, length = PROMPTS * GROUP, PROMPT_TOKENS + NEW_TOKENS
    tokens = torch.randint(model.config.vocab_size // 2, model.config.vocab_size, (rows, length))
    advantages = torch.where(torch.arange(rows) % 2 == 0, 1.0, -1.0)
    mask = torch.ones_like(tokens)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(tokens, attention_mask=mask, logits_to_keep=NEW_TOKENS + 1, use_cache=False).logits[:, :-1]
        logprobs = torch.log_softmax(logits.float(), -1).gather(-1, tokens[:, PROMPT_TOKENS:, None])[..., 0]
        ratio = torch.exp(logprobs - logprobs.detach())
        clipped = torch.clamp(ratio, 0.8, 1.2)
        loss = -torch.min(ratio * advantages[:, None], clipped * advantages[:, None]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    step()
    start = time.monotonic()
    step()
    print(f"seconds {time.monotonic() - start}")


def run(command):
    """Output and peak memory (MiB) of a process; its failure ends the comparison."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    errors = process.stderr
    output = process.stdout.read()
    tail = errors.read()[-2000:]
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{tail}")
    return output, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cupel")
    parser.add_argument("model", help="Hugging Face directory")
    parser.add_argument("--trl", help="script that prints one line with step_time= per step of TRL's trainer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--eager-step", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.eager_step:
        eager_step(args.model)
        return

    results = {}

    def note(name, seconds, peak):
        results.setdefault(name, []).append((seconds, peak))
        print(f"  {name:<14} {seconds:8.2f} s   peak {peak:6.0f} MiB", flush=True)

    for round_number in range(args.rounds):
        print(f"round {round_number + 1}", flush=True)
        output, peak = run([args.cupel, "bench", "step", "--repeats", "1", "--json"])
        figures = json.loads(output)
        print(f"  calibration    {figures['calibration']}")
        note("cupel step", figures["step_seconds"], peak)
        note("cupel learn", figures["learn_seconds"], peak)
        output, peak = run([sys.executable, __file__, args.cupel, args.model, "--eager-step"])
        note("eager learn", float(output.split()[-1]), peak)
        for dtype in ("bf16", "fp32") if args.trl else ():
            output, peak = run([sys.executable, args.trl, "--model", args.model, "--steps", "3", "--dtype", dtype, "--work-dir", "/tmp/cupel_compare_trl"])
            times = [float(t) for t in re.findall(r"step_time=([\d.]+)", output)][1:]
            note(f"trl {dtype}", statistics.median(times), peak)

    def ratio(slow, fast):
        values = sorted(a[0] / b[0] for a, b in zip(results[slow], results[fast]))
        memory = statistics.median(a[1] / b[1] for a, b in zip(results[slow], results[fast]))
        print(f"{slow} / {fast}: {statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f}), peak memory {memory:.2f}")

    ratio("eager learn", "cupel learn")
    if args.trl:
        ratio("trl bf16", "cupel step")
        ratio("trl fp32", "cupel step")


if __name__ == "__main__":
    main()
