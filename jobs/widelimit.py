"""Run widelimit on NumPy arrays.

    import widelimit
    result = widelimit.run(X, Y, T, depth=3, noise_variance=0.01, ranks=4)
    result.mean["ntk"], result.variance["ensemble"], result.summary["metrics"]

X (n x d), Y (n or n x c) and T (m x d) go to an HDF5 file, mpirun runs the program on it, and what it wrote comes
back as arrays. Needs NumPy, h5py and the program: $WIDELIMIT, or `widelimit` in the path, or build/widelimit beside
this file's folder. $WIDELIMIT_LAUNCH ("mpirun -n") is the launcher with its flag for the number of ranks.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

import h5py
import numpy as np

__all__ = ["Failure", "Result", "run"]

NETWORK_KEYS = ("depth", "activation", "slope", "sigma_w", "sigma_b")


class Failure(RuntimeError):
    """The program's own message, its exit status in `status` (doc/guide.md lists them), and in `result` what it wrote all the
    same: all but `nngp` where that alone failed, everything where a certificate did; else None."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.result = None


@dataclass
class Result:
    """`mean`, `variance`, `covariance`, `predictive` and `samples` by name, as in results.h5; `summary` as in
    summary.json; `arrays`: every dataset of results.h5 by its path, such as "loo/variance/ensemble"."""

    summary: dict
    arrays: dict
    log: str
    mean: dict = field(init=False)
    variance: dict = field(init=False)
    covariance: dict = field(init=False)
    predictive: dict = field(init=False)
    samples: dict = field(init=False)

    def __post_init__(self):
        for group in ("mean", "variance", "covariance", "predictive", "samples"):
            setattr(self, group, self._group(group + "/"))

    def _group(self, prefix):
        return {path[len(prefix):]: array for path, array in self.arrays.items() if path.startswith(prefix)}


def _program():
    beside = pathlib.Path(__file__).resolve().parent.parent / "build" / "widelimit"
    for candidate in (os.environ.get("WIDELIMIT"), shutil.which("widelimit"), beside):
        if candidate and os.access(candidate, os.X_OK):
            return str(candidate)
    raise FileNotFoundError("the program widelimit is neither in $WIDELIMIT nor in the path nor in build/")


def _matrix(name, values, rows=None):
    if np.iscomplexobj(values):
        raise ValueError(f"{name} is complex: real numbers are needed")
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} has shape {np.shape(values)}: rows are examples, columns inputs or outputs")
    if rows is not None and array.shape[0] != rows:
        raise ValueError(f"{name} has {array.shape[0]} rows, not {rows}")
    return array


def _merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
    return into


def _configuration(folder, sets, options):
    train = {"inputs": "data.h5:/X", "targets": "data.h5:/Y"}
    test = {"inputs": "data.h5:/T"}
    if "T_targets" in sets:
        test["targets"] = "data.h5:/T_targets"
    if "ood" in sets:
        test["ood"] = "data.h5:/ood"
    network = {key: options.pop(key) for key in NETWORK_KEYS if key in options}
    configuration = {"name": "run", "data": {"train": train, "test": test}, "output": {"directory": str(folder / "out")}}
    if network:
        configuration["network"] = network
    return _merge(configuration, options)


def _write(folder, sets, options):
    with h5py.File(folder / "data.h5", "w") as file:
        for name, array in sets.items():
            file[name] = array
    path = folder / "run.yaml"
    path.write_text(json.dumps(_configuration(folder, sets, options), indent=2) + "\n")  # JSON is YAML
    return path


def _launch(configuration, ranks):
    environment = dict(os.environ)
    for name, value in (
        ("OPENBLAS_NUM_THREADS", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ):
        environment.setdefault(name, value)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    launcher = shlex.split(environment.get("WIDELIMIT_LAUNCH", "mpirun -n"))
    command = [*launcher, str(ranks), _program(), "run", str(configuration)]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(done.returncode, done.stderr.strip() or done.stdout.strip())
    return done.stdout + done.stderr


def _read(folder, log):
    arrays = {}

    def keep(path, item):
        if isinstance(item, h5py.Dataset):
            arrays[path] = item[()]

    with h5py.File(folder / "out" / "results.h5") as file:
        file.visititems(keep)
    return Result(summary=json.loads((folder / "out" / "summary.json").read_text()), arrays=arrays, log=log)


def run(X, Y, T, *, T_targets=None, ood=None, ranks=2, directory=None, **options):
    """Everything that `widelimit run` computes for training inputs X, targets Y and test inputs T.

    T_targets: targets of T, for metrics; ood: true for rows of T that are out of distribution. directory: keeps
    configuration, data and results there; without it they go with the call. depth, activation, slope, sigma_w and
    sigma_b are the network's; every other option is a key of the configuration, sections as dictionaries:
    noise_variance=0.01, sampling={"posterior": 20}, data={"standardize": True}.

    Raises Failure with the program's message where it fails, ValueError for shapes that do not fit.
    """
    inputs = _matrix("X", X)
    sets = {"X": inputs, "Y": _matrix("Y", Y, inputs.shape[0]), "T": _matrix("T", T)}
    for name, values in (("T_targets", T_targets), ("ood", ood)):
        if values is not None:
            sets[name] = _matrix(name, values, sets["T"].shape[0])
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="widelimit-") as folder:
            return _run_in(pathlib.Path(folder), sets, ranks, options)
    folder = pathlib.Path(directory).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return _run_in(folder, sets, ranks, options)


def _stamp(path):
    """Another one for each file that is put there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _run_in(folder, sets, ranks, options):
    summary = folder / "out" / "summary.json"
    before = _stamp(summary)
    configuration = _write(folder, sets, options)
    try:
        return _read(folder, _launch(configuration, ranks))
    except Failure as failure:
        if _stamp(summary) != before:
            failure.result = _read(folder, str(failure))
        raise
