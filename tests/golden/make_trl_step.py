"""Writes grpo/trl_step.json: one optimizer step of TRL's GRPOTrainer on tiny_llama/, for every loss that both programs have.

TRL samples nothing here: a rollout function hands it fixed completions, and the log-probabilities of the policy that is said to have sampled
them are put beside (near the model's own, so that ratios leave 1 and some are clipped). Everything after that is TRL: rewards to advantages,
loss, gradient clipping, AdamW.

python tests/golden/make_trl_step.py
"""

import random
import tempfile

import datasets
import tokenizers
import torch
import transformers
import trl

import common

common.require_versions("torch", "transformers", "trl")

PROMPTS, GROUP, MAX_NEW = 3, 4, 12
LEARNING_RATE, ADAM_EPS = 1e-3, 1e-4  # a large eps: tiny gradients move a weight by their size, not by their sign
CLIP_LOW, CLIP_HIGH, RATIO_CAP = 0.2, 0.28, 1.1
NUM_ENTRIES = 8
LOSSES = {
    "grpo": {},
    "bnpo": {},
    "dr_grpo": {},
    "dapo": {},
    "cispo": {"epsilon_high": RATIO_CAP},
    "gspo": {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 0.02, "epsilon_high": 0.03},
    "grpo with k3": {"loss_type": "grpo", "beta": 0.04},
}


def draw_groups(rng):
    def tokens(low, high):
        return [rng.randrange(3, 250) for _ in range(rng.randint(low, high))]

    return [
        {"prompt": tokens(2, 7), "completions": [tokens(1, MAX_NEW) for _ in range(GROUP)], "rewards": [rng.choice([0.0, 0.5, 1.0]) for _ in range(GROUP)]}
        for _ in range(PROMPTS)
    ]


def old_logprobs(groups, model, rng):
    """The model's own log-probabilities plus noise, rounded to float."""
    result = []
    for group in groups:
        rows = []
        for completion in group["completions"]:
            ids = torch.tensor([group["prompt"] + completion])
            with torch.no_grad():
                logp = model(ids).logits.log_softmax(-1)[0, len(group["prompt"]) - 1 : -1]
            own = logp.gather(1, torch.tensor(completion)[:, None])[:, 0]
            rows.append([float(torch.tensor(value + rng.gauss(0, 0.15), dtype=torch.float32)) for value in own.tolist()])
        result.append(rows)
    return result


def word_tokenizer():
    """Any tokenizer with enough ids: TRL decodes completions for the reward function, which does not look at them."""
    words = {f"w{i}": i for i in range(259)}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="w0"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="w0", eos_token="w258", unk_token="w0")


class OneStep(trl.GRPOTrainer):
    old = None  # [rows][T]
    loss = None

    def _generate_and_score_completions(self, inputs):
        output = super()._generate_and_score_completions(inputs)
        padded = torch.zeros(output["completion_ids"].shape)
        for row, values in enumerate(self.old):
            padded[row, : len(values)] = torch.tensor(values)
        output["old_per_token_logps"] = padded
        self.advantages = output["advantages"].tolist()
        return output

    def _compute_loss(self, model, inputs):
        loss = super()._compute_loss(model, inputs)
        self.loss = loss.item()
        return loss


def summary(before, after):
    """Of each parameter: norms of the new weights and of the change, the change along a fixed direction, and some entries."""
    result = {}
    for name in sorted(before):
        change = (after[name].double() - before[name].double()).flatten()
        direction = torch.cos(torch.arange(change.numel(), dtype=torch.float64))
        step = max(1, change.numel() // NUM_ENTRIES)
        indices = list(range(0, change.numel(), step))[:NUM_ENTRIES]
        result[name] = {
            "norm": after[name].double().norm().item(),
            "change_norm": change.norm().item(),
            "change_along_cosine": (change @ direction).item(),
            "indices": indices,
            "weights": after[name].double().flatten()[indices].tolist(),
        }
    return result


def one_step(name, changes, groups, old):
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM.from_pretrained(common.FOLDER / "tiny_llama", dtype=torch.float32, attn_implementation="eager")
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    settings = {"loss_type": name, "epsilon": CLIP_LOW, "epsilon_high": CLIP_HIGH, "beta": 0.0, **changes}
    rewards = [reward for group in groups for reward in group["rewards"]]

    def rollout(prompts, trainer):
        flat = [(group["prompt"], completion) for group in groups for completion in group["completions"]]
        return {"prompt_ids": [p for p, _ in flat], "completion_ids": [c for _, c in flat], "logprobs": [[0.0] * len(c) for _, c in flat]}

    with tempfile.TemporaryDirectory() as folder:
        config = trl.GRPOConfig(
            output_dir=folder, use_cpu=True, bf16=False, per_device_train_batch_size=PROMPTS * GROUP, num_generations=GROUP,
            max_completion_length=MAX_NEW, learning_rate=LEARNING_RATE, adam_epsilon=ADAM_EPS, weight_decay=0.0, max_grad_norm=1.0,
            max_steps=1, lr_scheduler_type="constant", save_strategy="no", report_to=[], logging_steps=1, shuffle_dataset=False,
            gradient_checkpointing=False, disable_tqdm=True, **settings,
        )
        trainer = OneStep(
            model=model, reward_funcs=lambda completions, **_: rewards, args=config, processing_class=word_tokenizer(),
            train_dataset=datasets.Dataset.from_list([{"prompt": f"w{i}"} for i in range(PROMPTS)]), rollout_func=rollout,
        )
        trainer.old = [row for group in old for row in group]
        trainer.train()
    logged = next(entry for entry in trainer.state.log_history if "grad_norm" in entry)
    after = {key: value.detach().clone() for key, value in trainer.model.named_parameters()}
    return {
        "name": name,
        "settings": settings,
        "advantages": trainer.advantages,
        "loss": trainer.loss,
        "grad_norm": float(logged["grad_norm"]),
        "metrics": {key: float(value) for key, value in logged.items() if key.startswith(("clip_ratio", "cispo", "kl", "entropy"))},
        "parameters": summary(before, after),
    }


def main():
    torch.set_num_threads(1)
    rng = random.Random(11)
    groups = draw_groups(rng)
    model = transformers.LlamaForCausalLM.from_pretrained(common.FOLDER / "tiny_llama", dtype=torch.float32, attn_implementation="eager")
    old = old_logprobs(groups, model, rng)
    for group, rows in zip(groups, old):
        group["old_logprobs"] = rows
    common.write_json(
        "grpo/trl_step.json",
        {
            "learning_rate": LEARNING_RATE,
            "adam_eps": ADAM_EPS,
            "advantage_eps": 1e-4,
            "max_new_tokens": MAX_NEW,
            "groups": groups,
            "steps": [one_step(name, changes, groups, old) for name, changes in LOSSES.items()],
        },
    )


if __name__ == "__main__":
    main()
