"""The ancestral sampler and the fast one, against distributions that are known exactly."""

from functools import partial

import pytest
import torch

from diffbgm.model.paper.ddpm import Known, NoiseSchedule, draw, paper_betas
from diffbgm.model.solver import SeededNoise

pytestmark = pytest.mark.slow

SCHEDULE = NoiseSchedule(paper_betas())
SAMPLERS = {"ancestral": partial(draw, steps=1000), "fast": partial(draw, steps=20)}


@pytest.fixture(params=SAMPLERS)
def sampler(request):
    """Either sampler, called as `sampler(predict_noise, schedule, noise)`."""
    return SAMPLERS[request.param]


def knows_gaussian(mean: float, deviation: float):
    """The best possible noise predictor for rolls whose values are N(mean, deviation)."""

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = SCHEDULE.alpha_bar[step].float()[:, None]
        variance = alpha_bar * deviation**2 + 1 - alpha_bar
        return (1 - alpha_bar).sqrt() * (x - alpha_bar.sqrt() * mean) / variance

    return predict_noise


def knows_bits(share: float):
    """The best possible noise predictor for rolls whose values are 1 in `share`, else 0."""

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = SCHEDULE.alpha_bar[step].float()[:, None]
        alpha, variance = alpha_bar.sqrt(), 1 - alpha_bar
        odds = alpha * (x - alpha / 2) / variance + torch.logit(torch.tensor(share))
        return (x - alpha * torch.sigmoid(odds)) / variance.sqrt()

    return predict_noise


def noise(*shape: int, seed: int = 0) -> SeededNoise:
    """Noise of a batch (1, *shape)."""
    return SeededNoise([seed], shape)


def test_the_papers_schedule() -> None:
    assert SCHEDULE.steps == 1000
    assert SCHEDULE.beta[0] == pytest.approx(0.00085)
    assert SCHEDULE.beta[-1] == pytest.approx(0.0120)
    halfway = ((0.00085**0.5 + 0.0120**0.5) / 2) ** 2
    assert (SCHEDULE.beta[499] + SCHEDULE.beta[500]) / 2 == pytest.approx(halfway, rel=1e-5)


def test_draws_from_the_distribution_that_the_network_knows() -> None:
    drawn = draw(knows_gaussian(0.7, 0.2), SCHEDULE, noise(20000), 1000)
    assert drawn.mean() == pytest.approx(0.7, abs=0.01)
    assert drawn.std() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_draws_as_many_notes_as_the_network_knows(sampler, share) -> None:
    drawn = sampler(knows_bits(share), SCHEDULE, noise(20000))
    assert (drawn > 0.5).float().mean() == pytest.approx(share, rel=0.15)
    assert ((drawn < 0.1) | (drawn > 0.9)).float().mean() > 0.99


def test_the_ancestral_sampler_visits_every_step_once_from_the_noisiest_down() -> None:
    visited, fractions = [], []

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        visited.append(step.tolist())
        return torch.zeros_like(x)

    draw(predict_noise, SCHEDULE, SeededNoise([1, 2], (3,)), 1000, progress=fractions.append)
    assert visited == [[step, step] for step in range(999, -1, -1)]
    assert fractions == sorted(fractions)
    assert (len(fractions), fractions[-1]) == (1000, 1.0)


def test_the_fast_one_visits_some_evenly() -> None:
    visited, fractions = [], []

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        visited.append(int(step))
        return torch.zeros_like(x)

    draw(predict_noise, SCHEDULE, noise(3), 5, progress=fractions.append)
    assert visited == [999, 749, 500, 250, 0]
    assert fractions == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert SCHEDULE.visited(1000) == list(range(999, -1, -1))
    with pytest.raises(ValueError, match="steps"):
        draw(predict_noise, SCHEDULE, noise(3), 1001)


def test_a_seed_means_the_same_rolls_alone_and_in_company(sampler) -> None:
    predict = knows_gaussian(0.5, 0.5)
    first, again, other = (
        sampler(predict, SCHEDULE, noise(8, seed=seed)) for seed in (1, 1, 2)
    )  # fmt: skip
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    both = sampler(predict, SCHEDULE, SeededNoise([2, 1], (8,)))
    torch.testing.assert_close(both, torch.cat([other, first]))


def test_a_known_region_is_kept_to_the_bit_and_is_at_the_noise_of_every_step(sampler) -> None:
    known = Known(torch.full((1, 20000), 0.8), torch.arange(20000) < 10000)
    predict = knows_gaussian(0.3, 0.1)

    def watched(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = float(SCHEDULE.alpha_bar[step])
        known_cells = x[0, :10000]
        assert known_cells.mean() == pytest.approx(0.8 * alpha_bar**0.5, abs=0.04)
        assert known_cells.var() == pytest.approx(1 - alpha_bar, rel=0.08)
        return predict(x, step)

    drawn = sampler(watched, SCHEDULE, noise(20000), known=known)
    assert torch.equal(drawn[0, :10000], known.roll[0, :10000])
    assert drawn[0, 10000:].mean() == pytest.approx(0.3, abs=0.01)


def test_a_known_region_steers_what_it_belongs_to(sampler) -> None:
    """Two cells that are always equal, 0 or 1: where one is known, the other follows."""

    def predict_noise(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        alpha_bar = SCHEDULE.alpha_bar[step].float()[:, None]
        alpha, variance = alpha_bar.sqrt(), 1 - alpha_bar
        odds = alpha * (x.sum(1, keepdim=True) - alpha) / variance
        return (x - alpha * torch.sigmoid(odds)) / variance.sqrt()

    company = SeededNoise(list(range(500)), (2,))
    free = sampler(predict_noise, SCHEDULE, company)
    assert free[:, 1].mean() == pytest.approx(0.5, abs=0.1)
    for value in (0.0, 1.0):
        known = Known(torch.tensor([[value, 0.0]]), torch.tensor([[True, False]]))
        drawn = sampler(predict_noise, SCHEDULE, company, known=known)
        assert drawn[:, 1].mean() == pytest.approx(value, abs=0.1)


def test_noise_is_added_to_the_level_of_the_step() -> None:
    drawn = SeededNoise([0, 1, 2], (50000,))()
    noisy = SCHEDULE.add_noise(torch.ones(3, 50000), torch.tensor([0, 500, 999]), drawn)
    for row, step in zip(noisy, (0, 500, 999), strict=True):
        alpha_bar = float(SCHEDULE.alpha_bar[step])
        assert row.mean() == pytest.approx(alpha_bar**0.5, abs=0.02)
        assert row.var() == pytest.approx(1 - alpha_bar, rel=0.03)


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1, float("nan")])
def test_refuses_an_impossible_schedule(beta) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        NoiseSchedule(torch.tensor([0.1, beta]))


def test_what_progress_raises_stops_the_sampling(sampler) -> None:
    def stop(fraction: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        sampler(knows_gaussian(0, 1), SCHEDULE, noise(2), progress=stop)
