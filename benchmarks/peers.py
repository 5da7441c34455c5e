"""The ways of training a workload. Each makes everything ready, and returns what trains once and says how long it took.

A peer's preparation includes a first training, where libraries compile, cache and allocate. Nothing heavy is imported
before its peer is asked for.
"""

from __future__ import annotations

import importlib.metadata
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from workloads import CLASSES, STACK, Workload

__all__ = ["CLOCKS", "PEERS", "Peer"]

ALPHA, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8  # of Adam
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Clock = Callable[[], float]
Measure = Callable[[], float]  # seconds for one step of one network
Prepare = Callable[[Workload, int, Clock], Measure]


class Peer(NamedTuple):
    """`prepare(workload, threads, clock)` returns the measure; distribution: what has to be installed."""

    title: str
    prepare: Prepare
    distribution: str

    @property
    def version(self) -> str:
        """Of the distribution; empty where it is not installed."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""


def _dnnexp(R: int) -> Prepare:
    def prepare(workload: Workload, threads: int, clock: Clock) -> Measure:
        from fit import lockstep

        from dnnexp.training.fit import EpochNews

        def measure() -> float:
            ends = []

            def note(news: EpochNews) -> bool:
                ends.append(clock())
                return False

            lockstep(workload, R, workload.epochs + 1, threads).run(note)
            return (ends[-1] - ends[0]) / (workload.epochs * workload.steps * R)

        measure()
        return measure

    return prepare


def _products(workload: Workload, threads: int, clock: Clock) -> Measure:
    """The matrix products of a step and nothing else: Z = W A, dW = dZ A^T, and dA = W^T dZ above the first layer."""
    rng = np.random.default_rng(0)
    m = workload.batch_size
    W = workload.weights()
    A = [rng.standard_normal((n, m), np.float32) for n in workload.n]
    dZ = [np.empty_like(array) for array in A]
    dW = [np.empty_like(array) for array in W]
    backward = [(W[l].T, dZ[l + 1], A[l].T, dZ[l], dW[l]) for l in range(len(W))]
    Z = [np.empty_like(array) for array in A]
    forward = [(W[l], A[l], Z[l + 1]) for l in range(len(W))]

    def measure() -> float:
        steps = workload.epochs * workload.steps
        start = clock()
        for _ in range(steps):
            for W_l, A_prev, Z_l in forward:
                np.matmul(W_l, A_prev, out=Z_l)
            for W_T, dZ_l, A_prev_T, dA_prev, dW_l in reversed(backward):
                np.matmul(dZ_l, A_prev_T, out=dW_l)
                if dA_prev is not dZ[0]:
                    np.matmul(W_T, dZ_l, out=dA_prev)
        return (clock() - start) / steps

    for array in (*A, *dZ):
        array[:] = rng.standard_normal(array.shape, np.float32)
    measure()
    return measure


def _sklearn(workload: Workload, threads: int, clock: Clock) -> Measure:
    from sklearn.neural_network import MLPClassifier

    X, y = workload.examples()
    network = MLPClassifier(
        workload.n[1:-1], alpha=0, batch_size=workload.batch_size, learning_rate_init=ALPHA, beta_1=BETA1, beta_2=BETA2,
        epsilon=EPSILON, max_iter=1, tol=0, n_iter_no_change=10**9, warm_start=True, random_state=0,
    )  # fmt: skip
    warnings.simplefilter("ignore")  # it says that it has not converged
    network.fit(X, y)
    network.set_params(max_iter=workload.epochs)

    def measure() -> float:
        network.coefs_ = [W.T.copy() for W in workload.weights()]
        network.intercepts_ = [np.zeros(n, np.float32) for n in workload.n[1:]]
        start = clock()
        network.fit(X, y)
        return (clock() - start) / (workload.epochs * workload.steps)

    measure()
    return measure


def _torch(workload: Workload, threads: int, clock: Clock) -> Measure:
    import torch

    torch.set_num_threads(threads)
    X, y = (torch.from_numpy(array) for array in workload.examples())
    size = workload.batch_size

    def build() -> tuple[torch.nn.Sequential, torch.optim.Optimizer]:
        layers: list[torch.nn.Module] = []
        for W in workload.weights():
            linear = torch.nn.Linear(W.shape[1], W.shape[0])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.zero_()
            layers += [linear, torch.nn.ReLU()]
        network = torch.nn.Sequential(*layers[:-1])
        adam = torch.optim.Adam(network.parameters(), ALPHA, (BETA1, BETA2), EPSILON, fused=True)
        return network, adam

    def train(network: torch.nn.Sequential, adam: torch.optim.Optimizer, epochs: int) -> None:
        for _ in range(epochs):
            order = torch.randperm(len(X))
            for start in range(0, len(X), size):
                rows = order[start : start + size]
                adam.zero_grad()
                torch.nn.functional.cross_entropy(network(X[rows]), y[rows]).backward()
                adam.step()

    def measure() -> float:
        network, adam = build()
        train(network, adam, 1)
        start = clock()
        train(network, adam, workload.epochs)
        return (clock() - start) / (workload.epochs * workload.steps)

    measure()
    return measure


def _jax(R: int) -> Prepare:
    """One call for an epoch: a scan over its steps; with R > 1 the whole of it under vmap."""

    def prepare(workload: Workload, threads: int, clock: Clock) -> Measure:
        import jax
        import jax.numpy as jnp

        X, labels = workload.examples()
        X, Y = jnp.asarray(X), jnp.asarray(np.eye(CLASSES, dtype=np.float32)[labels])

        def cost(theta: Any, batch: Any) -> Any:
            A, Y = batch
            for W, b in theta[:-1]:
                A = jax.nn.relu(A @ W + b)
            W, b = theta[-1]
            return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(A @ W + b), axis=1))

        def step(state: Any, batch: Any) -> Any:
            theta, first_moment, second_moment, t = state
            J, gradient = jax.value_and_grad(cost)(theta, batch)
            t += 1
            first_moment = jax.tree.map(lambda v, g: BETA1 * v + (1 - BETA1) * g, first_moment, gradient)
            second_moment = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second_moment, gradient)
            rate, root = ALPHA / (1 - BETA1**t), 1 / jnp.sqrt(1 - BETA2**t)
            theta = jax.tree.map(
                lambda p, u, v: p - rate * u / (jnp.sqrt(v) * root + EPSILON), theta, first_moment, second_moment
            )
            return (theta, first_moment, second_moment, t), J

        def epoch(state: Any, order: Any) -> Any:
            batches = X[order].reshape(workload.steps, -1, X.shape[1]), Y[order].reshape(workload.steps, -1, CLASSES)
            return jax.lax.scan(step, state, batches)

        run = jax.jit(epoch if R == 1 else jax.vmap(epoch), donate_argnums=0)

        def start_state() -> Any:
            stacks = zip(*(workload.weights(seed) for seed in range(R)), strict=True)
            theta = [
                (jnp.asarray(np.stack([W.T for W in stack])), jnp.zeros((R, 1, len(stack[0])))) for stack in stacks
            ]
            if R == 1:
                theta = [(W[0], b[0]) for W, b in theta]
            moments = [jax.tree.map(jnp.zeros_like, theta) for _ in range(2)]
            return theta, *moments, jnp.zeros(R if R > 1 else (), jnp.float32)

        rng = np.random.default_rng(0)

        def train(state: Any, epochs: int) -> Any:
            for _ in range(epochs):
                orders = np.stack([rng.permutation(workload.rows) for _ in range(R)])
                state, _ = run(state, orders if R > 1 else orders[0])
            return jax.block_until_ready(state)

        def measure() -> float:
            state = train(start_state(), 1)
            start = clock()
            train(state, workload.epochs)
            return (clock() - start) / (workload.epochs * workload.steps * R)

        measure()
        return measure

    return prepare


PEERS: dict[str, Peer] = {
    "dnnexp": Peer("dnnexp, alone", _dnnexp(1), "numpy"),
    "dnnexp-stack": Peer(f"dnnexp, {STACK} in lockstep", _dnnexp(STACK), "numpy"),
    "products": Peer("NumPy, the matrix products alone", _products, "numpy"),
    "sklearn": Peer("scikit-learn MLPClassifier", _sklearn, "scikit-learn"),
    "torch": Peer("torch, eager, fused Adam", _torch, "torch"),
    "jax": Peer("JAX, jitted scan", _jax(1), "jax"),
    "jax-stack": Peer(f"JAX, vmap of {STACK}", _jax(STACK), "jax"),
}
