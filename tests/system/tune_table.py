"""usage: tune_table.py rows FILE K... | same FILE FILE: rows of a tune.h5 as run wants them; whether two have the same evaluations."""

import sys

import h5py
import numpy as np

TINY = 1e-9  # of the objective: sums of 40 terms in another order, times the condition


def check(file):
    """Datasets agree with one another: parameters with the places, on their scales."""
    place, names = file["place"][()], sorted(file["parameter"])
    assert names == ["network.activation", "network.sigma_w", "noise_variance"], names
    assert place.shape == (len(file["objective"]), 3), place.shape
    for column, name, low, high in ((0, "network.sigma_w", 0.5, 3), (1, "noise_variance", 1e-4, 1)):
        wanted = low * (high / low) ** place[:, column]
        assert np.allclose(file["parameter"][name][()], wanted, rtol=1e-14, atol=0), name
    assert set(place[:, 2]) <= {0, 1} and np.array_equal(place[:, 2], file["parameter/network.activation"][()])
    assert file["parameter/network.activation"].attrs["formula"].decode().endswith("in: relu erf")


def rows(path, *numbers):
    with h5py.File(path) as file:
        check(file)
        for k in map(int, numbers):
            sigma, noise, activation = (file["parameter/" + name][k] for name in ("network.sigma_w", "noise_variance", "network.activation"))
            print("row", repr(float(sigma)), repr(float(noise)), ("relu", "erf")[int(activation)], repr(float(file["objective"][k])))


def same(first, second):
    with h5py.File(first) as a, h5py.File(second) as b:
        check(a), check(b)
        assert np.array_equal(a["place"][()], b["place"][()]), "other places"
        assert np.allclose(a["objective"][()], b["objective"][()], rtol=TINY, atol=TINY, equal_nan=True), "other objectives"


{"rows": rows, "same": same}[sys.argv[1]](*sys.argv[2:])
