"""Learning rates of 50 optimizer steps, with a schedule that steps once an optimizer step."""

import warnings

import torch
from torch.optim import lr_scheduler

from .files import write_json

STEPS = 50


def case(name, schedule, learning_rates=(0.1,), optimizer="SGD", **options):
    return {
        "name": name,
        "optimizer": optimizer,
        "learning_rates": list(learning_rates),
        "schedule": schedule,
        "options": options,
    }


def sequence(name, milestones, *parts, learning_rates=(0.1,)):
    return case(
        name, "SequentialLR", learning_rates, milestones=milestones,
        schedules=[{"schedule": part, "options": options} for part, options in parts],
    )


WARM_UP = ("LinearLR", dict(start_factor=0.1, end_factor=1.0, total_iters=5))

CASES = [
    case("step", "StepLR", step_size=7),
    case("step_gamma", "StepLR", step_size=10, gamma=0.5),
    case("step_two_groups", "StepLR", (0.1, 0.02), step_size=7, gamma=0.3),
    case("multi_step", "MultiStepLR", milestones=[5, 20, 35]),
    case("multi_step_repeated", "MultiStepLR", milestones=[30, 10, 10], gamma=0.5),
    case("exponential", "ExponentialLR", gamma=0.93),
    case("constant", "ConstantLR", factor=0.25, total_iters=8),
    case("cosine", "CosineAnnealingLR", T_max=50),
    case("cosine_minimum", "CosineAnnealingLR", T_max=49, eta_min=0.01),
    case("cosine_past_its_end", "CosineAnnealingLR", T_max=20, eta_min=0.001),
    case("cosine_two_groups", "CosineAnnealingLR", (0.1, 0.02), T_max=40, eta_min=0.002),
    case("linear", "LinearLR"),
    case("linear_up", "LinearLR", start_factor=0.1, end_factor=1.0, total_iters=12),
    case("linear_down", "LinearLR", start_factor=1.0, end_factor=0.0, total_iters=50),
    *[
        case(
            f"one_cycle_{anneal}{'_three_phases' if three else ''}", "OneCycleLR", max_lr=0.5, total_steps=50,
            anneal_strategy=anneal, three_phase=three,
        )
        for anneal in ("cos", "linear")
        for three in (False, True)
    ],
    case(
        "one_cycle_options", "OneCycleLR", max_lr=0.3, total_steps=50, pct_start=0.2, div_factor=10.0,
        final_div_factor=100.0, base_momentum=0.8, max_momentum=0.9,
    ),
    case("one_cycle_epochs", "OneCycleLR", max_lr=0.3, epochs=5, steps_per_epoch=10),
    case("one_cycle_no_momentum", "OneCycleLR", max_lr=0.3, total_steps=50, cycle_momentum=False),
    case("one_cycle_two_groups", "OneCycleLR", (0.1, 0.02), max_lr=[0.5, 0.05], total_steps=50),
    case("one_cycle_adam", "OneCycleLR", (0.001,), "Adam", max_lr=0.01, total_steps=50),
    sequence("warm_up_cosine", [5], WARM_UP, ("CosineAnnealingLR", dict(T_max=45))),
    sequence(
        "warm_up_cosine_two_groups", [5], WARM_UP, ("CosineAnnealingLR", dict(T_max=45, eta_min=0.001)),
        learning_rates=(0.1, 0.02),
    ),
    sequence("warm_up_constant", [5], WARM_UP, ("ConstantLR", dict(factor=1.0, total_iters=0))),
    sequence("warm_up_step", [5], WARM_UP, ("StepLR", dict(step_size=10, gamma=0.5))),
    sequence(
        "warm_up_exponential_cosine", [5, 20], WARM_UP, ("ExponentialLR", dict(gamma=0.95)),
        ("CosineAnnealingLR", dict(T_max=30)),
    ),
]


def make(arguments):
    path = arguments.output / "schedules.json"
    with warnings.catch_warnings():
        # SequentialLR itself calls step with an epoch, which PyTorch deprecates.
        warnings.simplefilter("ignore", UserWarning)
        recorded = [recorded_case(**entry) for entry in CASES]
    write_json(path, {"torch": torch.__version__, "steps": STEPS, "cases": recorded})
    return [path]


def recorded_case(name, optimizer, learning_rates, schedule, options):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in learning_rates]
    settings = {"momentum": 0.9} if optimizer == "SGD" else {}
    stepped = getattr(torch.optim, optimizer)(groups, **settings)
    scheduler = build(stepped, schedule, options)
    rates = [[] for _ in groups]
    momenta = [[] for _ in groups]
    for step in range(STEPS):
        for index, group in enumerate(stepped.param_groups):
            rates[index].append(float(group["lr"]))
            momenta[index].append(float(group["momentum"] if optimizer == "SGD" else group["betas"][0]))
        stepped.step()
        if step + 1 < STEPS:
            scheduler.step()
    entry = {
        "name": name,
        "optimizer": optimizer,
        "learning_rates": learning_rates,
        "schedule": schedule,
        "options": options,
        "rates": rates,
    }
    if schedule == "OneCycleLR":
        entry["momenta"] = momenta
    return entry


def build(optimizer, schedule, options):
    if schedule == "SequentialLR":
        parts = [build(optimizer, part["schedule"], part["options"]) for part in options["schedules"]]
        return lr_scheduler.SequentialLR(optimizer, parts, options["milestones"])
    return getattr(lr_scheduler, schedule)(optimizer, **options)
