"""The ancestral sampler, against distributions that are known exactly."""

import pytest
import torch

from diffbgm.model.ancestral import Known, NoiseSchedule, paper_betas, sample

SCHEDULE = NoiseSchedule(paper_betas())


def knows_gaussian(mean: float, deviation: float):
    """The best possible noise predictor for rolls whose values are N(mean, deviation)."""

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = SCHEDULE.alpha_bar[step].float()[:, None]
        variance = alpha_bar * deviation**2 + 1 - alpha_bar
        return (1 - alpha_bar).sqrt() * (x - alpha_bar.sqrt() * mean) / variance

    return predict_noise


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_papers_schedule() -> None:
    assert SCHEDULE.steps == 1000
    assert SCHEDULE.beta[0] == pytest.approx(0.00085)
    assert SCHEDULE.beta[-1] == pytest.approx(0.0120)
    halfway = ((0.00085**0.5 + 0.0120**0.5) / 2) ** 2
    assert (SCHEDULE.beta[499] + SCHEDULE.beta[500]) / 2 == pytest.approx(halfway, rel=1e-5)


def test_draws_from_the_distribution_that_the_network_knows() -> None:
    drawn = sample(knows_gaussian(0.7, 0.2), SCHEDULE, (1, 20000), seeded())
    assert drawn.mean() == pytest.approx(0.7, abs=0.01)
    assert drawn.std() == pytest.approx(0.2, abs=0.01)


def test_visits_every_step_once_from_the_noisiest_down() -> None:
    visited, told = [], []

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        visited.append(step.tolist())
        return torch.zeros_like(x)

    sample(predict_noise, SCHEDULE, (2, 3), seeded(), progress=told.append)
    assert visited == [[step, step] for step in range(999, -1, -1)]
    assert told == sorted(told)
    assert (len(told), told[-1]) == (1000, 1.0)


def test_a_seed_means_the_same_rolls() -> None:
    predict = knows_gaussian(0.5, 0.5)
    first, again, other = (
        sample(predict, SCHEDULE, (1, 8), seeded(seed)) for seed in (1, 1, 2)
    )  # fmt: skip
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_known_region_is_kept_to_the_bit_and_seen_at_the_noise_of_every_step() -> None:
    known = Known(torch.full((1, 20000), 0.8), torch.arange(20000) < 10000)
    predict = knows_gaussian(0.3, 0.1)

    def watched(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = float(SCHEDULE.alpha_bar[step])
        seen = x[0, :10000]
        assert seen.mean() == pytest.approx(0.8 * alpha_bar**0.5, abs=0.04)
        assert seen.var() == pytest.approx(1 - alpha_bar, rel=0.08)
        return predict(x, step)

    drawn = sample(watched, SCHEDULE, (1, 20000), seeded(), known=known)
    assert torch.equal(drawn[0, :10000], known.roll[0, :10000])
    assert drawn[0, 10000:].mean() == pytest.approx(0.3, abs=0.01)


def test_a_known_region_steers_what_it_belongs_to() -> None:
    """Two values that are always equal: where one is known, the other follows."""

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = SCHEDULE.alpha_bar[step].float()[:, None]
        # The pair's mean is all that x tells of the clean value, N(0, 1) beforehand.
        clean = x.mean(1, keepdim=True) * 2 * alpha_bar.sqrt() / (1 + alpha_bar)
        return (x - alpha_bar.sqrt() * clean) / (1 - alpha_bar).sqrt()

    known = Known(torch.tensor([[2.0, 0.0]]), torch.tensor([[True, False]]))
    drawn = sample(predict_noise, SCHEDULE, (500, 2), seeded(), known=known)
    assert drawn[:, 1].mean() == pytest.approx(2, abs=0.1)
    assert drawn[:, 1].std() < 0.2


def test_noise_is_added_to_the_level_of_the_step() -> None:
    noise = torch.randn((3, 50000), generator=seeded())
    noisy = SCHEDULE.add_noise(torch.ones(3, 50000), torch.tensor([0, 500, 999]), noise)
    for row, step in zip(noisy, (0, 500, 999), strict=True):
        alpha_bar = float(SCHEDULE.alpha_bar[step])
        assert row.mean() == pytest.approx(alpha_bar**0.5, abs=0.02)
        assert row.var() == pytest.approx(1 - alpha_bar, rel=0.03)


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1, float("nan")])
def test_refuses_an_impossible_schedule(beta) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        NoiseSchedule(torch.tensor([0.1, beta]))


def test_what_progress_raises_stops_the_sampling() -> None:
    def stop(fraction: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        sample(knows_gaussian(0, 1), SCHEDULE, (1, 2), seeded(), progress=stop)
