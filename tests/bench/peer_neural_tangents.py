#!/usr/bin/env python3
"""peer_neural_tangents.py RESULTS.h5 CONFIG-FOLDER TRAIN-ROWS TEST-ROWS: the same job by neural-tangents, and how far its results are.

    python3 -m venv venv
    venv/bin/pip install jax==0.4.30 jaxlib==0.4.30 neural-tangents==0.6.5 h5py 'numpy<2' 'scipy<1.13'
    mpirun -n 2 build/widelimit run inputs/fashion/fashion_5000.yaml --set output.directory=out/ours
    venv/bin/python tests/bench/peer_neural_tangents.py out/ours/results.h5 inputs/fashion/data fashion_5000_train.txt fashion_5000_test.txt

Means and variances of the ensemble and of the posteriors under both kernels, depth 3, relu, sigma_w = sqrt(2), sigma_b = 0.1, noise 0.01, in
double precision with all cores (depth 3: three dense layers); prints seconds (without importing, with compiling), peak memory, and the largest deviations relative to the
largest value of ours.
"""
import argparse
import gzip
import pathlib
import resource
import sys
import time
import types

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("results")
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("train")
parser.add_argument("test")
arguments = parser.parse_args()

import h5py
import numpy as np

sys.modules["neural_tangents.experimental"] = types.ModuleType("stub")  # needs packages that no kernel needs
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
from neural_tangents import predict, stax

NOISE = 0.01


def idx(path, offset):
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)


def load(folder, kind, rows):
    chosen = np.loadtxt(folder / rows, dtype=int)
    images = idx(folder / f"{kind}-images-idx3-ubyte.gz", 16).reshape(-1, 784)[chosen] / 255
    return images, idx(folder / f"{kind}-labels-idx1-ubyte.gz", 8)[chosen]


def network():
    dense = lambda: stax.Dense(1, W_std=2**0.5, b_std=0.1)
    return stax.serial(dense(), stax.Relu(), dense(), stax.Relu(), dense())[2]


def main():
    x, labels = load(arguments.folder, "train", arguments.train)
    s, _ = load(arguments.folder, "t10k", arguments.test)
    y = np.eye(labels.max() + 1)[labels]
    begin = time.perf_counter()
    kernel = network()
    ensemble = predict.gradient_descent_mse_ensemble(kernel, x, y, diag_reg=NOISE, diag_reg_absolute_scale=True)
    ntk = ensemble(x_test=s, get="ntk", compute_cov=True)
    nngp = ensemble(x_test=s, get="nngp", compute_cov=True)
    mean, variance = (np.asarray(part) for part in (ntk.mean, jnp.diagonal(ntk.covariance)))
    posterior = np.asarray(jnp.diagonal(nngp.covariance))
    seconds = time.perf_counter() - begin
    print(f"neural-tangents: {seconds:.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    with h5py.File(arguments.results) as file:
        for name, theirs in (("mean/ntk", mean), ("variance/ensemble", variance), ("variance/nngp", posterior)):
            values = file[name][...]
            print(f"  {name}: {np.abs(values - theirs).max() / np.abs(values).max():.1e}")


main()
