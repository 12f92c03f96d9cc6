"""Writes grpo/: group advantages in exact arithmetic, and clipped-ratio losses with gradients from torch autograd in float64.

python tests/golden/make_grpo.py
"""

import fractions
import random
import statistics

import torch

import common

common.require_versions("torch")

STD_EPS = 1e-6
MAX_LOG_RATIO = 20.0
# Ratios this close to a clipping bound are not drawn: fp32 code could see them on the other side.
MIN_DISTANCE_TO_BOUND = 1e-4


def advantage_case(name, rewards):
    """(r - mean) / (sample std + eps); mean and std are correctly rounded, the differences exact before rounding."""
    exact = [fractions.Fraction(r) for r in rewards]
    mean = sum(exact) / len(exact)
    std = statistics.stdev(rewards) if min(rewards) < max(rewards) else 0.0
    advantages = [float((r - mean) / (fractions.Fraction(std) + fractions.Fraction(STD_EPS))) for r in exact]
    return {"name": name, "rewards": rewards, "mean": float(mean), "std": std, "advantages": advantages}


def advantage_cases(rng):
    cases = [
        advantage_case("two of eight correct", [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        advantage_case("pair", [1.0, 0.0]),
        advantage_case("all zero", [0.0] * 8),
        advantage_case("all one", [1.0] * 8),
        advantage_case("sixteen times 0.7", [0.7] * 16),
        advantage_case("eight times 0.3", [0.3] * 8),
        advantage_case("eight times 0.1", [0.1] * 8),
        advantage_case("negative constant", [-2.5] * 3),
        advantage_case("differ by one ulp", [0.1 + 0.2, 0.3, 0.3, 0.3]),
        advantage_case("differ by less than eps", [0.5, 0.5 + 1e-9, 0.5, 0.5]),
        advantage_case("large offset", [1e6, 1e6 + 1, 1e6, 1e6 + 2]),
        advantage_case("large spread", [-1e9, 1e9, 0.0]),
        advantage_case("one correct of sixty-four", [1.0] + [0.0] * 63),
    ]
    for index in range(20):
        size = rng.choice([2, 3, 4, 7, 8, 16, 32])
        draw = rng.choice(
            [
                lambda: float(rng.random() < 0.3),
                lambda: rng.gauss(0, 1),
                lambda: rng.choice([0.0, 0.1, 1.0, 1.1]),
                lambda: rng.uniform(-5, 5),
            ]
        )
        cases.append(advantage_case(f"random {index}", [draw() for _ in range(size)]))
    return cases


def loss_case(name, lengths, mask, advantages, logp, old_logp, ref_logp, clip_low, clip_high, beta):
    as_tensor = lambda values: torch.tensor(values, dtype=torch.float64)
    leaf = as_tensor(logp).requires_grad_()
    active = as_tensor(mask)
    per_token = torch.repeat_interleave(as_tensor(advantages), torch.tensor(lengths))
    ratio = torch.exp((leaf - as_tensor(old_logp)).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO))
    token_loss = -torch.min(ratio * per_token, ratio.clamp(1 - clip_low, 1 + clip_high) * per_token)
    mean = lambda values: (active * values).sum() / active.sum()
    policy_loss = mean(token_loss)
    loss, kl = policy_loss, None
    if ref_logp is not None:
        d = (as_tensor(ref_logp) - leaf).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
        kl = mean(torch.exp(d) - d - 1)
        loss = policy_loss + beta * kl
    loss.backward()
    low = (ratio < 1 - clip_low) & (per_token < 0)
    high = (ratio > 1 + clip_high) & (per_token > 0)
    return {
        "name": name,
        "clip_low": clip_low,
        "clip_high": clip_high,
        "beta": beta,
        "lengths": lengths,
        "mask": mask,
        "advantages": advantages,
        "logp": logp,
        "old_logp": old_logp,
        "ref_logp": ref_logp,
        "loss": loss.item(),
        "policy_loss": policy_loss.item(),
        "kl": None if kl is None else kl.item(),
        "grad": leaf.grad.tolist(),
        "token_loss": token_loss.tolist(),
        "clip_low_mean": mean(low.double()).item(),
        "clip_high_mean": mean(high.double()).item(),
    }


def drawn_log_ratio(rng, spread, clip_low, clip_high):
    """A log-ratio whose ratio is not next to a bound, where gradients jump."""
    while True:
        value = torch.tensor(rng.gauss(0, spread), dtype=torch.float64)
        if min(abs(value.exp() - (1 - clip_low)), abs(value.exp() - (1 + clip_high))) > MIN_DISTANCE_TO_BOUND:
            return value.item()


def random_loss_case(rng, name, clip_low, clip_high, beta, spread, with_mask):
    lengths = [rng.randint(1, 9) for _ in range(rng.choice([2, 4, 8]))]
    total = sum(lengths)
    mask = [int(not with_mask or rng.random() < 0.7) for _ in range(total)]
    mask[rng.randrange(total)] = 1
    advantages = [rng.gauss(0, 1) for _ in lengths]
    logp = [-abs(rng.gauss(0, 2)) - 1e-3 for _ in range(total)]
    old_logp = [value - drawn_log_ratio(rng, spread, clip_low, clip_high) for value in logp] if spread else list(logp)
    ref_logp = [value + rng.gauss(0, 0.5) for value in logp] if beta else None
    return loss_case(name, lengths, mask, advantages, logp, old_logp, ref_logp, clip_low, clip_high, beta)


def loss_cases(rng):
    a = advantage_case("", [1.0, 0.0])["advantages"]
    log = lambda ratios: [float(torch.tensor(r, dtype=torch.float64).log()) for r in ratios]
    ratios = log([1.1, 0.9, 0.7, 1.5])
    zeros = [0.0] * 4
    cases = [
        loss_case("hand-checked ratios", [1, 3], [1] * 4, a, ratios, zeros, None, 0.2, 0.28, 0.0),
        loss_case("on-policy", [1, 3], [1] * 4, a, zeros, zeros, None, 0.2, 0.28, 0.0),
        loss_case("zero advantages", [1, 3], [1] * 4, [0.0, 0.0], ratios, zeros, None, 0.2, 0.28, 0.0),
        loss_case(
            "zero advantages, KL", [1, 3], [1] * 4, [0.0, 0.0], [-1.0, -1.5, -0.1, -2.0], zeros, [-1.5, -1.0, -3.0, -2.0], 0.2, 0.28, 0.04
        ),
        loss_case("a sequence without active tokens", [2, 2], [1, 1, 0, 0], [1.0, -50.0], ratios, zeros, None, 0.2, 0.28, 0.0),
        loss_case(
            "log-ratio beyond the clamp",
            [1, 1, 2],
            [1] * 4,
            [1.0, -1.0, -0.5],
            [-1.0, -1.0, -60.0, -0.5],
            [-26.0, -23.0, -30.0, -0.4],
            None,
            0.2,
            0.28,
            0.0,
        ),
        loss_case("R1's clip of 10", [2, 2], [1] * 4, [1.0, -1.0], log([5.0, 12.0, 0.01, 30.0]), zeros, None, 10.0, 10.0, 0.0),
    ]
    settings = [(low, high, beta) for low, high in ((0.2, 0.28), (0.2, 0.2)) for beta in (0.0, 0.04)]
    for index in range(24):
        clip_low, clip_high, beta = settings[index % len(settings)]
        spread = [0.3, 0.05, 1.0, 0.0, 0.3, 0.15][index // len(settings)]
        cases.append(random_loss_case(rng, f"random {index}", clip_low, clip_high, beta, spread, with_mask=index % 3 != 0))
    return cases


def main():
    rng = random.Random(6)
    common.write_json("grpo/advantages.json", advantage_cases(rng))
    common.write_json("grpo/loss.json", loss_cases(rng))


if __name__ == "__main__":
    main()
