#!/usr/bin/env python3
"""Writes kernels.h5: the kernels of an infinitely wide convolutional network on images of ../digits/digits.h5.

    python3 -m venv venv
    venv/bin/pip install jax==0.4.30 jaxlib==0.4.30 neural-tangents==0.6.5 h5py 'numpy<2' 'scipy<1.13'
    venv/bin/python make_kernels.py [TRAIN [TEST]]

TRAIN (120) training images and TEST (60) test images: half of them digits that the training set has, half others. Then prints
what NumPy makes of the kernels, for a comparison with widelimit.
"""
import sys
import types

import h5py
import numpy as np

sys.modules["neural_tangents.experimental"] = types.ModuleType("stub")  # needs packages that no kernel needs
import jax

jax.config.update("jax_enable_x64", True)
from neural_tangents import stax

train, test = (int(word) for word in (sys.argv[1:] + ["120", "60"][len(sys.argv) - 1 :])[:2])
with h5py.File("../digits/digits.h5") as file:
    ood = file["test/ood"][:]
    rows = np.concatenate([np.flatnonzero(ood == 0)[: test // 2], np.flatnonzero(ood == 1)[: test - test // 2]])
    x = file["train/x"][:train].astype(float).reshape(-1, 8, 8, 1)
    t = file["test/x"][:].astype(float)[rows].reshape(-1, 8, 8, 1)
    y, labels, ood = file["train/y"][:train], file["test/y"][:][rows], ood[rows]

layers = []
for _ in range(2):
    layers += [stax.Conv(1, (3, 3), padding="SAME", W_std=2**0.5, b_std=0.1), stax.Relu()]
_, _, kernel = stax.serial(*layers, stax.Flatten(), stax.Dense(1, W_std=2**0.5, b_std=0.1))


def both(a, b):
    """Θ and κ; of one set with itself made symmetric to the last bit."""
    made = kernel(a, b, ("ntk", "nngp"))
    ntk, nngp = np.array(made.ntk), np.array(made.nngp)
    return (ntk, nngp) if b is not None else ((ntk + ntk.T) / 2, (nngp + nngp.T) / 2)


parts = {"XX": both(x, None), "TX": both(t, x), "TT": both(t, None)}
with h5py.File("kernels.h5", "w") as file:
    for part, (theta, kappa) in parts.items():
        file.create_dataset(f"theta_{part}", data=theta, track_times=False)
        file.create_dataset(f"kappa_{part}", data=kappa, track_times=False)
    file.create_dataset("train/y", data=y.astype("i1"), track_times=False)
    file.create_dataset("test/y", data=labels.astype("i1"), track_times=False)
    file.create_dataset("test/ood", data=ood.astype("i1"), track_times=False)


def auroc(variance):
    inside, outside = variance[ood == 0], variance[ood == 1]
    return np.mean((outside[:, None] > inside) + 0.5 * (outside[:, None] == inside))


(S, kappa), (theta_tx, kappa_tx), (theta_tt, kappa_tt) = (parts[part] for part in ("XX", "TX", "TT"))
A = np.linalg.solve(S, theta_tx.T).T
mean = A @ np.eye(y.max() + 1)[y]
ensemble = np.diag(kappa_tt + A @ kappa @ A.T - A @ kappa_tx.T - kappa_tx @ A.T)
posterior = np.diag(theta_tt - A @ theta_tx.T)
print(f"accuracy          {np.mean(mean.argmax(1)[ood == 0] == labels[ood == 0]):.6f}")
for name, variance in {"ensemble": ensemble, "ntk_gp": posterior}.items():
    print(f"{name:9} mean    {variance[ood == 0].mean():.9g}, out of distribution {variance[ood == 1].mean():.9g}, AUROC {auroc(variance):.6f}")
lower = np.block([[S - kappa, (theta_tx - kappa_tx).T], [theta_tx - kappa_tx, theta_tt - kappa_tt]])
print(f"theta - kappa     smallest eigenvalue {np.linalg.eigvalsh(lower).min():.3g}")
