"""usage: tune_scipy.py TUNE.H5 ntk_gp|nngp: its best objective against the one that SciPy finds for X.csv and Y.csv."""

import sys

import h5py
import numpy as np
import scipy.linalg
import scipy.optimize

LOW, HIGH = np.log([0.5, 0.01, 1e-4]), np.log([5, 3, 1])  # of sigma_w, sigma_b and the noise variance, as in tune_scipy.sh
DEPTH, TOLERANCE = 3, 1e-4

inputs = np.loadtxt("X.csv", delimiter=",")
targets = np.loadtxt("Y.csv")


def kernel(sigma_w, sigma_b, ntk):
    """The arc-cosine recursion [Cho and Saul 2009; Jacot et al. 2018]."""
    kappa = sigma_w**2 * inputs @ inputs.T / inputs.shape[1] + sigma_b**2
    theta = kappa
    for _ in range(DEPTH - 1):
        norm = np.sqrt(np.outer(np.diag(kappa), np.diag(kappa)))
        angle = np.arccos(np.clip(kappa / norm, -1, 1))
        np.fill_diagonal(angle, 0)
        slope = sigma_w**2 * (np.pi - angle) / (2 * np.pi)
        kappa = sigma_w**2 * norm * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi) + sigma_b**2
        theta = theta * slope + kappa
    return theta if ntk else kappa


def loss(place, ntk):
    sigma_w, sigma_b, noise = np.exp(np.clip(place, LOW, HIGH))
    try:
        factor = np.linalg.cholesky(kernel(sigma_w, sigma_b, ntk) + noise * np.eye(len(targets)))
    except np.linalg.LinAlgError:
        return 1e6
    white = scipy.linalg.solve_triangular(factor, targets, lower=True)
    return 0.5 * white @ white + np.sum(np.log(np.diag(factor))) + 0.5 * len(targets) * np.log(2 * np.pi)


ntk = sys.argv[2] == "ntk_gp"
random = np.random.default_rng(1)
starts = [0.5 * (LOW + HIGH)] + [random.uniform(LOW, HIGH) for _ in range(5)]
found = [scipy.optimize.minimize(loss, start, (ntk,), "L-BFGS-B", bounds=list(zip(LOW, HIGH))).x for start in starts]
polish = {"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000}
best = -min(scipy.optimize.minimize(loss, x, (ntk,), "Nelder-Mead", bounds=list(zip(LOW, HIGH)), options=polish).fun for x in found)

with h5py.File(sys.argv[1]) as file:
    objective = file["objective"][()]
    row = int(np.nanargmax(objective))
    place = np.log([file["parameter/" + name][row] for name in ("network.sigma_w", "network.sigma_b", "noise_variance")])
same = abs(objective[row] + loss(place, ntk))
print(f"tune {objective[row]:.6f}, SciPy {best:.6f}; at the same place apart by {same:.1e}")
assert same < 1e-8, "another likelihood"
assert abs(objective[row] - best) < TOLERANCE, "another maximum"
