"""Writes grpo/adamw.json: five updates of torch.optim.AdamW with clip_grad_norm_, in float64.

python tests/golden/make_adamw.py
"""

import random

import torch

import common

common.require_versions("torch")

SIZE = 8
UPDATES = 5


def as_float32(values):
    """The nearest numbers that fp32 holds: the code under test starts from exactly these."""
    return torch.tensor(values, dtype=torch.float32).tolist()


def case(rng, name, learning_rate, beta1, beta2, eps, weight_decay, max_grad_norm, grad_scale, zero_update=None):
    draw = lambda scale: as_float32([rng.gauss(0, scale) for _ in range(SIZE)])
    start = {"decayed": draw(1), "not_decayed": draw(1)}
    leaves = {key: torch.tensor(values, dtype=torch.float64, requires_grad=True) for key, values in start.items()}
    groups = [{"params": [leaves["decayed"]], "weight_decay": weight_decay}, {"params": [leaves["not_decayed"]], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(beta1, beta2), eps=eps)
    updates = []
    for index in range(UPDATES):
        grads = {key: [0.0] * SIZE if index == zero_update else draw(grad_scale) for key in leaves}
        for key, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[key], dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_(list(leaves.values()), max_grad_norm if max_grad_norm > 0 else float("inf"))
        optimizer.step()
        state = {key: optimizer.state[leaf] for key, leaf in leaves.items()}
        updates.append(
            {
                "grads": grads,
                "norm": norm.item(),
                "parameters": {key: leaf.tolist() for key, leaf in leaves.items()},
                "first_moment": {key: state[key]["exp_avg"].tolist() for key in leaves},
                "second_moment": {key: state[key]["exp_avg_sq"].tolist() for key in leaves},
            }
        )
    settings = {
        "learning_rate": learning_rate,
        "beta1": beta1,
        "beta2": beta2,
        "eps": eps,
        "weight_decay": weight_decay,
        "max_grad_norm": max_grad_norm,
    }
    return {"name": name, "settings": settings, "start": start, "updates": updates}


def main():
    rng = random.Random(9)
    common.write_json(
        "grpo/adamw.json",
        [
            case(rng, "defaults, gradients below the norm", 1e-3, 0.9, 0.999, 1e-8, 0.0, 1.0, 0.01),
            case(rng, "weight decay and clipping", 1e-2, 0.9, 0.95, 1e-8, 0.1, 1.0, 3.0),
            case(rng, "norms on both sides of the limit", 1e-2, 0.9, 0.99, 1e-8, 0.01, 1.0, 0.25),
            case(rng, "no clipping, large eps", 1e-1, 0.8, 0.9, 0.5, 0.5, 0.0, 30.0),
            case(rng, "an update without gradient", 1e-2, 0.9, 0.999, 1e-8, 0.1, 1.0, 1.0, zero_update=2),
        ],
    )


if __name__ == "__main__":
    main()
