#!/usr/bin/env python3
"""check_layers.py WIDELIMIT: kernels of networks that are lists of layers, by the program and by neural-tangents.

    python3 -m venv venv
    venv/bin/pip install jax==0.4.30 jaxlib==0.4.30 neural-tangents==0.6.5 h5py 'numpy<2' 'scipy<1.13'
    venv/bin/python doc/check_layers.py build/widelimit

Prints the largest deviation of kappa and Theta between 40 and 20 points, relative to their largest entry, and that of the diagonals of
the 40. It adds branches to Gaussian units only, so others are not here.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import types
import warnings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("widelimit", type=pathlib.Path)
arguments = parser.parse_args()

import h5py
import numpy as np

sys.modules["neural_tangents.experimental"] = types.ModuleType("stub")  # needs packages that no kernel needs
import jax

jax.config.update("jax_enable_x64", True)
from neural_tangents import stax

warnings.filterwarnings("ignore", message=".*FanIn.*")  # branches are independent: each ends in a dense layer

DENSE = {"sigma_w": 1.3, "sigma_b": 0.2}
CASES = {
    "relu, erf, own variances": [{"dense": DENSE}, "relu", {"dense": {"sigma_w": 0.9, "sigma_b": 0.4}}, "erf",
                                 {"dense": {"sigma_w": 1.1, "sigma_b": 0}}],
    "leaky_relu, gelu": [{"dense": DENSE}, {"leaky_relu": {"slope": 0.3}}, {"dense": DENSE}, "gelu", {"dense": DENSE}],
    "residual": [{"dense": DENSE}, {"residual": ["relu", {"dense": DENSE}, "erf", {"dense": DENSE}]}, {"dense": DENSE}],
    "residual within, normalized": [
        {"dense": DENSE}, {"residual": ["relu", {"dense": DENSE}, {"residual": ["erf", {"dense": DENSE}]}, "erf", {"dense": DENSE}]},
        "layer_norm", "relu", {"dense": DENSE}],
    "abs, abrelu": [{"dense": DENSE}, "abs", {"dense": DENSE}, {"abrelu": {"a": -0.4, "b": 1.2}}, {"dense": DENSE}],
    "gaussian, rbf": [{"dense": DENSE}, {"gaussian": {"a": 1.2, "b": -0.7}}, {"dense": DENSE}, {"rbf": {"gamma": 0.6}},
                      {"dense": DENSE}],
    "exp, sin": [{"dense": DENSE}, {"exp": {"a": 0.8, "b": 0.5}}, {"dense": DENSE}, {"sin": {"a": 1.5, "b": 0.8, "c": 0.3}},
                 {"dense": DENSE}],
    "erf, cos, scaled": [{"dense": DENSE}, {"erf": {"a": 1.4, "b": 0.6}}, {"dense": DENSE},
                         {"cos": {"a": 1.5, "b": 0.8, "c": 0.3}}, {"dense": DENSE}],
    "dropout": [{"dense": DENSE}, "relu", {"dropout": {"keep": 0.8}}, {"dense": DENSE}, "erf", {"dropout": {"keep": 0.6}},
                {"dense": DENSE}],
    "polynomial": [{"dense": DENSE}, {"polynomial": {"hermite": [0, 0, 1]}}, {"dense": DENSE}],
}

# In standard parametrization of width 300. sigma_b: 0 is b_std=None, no bias.
STANDARD = {
    "standard": [{"dense": DENSE}, "relu", {"dense": {"sigma_w": 0.9, "sigma_b": 0.4}}, "erf", {"dense": {"sigma_w": 1.1, "sigma_b": 0}}],
    "standard, residual, dropout": [
        {"dense": DENSE}, {"residual": ["erf", {"dense": DENSE}, "relu", {"dense": DENSE}]}, "gelu", {"dropout": {"keep": 0.7}},
        {"dense": DENSE}],
}
WIDTH = 300


def layer_of(item, standard):
    name, options = (item, {}) if isinstance(item, str) else next(iter(item.items()))
    if name == "dense":
        return stax.Dense(WIDTH, W_std=options["sigma_w"], b_std=options["sigma_b"] or None,
                          parameterization="standard" if standard else "ntk")
    if name == "residual":
        return stax.serial(stax.FanOut(2), stax.parallel(stax.Identity(), network_of(options, standard)), stax.FanInSum())
    simple = {"relu": stax.Relu, "erf": stax.Erf, "sin": stax.Sin, "cos": stax.Cos, "gelu": stax.Gelu, "abs": stax.Abs,
              "abrelu": stax.ABRelu, "gaussian": stax.Gaussian, "exp": stax.Exp, "rbf": stax.Rbf,
              "layer_norm": lambda: stax.LayerNorm(axis=-1, eps=0.0)}
    if name == "dropout":
        return stax.Dropout(rate=options["keep"], mode="train")
    if name == "leaky_relu":
        return stax.LeakyRelu(options["slope"])
    if name == "polynomial":  # the second normalized Hermite polynomial
        return stax.Polynomial([-1 / math.sqrt(2), 0, 1 / math.sqrt(2)])
    return simple[name](**options)


def network_of(layers, standard):
    return stax.serial(*[layer_of(item, standard) for item in layers])


def kernels_of(program, folder, layers, standard):
    network = {"layers": layers, **({"parameterization": "standard", "width": WIDTH} if standard else {})}
    configuration = {
        "data": {"train": {"inputs": "x.csv", "targets": "y.csv"}, "test": {"inputs": "t.csv"}},
        "network": network, "noise_variance": 1.0, "output": {"directory": "out", "kernels": True}}
    (folder / "case.yaml").write_text(json.dumps(configuration))
    subprocess.run([program, "run", "case.yaml", "--overwrite"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with h5py.File(folder / "out" / "results.h5") as file:
        return [file["kernel/" + name][:] for name in ("kappa_TX", "theta_TX", "kappa_XX", "theta_XX")]


def main():
    program = arguments.widelimit.resolve()
    random = np.random.default_rng(5)
    x, t = random.standard_normal((40, 6)), random.standard_normal((20, 6))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, values in (("x.csv", x), ("t.csv", t), ("y.csv", x[:, :1])):
            np.savetxt(folder / file, values, delimiter=",", fmt="%.17g")
        print(f"{'layers':30s} {'kappa':>9s} {'Theta':>9s} {'diagonals':>12s}")
        for title, layers in {**CASES, **STANDARD}.items():
            standard = title in STANDARD
            kernel = network_of(layers, standard)[2]
            between, within = kernel(t, x, ("nngp", "ntk")), kernel(x, None, ("nngp", "ntk"))
            theirs = (between.nngp, between.ntk, np.diag(within.nngp), np.diag(within.ntk))
            ours = kernels_of(program, folder, layers, standard)
            ours[2:] = [np.diag(matrix) for matrix in ours[2:]]
            worst = [np.abs(a - np.array(b)).max() / np.abs(a).max() for a, b in zip(ours, theirs)]
            print(f"{title:30s} " + " ".join(f"{error:9.1e}" for error in worst))


main()
