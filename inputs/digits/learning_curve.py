#!/usr/bin/python3
"""usage: learning_curve.py PREFIX [SEEDS [PICKS]]: PREFIX.svg and PREFIX.png, and the numbers on the console.

Ten images of the digits 0 to 4 are labelled, the others of the training set are a pool. `widelimit select` chooses images from it by
rnd and by ntk_gp, chance does so for comparison; after every tenth the network is trained on what is labelled (its mean: Theta_TX
S^-1 Y with the kernel of `output.kernels`), and asked for the 181 test images of these digits. Mean over the seeds and its standard error.
Needs NumPy, h5py, gnuplot and the program: $WIDELIMIT, or build/widelimit; $WIDELIMIT_LAUNCH is the launcher ("mpirun -n 2").
"""
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
LABELLED, STEP, NOISE = 10, 10, 1e-3
METHODS = ("rnd", "ntk_gp", "random")

CONFIG = f"""\
data:
  train: {{inputs: "data.h5:/train/x", targets: "data.h5:/train/y"}}
  test: {{inputs: "data.h5:/test/x"}}
  pool: {{inputs: "data.h5:/pool/x"}}
network: {{depth: 3, activation: relu, sigma_w: 1.4142135623730951, sigma_b: 0.1}}
noise_variance: {NOISE}
quantities: [rnd, ntk_gp]
output: {{directory: out}}
"""


def start(folder, command, *settings):
    program = os.environ.get("WIDELIMIT", str(PROJECT / "build" / "widelimit"))
    words = shlex.split(os.environ.get("WIDELIMIT_LAUNCH", "mpirun -n 2")) + [program, command, "case.yaml"]
    words += [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)


def write(folder, **sets):
    with h5py.File(folder / "data.h5", "w") as file:
        for name, values in sets.items():
            file[name.replace("_", "/")] = values


def kernels(folder, train, labels, test):
    write(folder, train_x=train, train_y=labels, test_x=test, pool_x=test[:1])
    start(folder, "run", "output.kernels=true")
    with h5py.File(folder / "out" / "results.h5") as file:
        return file["kernel/theta_XX"][()], file["kernel/theta_TX"][()]


def choose(folder, method, data, labelled, count, seed):
    """Rows of the training set, in the order of choice."""
    train, labels, test = data
    pool = np.setdiff1d(np.arange(len(train)), labelled)
    if method == "random":
        return np.random.default_rng(1000 + seed).permutation(pool)[:count]
    write(folder, train_x=train[labelled], train_y=labels[labelled], test_x=test[:1], pool_x=train[pool])
    start(folder, "select", f"select={{count: {count}, by: {method}}}")
    with h5py.File(folder / "out" / "results.h5") as file:
        return pool[file["select/index"][()].astype(int)]


def accuracy(theta, cross, labels, wanted, rows):
    """Of the mean of networks that are trained on these rows."""
    targets = np.eye(labels.max() + 1)[labels[rows]]
    mean = cross[:, rows] @ np.linalg.solve(theta[np.ix_(rows, rows)] + NOISE * np.eye(len(rows)), targets)
    return np.mean(np.argmax(mean, axis=1) == wanted)


def curves(folder, seeds, count):
    """methods x seeds x steps"""
    with h5py.File(HERE / "digits.h5") as file:
        known = file["test/ood"][()] == 0
        train, labels = file["train/x"][()].astype(float), file["train/y"][()].astype(int)
        test, wanted = file["test/x"][()][known].astype(float), file["test/y"][()][known].astype(int)
    (folder / "case.yaml").write_text(CONFIG)
    theta, cross = kernels(folder, train, labels, test)
    found = np.empty((len(METHODS), seeds, count // STEP + 1))
    for seed in range(seeds):
        labelled = np.sort(np.random.default_rng(seed).permutation(len(train))[:LABELLED])
        for m, method in enumerate(METHODS):
            order = np.concatenate([labelled, choose(folder, method, (train, labels, test), labelled, count, seed)])
            for k in range(found.shape[2]):
                found[m, seed, k] = accuracy(theta, cross, labels, wanted, order[: LABELLED + k * STEP])
    return found


def report(found):
    print("labelled   " + "   ".join(f"{method:>16}" for method in METHODS) + "     (test images of 0-4 that are classified wrongly, %)")
    mean, error = 100 * (1 - found.mean(axis=1)), 100 * found.std(axis=1, ddof=1) / np.sqrt(found.shape[1])
    for k in range(found.shape[2]):
        row = "   ".join(f"{mean[m, k]:7.2f} +- {error[m, k]:5.2f}" for m in range(len(METHODS)))
        print(f"{LABELLED + k * STEP:8}   {row}")
    return mean, error


def main():
    prefix = pathlib.Path(sys.argv[1]).resolve()
    seeds, count = (int(word) for word in (sys.argv[2:] + ["10", "200"][len(sys.argv) - 2 :])[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mean, error = report(curves(folder, seeds, count))
        for m, method in enumerate(METHODS):
            np.savetxt(folder / method, np.column_stack([LABELLED + STEP * np.arange(mean.shape[1]), mean[m], error[m]]), fmt="%.6g")
        for form in ("svg", "png"):
            subprocess.run(["gnuplot", "-c", PROJECT / "jobs" / "plot_learning.gp", folder, f"{prefix}.{form}", PROJECT / "jobs"], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(print(__doc__))
    main()
