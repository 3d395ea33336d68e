"""usage: loo.py FOLDER TARGETS NOISE JITTER [FIT...]: leave-one-out of a run that has its kernels, against solving without each point in
turn (NumPy), and against runs that had one row less: FIT is their folder, which ends in .I for row I, from 0.

  |value - expected| <= 4 eps (n + cond S) scale,     scale the largest prior variance; of means the largest |target|:

how far two factorizations of S can be apart (tests/mpi/test_loo.c). The summary's scores are those of the datasets to 1e-12."""

import json
import math
import pathlib
import statistics
import sys

import h5py
import numpy as np

PRIORS = {"theta": ("ntk", ("ntk_gp", "bayesian_rnd", "ensemble", "rnd")), "kappa": ("nngp", ("nngp",))}
failures = []


def near(name, value, expected, bound):
    worst = np.max(np.abs(np.asarray(value) - expected), initial=0.0)
    if not worst <= bound:  # NaN is a failure
        failures.append(f"{name}: deviates by {worst:.3g}, {bound:.3g} is allowed")


def left_out(kernel, kappa, targets, shift):
    """Mean, posterior and ensemble variance of every point, from all others."""
    n = len(kernel)
    mean, posterior, ensemble = np.empty_like(targets), np.empty(n), np.empty(n)
    for i in range(n):
        rest = np.delete(np.arange(n), i)
        a = np.linalg.solve(kernel[np.ix_(rest, rest)] + shift * np.eye(n - 1), kernel[rest, i])
        mean[i], posterior[i] = a @ targets[rest], kernel[i, i] - a @ kernel[rest, i]
        ensemble[i] = kappa[i, i] + a @ kappa[np.ix_(rest, rest)] @ a - 2 * a @ kappa[rest, i]
    return mean, posterior, ensemble


def bounds(kernel, targets, shift):
    """Of variances and of means."""
    n = len(kernel)
    unit = 4 * np.finfo(float).eps * (n + np.linalg.cond(kernel + shift * np.eye(n), 1))
    return unit * max(1.0, kernel.diagonal().max()), unit * max(1.0, np.abs(targets).max())


def scores(mean, variance, targets, noise):
    """What the summary says of a quantity's predictions, by its keys."""
    v = (variance + noise)[:, None]
    z = (targets - mean) / np.sqrt(v)
    phi, level = statistics.NormalDist(), lambda p: statistics.NormalDist().inv_cdf(0.5 + p / 2)
    within = np.vectorize(lambda x: 2 * phi.cdf(x) - 1)(z)
    crps = np.sqrt(v) * (z * within + 2 * np.vectorize(phi.pdf)(z) - 1 / math.sqrt(math.pi))
    return {
        "log_predictive_density_sum": np.sum(-0.5 * (np.log(2 * np.pi * v) + z**2)),
        "coverage": [np.mean(np.abs(z) <= level(p)) for p in (0.5, 0.9)],
        "crps": np.mean(crps),
    }, np.sqrt(np.mean(z**2, axis=1))


def check_summary(summary, loo, targets, noise):
    for mean_name, quantities in PRIORS.values():
        mean, of_mean = loo["mean"][mean_name], summary["mean"][mean_name]
        near("rmse", of_mean["rmse"], np.sqrt(np.mean((targets - mean) ** 2)), 1e-12)
        for quantity in quantities:
            found = summary["quantity"][quantity]
            near(f"{quantity}: mean variance", found["mean_variance"], np.mean(loo["variance"][quantity]), 1e-12)
            if quantity == "rnd":  # the variance of an error, not of a prediction
                continue
            wanted, surprise = scores(mean, loo["variance"][quantity], targets, noise)
            found["coverage"] = [level["share"] for level in found["coverage"]]
            for key, value in wanted.items():
                near(f"{quantity}: {key}", found[key], value, 1e-12 * (1 + np.max(np.abs(value))))
            if quantity == of_mean["surprising"]["by"]:
                rows = of_mean["surprising"]["rows"]
                near("surprises", [row["standardized_residual"] for row in rows], np.sort(surprise)[::-1][:10], 1e-12)
                near("surprising rows", [surprise[row["index"]] for row in rows], np.sort(surprise)[::-1][:10], 1e-12)


def main():
    folder, noise, jitter = pathlib.Path(sys.argv[1]), float(sys.argv[3]), float(sys.argv[4])
    targets = np.loadtxt(sys.argv[2], delimiter=",", ndmin=2)
    with h5py.File(folder / "results.h5") as file:
        kernels = {name: file[f"kernel/{name}_XX"][()] for name in PRIORS}
        loo = {kind: {name: values[()] for name, values in file[f"loo/{kind}"].items()} for kind in ("mean", "variance")}
    for prior, (mean_name, quantities) in PRIORS.items():
        kernel = kernels[prior]
        of_variance, of_mean = bounds(kernel, targets, noise + jitter)
        mean, posterior, ensemble = left_out(kernel, kernels["kappa"], targets, noise + jitter)
        wanted = {"ensemble": ensemble, "rnd": 2 * ensemble}
        near(f"mean {mean_name}", loo["mean"][mean_name], mean, of_mean)
        for quantity in quantities:
            near(quantity, loo["variance"][quantity], wanted.get(quantity, posterior), of_variance)
        for fit in sys.argv[5:]:
            i = int(fit.rpartition(".")[2])
            with h5py.File(pathlib.Path(fit) / "results.h5") as file:
                near(f"{fit}: mean {mean_name}", loo["mean"][mean_name][i], file[f"mean/{mean_name}"][0], of_mean)
                for quantity in quantities:
                    near(f"{fit}: {quantity}", loo["variance"][quantity][i], file[f"variance/{quantity}"][0], of_variance)
    check_summary(json.loads((folder / "summary.json").read_text())["loo"], loo, targets, noise)
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
