from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import ConfigError


def points(name: str, **settings: object) -> tuple[np.ndarray, np.ndarray]:
    dataset = load(DataConfig(name=name, **settings))
    return dataset.X.to_numpy(), dataset.y


def test_a_line_is_right_about_half_of_the_flower_as_the_course_found() -> None:
    shares = []
    for seed in range(6):
        X, y = points("planar_flower", seed=seed)
        assert X.shape == (400, 2)
        assert (y == 0).sum() == 200
        shares.append(LogisticRegression().fit(X, y).score(X, y))
    assert 0.44 <= np.mean(shares) <= 0.52
    assert min(shares) > 0.40
    assert max(shares) < 0.56


def test_petals_without_noise_lie_on_the_rose_of_radius_4_sin_4_angle() -> None:
    X, y = points("planar_flower", noise=0.0)
    angle = np.concatenate([np.linspace(0, 3.12, 200), np.linspace(3.12, 6.24, 200)])
    np.testing.assert_allclose(X[:, 0] * np.cos(angle), X[:, 1] * np.sin(angle), atol=1e-12)  # on the ray of its angle
    np.testing.assert_allclose(np.hypot(*X.T), np.abs(4 * np.sin(4 * angle)), atol=1e-12)
    assert np.hypot(*X.T).max() == pytest.approx(4, abs=1e-3)
    assert y.tolist() == [0] * 200 + [1] * 200


@pytest.mark.parametrize("name", ["planar_flower", "moons", "circles", "spirals"])
def test_neighbours_tell_the_classes_apart_on_new_points_where_a_line_does_not(name: str) -> None:
    X, y = points(name, examples=801)
    assert (y == 0).sum() == 401
    line = LogisticRegression().fit(X, y).score(X, y)
    near = KNeighborsClassifier(9).fit(X, y).score(*points(name, seed=1))
    assert near > max(0.85, line + 0.05)


def test_circles_without_noise_have_radius_1_and_one_half() -> None:
    X, y = points("circles", noise=0.0)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 1, 0.5, 1.0))


def test_spirals_without_noise_mirror_each_other() -> None:
    X, y = points("spirals", noise=0.0)
    X = np.where(y[:, None] == 1, -X, X)
    angle = 3 * np.pi * np.hypot(*X.T)
    np.testing.assert_allclose(
        X, np.hypot(*X.T)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), atol=1e-12
    )


@pytest.mark.parametrize("bits", [4, 8, 11])
def test_parity_has_every_pattern_once_and_says_whether_its_ones_are_odd(bits: int) -> None:
    X, y = points("parity", bits=bits)
    patterns = {tuple(row) for row in X.astype(int).tolist()}
    assert len(patterns) == len(X) == 2**bits
    assert patterns <= {tuple(map(int, f"{i:0{bits}b}")) for i in range(2**bits)}
    assert [sum(row) % 2 for row in X.astype(int).tolist()] == y.tolist()


@pytest.mark.parametrize("compositions", [1, 3, 6])
def test_the_sawtooth_is_a_triangle_wave_of_two_to_the_compositions_pieces(compositions: int) -> None:
    X, y = points("sawtooth", compositions=compositions)
    waves = X[:, 0] * 2 ** (compositions - 1)
    np.testing.assert_allclose(y[:, 0], 1 - np.abs(2 * (waves % 1) - 1), atol=1e-9)


def test_the_sawtooth_can_be_asked_as_two_classes() -> None:
    dataset = load(DataConfig(name="sawtooth", task="binary"))
    heights = load(DataConfig(name="sawtooth")).y[:, 0]
    assert dataset.y.tolist() == (heights > 0.5).astype(int).tolist()
    assert load(DataConfig(name="sawtooth", task="multiclass")).classes == ("0", "1")


def test_friedman1_is_scikit_learns_for_the_seed_and_its_formula_without_noise() -> None:
    X, y = points("friedman1", seed=4, examples=60, columns=9)
    twin, target = make_friedman1(60, 9, noise=1.0, random_state=4)
    np.testing.assert_array_equal(X, twin)
    np.testing.assert_array_equal(y[:, 0], target)
    X, y = points("friedman1", noise=0.0)
    assert X.shape == (400, 50)
    a, b, c, d, e = X[:, :5].T
    np.testing.assert_allclose(y[:, 0], 10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e)


def test_a_seed_that_its_generator_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.seed: need seed < 4294967296 for data=friedman1, got 4294967296"):
        points("friedman1", seed=2**32)
