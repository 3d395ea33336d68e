"""usage: python.py RANKS REFERENCE-FOLDER; with PYTHONPATH, WIDELIMIT and WIDELIMIT_LAUNCH set (python.sh)."""

import json
import os
import sys
import tempfile

import numpy as np

import widelimit

ranks, folder = int(sys.argv[1]), sys.argv[2]
with open(os.path.join(folder, "relu_noise.json"), encoding="utf-8") as file:
    case = json.load(file)
inputs, targets, tests = (np.array(case[name], dtype=float) for name in ("X", "Y", "T"))
options = {**case["network"], "noise_variance": case["noise_variance"], "output": {"covariance": True}}


def close(found, wanted, what):
    """To 1e-10 of the largest entry, as tests/system/check_reference.c."""
    wanted = np.array(wanted, dtype=float).reshape(np.shape(found))
    worst = np.max(np.abs(found - wanted)) / np.max(np.abs(wanted))
    assert worst < 1e-10, f"{what}: off by {worst:.1e} of the largest entry"


def refused(message, error, *arrays, **more):
    try:
        widelimit.run(*arrays, **{"ranks": ranks, **options, **more})
    except error as failure:
        assert message in str(failure), f"'{message}' is not in '{failure}'"
        return failure
    raise AssertionError(f"nothing was refused where '{message}' should be")


result = widelimit.run(inputs, targets, tests, ranks=ranks, sampling={"posterior": 3}, **options)
close(result.mean["ntk"], case["mean"], "mean")
close(result.mean["nngp"], case["nngp_mean"], "mean of nngp")
for quantity in ("ensemble", "rnd", "bayesian_rnd", "ntk_gp", "nngp"):
    close(result.covariance[quantity], case[quantity + "_covariance"], quantity)
    close(result.variance[quantity], np.diag(np.array(case[quantity + "_covariance"], dtype=float)), quantity)
assert result.samples["posterior"].shape == (3, len(tests), result.mean["ntk"].shape[1])
assert result.arrays["mean/ntk"] is result.mean["ntk"]
assert result.summary["sizes"]["train"] == len(inputs), "the summary is of another run"
assert "summary.json" in result.log

with tempfile.TemporaryDirectory() as kept:
    heights, flags = np.arange(targets.size // len(targets) * len(tests), dtype=float), np.arange(len(tests)) % 2
    kept_result = widelimit.run(
        inputs, targets, tests, T_targets=heights.reshape(len(tests), -1), ood=flags, ranks=ranks, directory=kept, **options
    )
    assert np.array_equal(kept_result.arrays["test/targets"].ravel(), heights), "targets of the tests are others"
    assert np.array_equal(kept_result.arrays["test/ood"], flags), "marks of the tests are others"
    assert "train/inputs" not in kept_result.arrays, "inputs of several dimensions were written"
    names = sorted(os.listdir(kept))
    assert names == ["data.h5", "out", "run.yaml"], names

failure = refused("network.depth", widelimit.Failure, inputs, targets, tests, depth=0)
assert failure.status == 2, failure.status
assert failure.result is None, "a run that was refused has results"
refused("rows, not", ValueError, inputs, targets[:-1], tests)
refused("row 2", widelimit.Failure, np.where(np.arange(len(inputs))[:, None] == 1, np.nan, inputs), targets, tests)
refused("complex", ValueError, inputs + 0j, targets, tests)
# Many points on a line: kappa is singular, theta is not, and what rests on it is there.
crowd = np.linspace(-10 * np.pi, 10 * np.pi, 200)
between = crowd[::50] + 0.1
line = {"noise_variance": 0, "sigma_w": 1.5, "sigma_b": 0.05, "depth": 3}
failure = refused("nngp", widelimit.Failure, crowd, np.sin(crowd / 10), between, **line)
assert failure.status == 3 and "nngp" not in failure.result.mean, failure
assert np.max(np.abs(failure.result.mean["ntk"][:, 0] - np.sin(between / 10))) < 1e-2, failure.result.mean
refused("nosuchkey", widelimit.Failure, inputs, targets, tests, nosuchkey=1)

# Observed values stand beside the predictions: inputs of one dimension, and classes as numbers, also of none in training.
line, labels = np.linspace(-1, 1, 6), np.array([0, 1, 2, 2, 1, 0])
result = widelimit.run(
    line, labels, line + 0.1, T_targets=np.array([2, 1, 0, 3, 0, 1]), ranks=ranks, noise_variance=0.01, data={"target_encoding": "one_hot"}
)
assert np.array_equal(result.arrays["train/inputs"][:, 0], line), result.arrays["train/inputs"]
assert np.array_equal(result.arrays["test/inputs"][:, 0], line + 0.1), result.arrays["test/inputs"]
assert np.array_equal(result.arrays["train/targets"], labels), result.arrays["train/targets"]
assert np.array_equal(result.arrays["test/targets"], [2, 1, 0, -1, 0, 1]), result.arrays["test/targets"]
