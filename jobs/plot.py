"""Draws what the results of a run allow, by gnuplot. Started by plot.sh, which finds a Python with NumPy and h5py."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError:
    np = h5py = None

JOBS = pathlib.Path(__file__).resolve().parent
DESCRIPTION = """\
RESULTS are output folders of widelimit run or tune. Figures go into them, NAME.svg and NAME.png:

  bands        inputs of one dimension: mean and two standard deviations of the
               function, with draws where the run made some
  calibration  targets of the test points, no classes: predicted against observed,
               and how many targets central intervals of each level hold
  risk         targets of the test points: the error of those that the run is least
               uncertain about
  detection    points marked ood: standard deviation in and out of distribution, and
               ROC curves
  quantiles    samples of rnd and ensemble: squared errors of HEADS heads and
               variances of HEADS + 1 members against their law
  times        training.times: error and mean variances against training time
  spectrum     spectrum or noise_path: eigenvalues of both kernels; likelihood,
               leave-one-out and effective dimension against the noise
  tune         tune.h5: the objective against each parameter

Points marked ood count for detection only. What does not fit is left out by name;
status 2 where nothing fits. Needs gnuplot, NumPy and h5py (Debian: gnuplot-nox
python3-numpy python3-h5py).
"""
DRAWS = {"ensemble": "ensemble", "ntk_gp": "posterior", "bayesian_rnd": "posterior"}


class Unfit(Exception):
    """Why a figure cannot be drawn of these results."""


class Run:
    """The results of one run, read when they are asked for."""

    def __init__(self, folder):
        for name in ("results.h5", "summary.json"):
            if not (folder / name).is_file():
                raise Unfit(f"{name} is missing: this is no output folder of widelimit run")
        try:
            self.file = h5py.File(folder / "results.h5")
            self.summary = json.loads((folder / "summary.json").read_text())
            self.variances = list(self.file["variance"])
        except (OSError, ValueError, KeyError) as why:
            raise Unfit(f"these are no results of widelimit run: {why}") from why

    def get(self, path):
        return self.file[path][()] if path in self.file else None

    def mean(self, quantity):
        return self.get("mean/nngp" if quantity == "nngp" else "mean/ntk")

    def variance(self, quantity, output=0):
        """Of an output (from 0); those of others are multiples, or the same."""
        variance = self.get("variance/" + quantity)
        return variance if variance.ndim == 1 else variance[:, output]

    def predictive(self, quantity):
        """Variance of a new observation, a column for every output or one for all."""
        given = self.get("predictive/" + {"bayesian_rnd": "ntk_gp"}.get(quantity, quantity))
        if given is None:  # bayesian_rnd without ntk_gp, which would be the same
            scale = self.get("target/scale")
            noise = self.summary["noise_variance"] * (np.ones(1) if scale is None else scale**2)
            variance = self.get("variance/" + quantity)
            given = (variance if variance.ndim == 2 else variance[:, np.newaxis]) + noise
        return given.reshape(len(given), -1)

    def shown(self, *groups):
        """Of quantities that would look the same the first that there is: one a group."""
        found = [next((name for name in group if name in self.variances), None) for group in groups]
        return [name for name in found if name]

    def posteriors(self):
        quantities = self.shown(("ensemble",), ("ntk_gp", "bayesian_rnd"), ("nngp",))
        if not quantities:
            raise Unfit("of rnd alone there is no predictive variance")
        return quantities

    def rankings(self):
        return self.shown(("ensemble", "rnd"), ("ntk_gp", "bayesian_rnd"), ("nngp",))

    def targets(self):
        """Targets of the test points and which of them count; classes are a vector, numbers a matrix."""
        targets = self.get("test/targets")
        if targets is None:
            raise Unfit("there are no targets of the test points (data.test.targets)")
        ood = self.get("test/ood")
        counted = np.ones(len(targets), bool) if ood is None else ood == 0
        if not counted.any():
            raise Unfit("no test point is in distribution")
        return targets, counted


class Figure:
    """A folder of columns for gnuplot, the paths of what it draws, and the results that it is of."""

    def __init__(self, folder, prefix, formats, results):
        self.folder, self.prefix, self.formats, self.results = folder, prefix, formats, results

    def columns(self, name, *columns):
        np.savetxt(self.folder / name, np.column_stack(columns), fmt="%.9g")

    def draw(self, plot, *arguments):
        for form in self.formats:
            made, figure = self.folder / f"made.{form}", pathlib.Path(f"{self.prefix}{plot}.{form}")
            command = ["gnuplot", "-c", JOBS / f"plot_{plot}.gp", self.folder, made, JOBS, *map(str, arguments)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if done.stderr:
                print(f"plot.sh: gnuplot at {figure}: {done.stderr.strip()}", file=sys.stderr)
            if done.returncode:
                sys.exit(5)
            figure.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, figure)
            print(figure)


def thin(count, ends=20, most=400):
    """At most some 400 of count sorted points, evenly spread, and all at either end."""
    if count <= most:
        return np.arange(count)
    middle = np.linspace(0, count - 1, most).astype(int)
    return np.unique(np.concatenate([np.arange(ends), middle, np.arange(count - ends, count)]))


def last_of_ties(values):
    """Where a sorted column ends a run of equal numbers: within one there is no order."""
    return np.append(np.flatnonzero(np.diff(values)), len(values) - 1)


def plot_bands(run, figure, options):
    inputs, y = run.get("test/inputs"), options.output - 1
    if inputs is None:
        raise Unfit("the inputs have more than one dimension")
    order = np.argsort(inputs[:, 0], kind="stable")
    x, quantities = inputs[order, 0], run.posteriors()
    train, targets = run.get("train/targets"), run.get("test/targets")
    column = (lambda values: values == y) if train.ndim == 1 else (lambda values: values[:, y])
    figure.columns("train", run.get("train/inputs")[:, 0], column(train))
    figure.columns("test", x, np.full(len(x), np.nan) if targets is None else column(targets)[order])
    for quantity in quantities:
        mean, deviation = run.mean(quantity)[order, y], np.sqrt(run.variance(quantity, y)[order])
        figure.columns("bands_" + quantity, x, mean, deviation)
        draws = run.get("samples/" + DRAWS.get(quantity, "none"))
        with open(figure.folder / ("draws_" + quantity), "w", encoding="utf-8") as file:
            for draw in () if draws is None else draws[:12, order, y]:
                np.savetxt(file, np.column_stack([x, draw]), fmt="%.9g", footer="\n", comments="")
    figure.draw("bands", " ".join(quantities), options.output if run.mean(quantities[0]).shape[1] > 1 else 0)


def plot_calibration(run, figure, options):
    targets, counted = run.targets()
    if targets.ndim == 1:
        raise Unfit("the targets are classes")
    y, quantities = options.output - 1, sorted(run.posteriors(), key=("ntk_gp", "bayesian_rnd", "ensemble", "nngp").index)
    for quantity in quantities:
        mean, variance = run.mean(quantity)[counted], run.predictive(quantity)[counted]
        error = np.abs(targets[counted] - mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.sort(np.where(error == 0, 0.0, error / np.sqrt(variance)).ravel())
        keep = thin(len(distance))
        figure.columns("coverage_" + quantity, np.minimum(distance[keep], 1e3), (keep + 1) / len(distance))
        order = np.argsort(targets[counted][:, y], kind="stable")[thin(len(mean))]
        spread = np.sqrt(variance[:, min(y, variance.shape[1] - 1)])
        figure.columns("predicted_" + quantity, targets[counted][order, y], mean[order, y], spread[order])
    figure.draw("calibration", " ".join(quantities), options.output if targets.shape[1] > 1 else 0)


def plot_risk(run, figure, options):
    del options
    targets, counted = run.targets()
    classes, quantities = targets.ndim == 1, run.rankings()
    for quantity in quantities:
        mean, variance = run.mean(quantity)[counted], run.variance(quantity)[counted]
        if classes:
            error = (np.argmax(mean, axis=1) != targets[counted]).astype(float)
        else:
            error = np.mean((mean - targets[counted]) ** 2, axis=1)
        order = np.argsort(variance, kind="stable")
        risk = np.cumsum(error[order]) / np.arange(1, len(order) + 1)
        at = last_of_ties(variance[order])
        at = at[thin(len(at))]
        figure.columns("risk_" + quantity, (at + 1) / len(order), risk[at] if classes else np.sqrt(risk[at]))
    figure.draw("risk", " ".join(quantities), "share of wrong classes" if classes else "root mean square error (target units)")


def plot_detection(run, figure, options):
    del options
    ood = run.get("test/ood")
    if ood is None:
        raise Unfit("no points are marked out of distribution (data.test.ood)")
    if np.ptp(ood) == 0:
        raise Unfit("all test points are in distribution, or all out of it")
    quantities, areas = run.rankings(), []
    for quantity in quantities:
        variance = run.variance(quantity)
        order = np.argsort(-variance, kind="stable")
        at, flags = last_of_ties(variance[order]), ood[order]
        hits = np.concatenate([[0], np.cumsum(flags)[at] / np.sum(flags)])
        alarms = np.concatenate([[0], np.cumsum(1 - flags)[at] / np.sum(1 - flags)])
        areas.append(np.sum(np.diff(alarms) * (hits[1:] + hits[:-1]) / 2))
        keep = thin(len(hits))
        figure.columns("roc_" + quantity, alarms[keep], hits[keep])
    deviation = np.sqrt(run.variance(quantities[0]))
    edges = np.linspace(0, deviation.max() or 1, 41)
    shares = [np.append(np.histogram(deviation[ood == side], edges)[0] / np.sum(ood == side), 0) for side in (0, 1)]
    figure.columns("histogram", edges, *shares)
    figure.draw("detection", " ".join(quantities), " ".join(f"{area:.4f}" for area in areas))


def plot_quantiles(run, figure, options):
    rnd, ensemble, heads = run.get("samples/rnd"), run.get("samples/ensemble"), options.heads
    if rnd is None or ensemble is None or "ensemble" not in run.variances:
        raise Unfit("there are no samples of rnd and ensemble with the variance of ensemble")
    variance = run.get("variance/ensemble").reshape(rnd.shape[1], -1)
    sets = (
        ("rnd", rnd, heads, lambda group: np.mean(group**2, axis=0) / 2),
        ("ensemble", ensemble, heads + 1, lambda group: np.var(group, axis=0, ddof=1)),
    )
    for name, draws, size, statistic in sets:
        draws = draws.reshape(len(draws), len(variance), -1)
        groups = [draws[first : first + size] for first in range(0, len(draws) - size + 1, size)]
        if not groups:
            raise Unfit(f"there are {len(draws)} samples of {name}, fewer than {size}")
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.concatenate([(statistic(group) / variance)[variance[:, 0] > 0].ravel() for group in groups])
        keep = thin(len(values))
        figure.columns(name, (keep + 0.5) / len(values), np.sort(values)[keep])
    figure.draw("quantiles", heads)


def plot_times(run, figure, options):
    del options
    times = run.get("at_time/times")
    if times is None:
        raise Unfit("there are no training times (training.times)")
    order = np.argsort(times, kind="stable")
    drawn = order[(times[order] > 0) & np.isfinite(times[order])]
    if len(drawn) < 2:
        raise Unfit("a curve needs two training times that are neither 0 nor infinite")
    quantities = list(run.file["at_time/variance"])
    quantities.sort(key=("ensemble", "rnd", "bayesian_rnd").index)
    targets, error, name = run.get("test/targets"), np.full(len(times), np.nan), ""
    counted = np.ones(run.file["at_time/mean/ntk"].shape[1], bool) if targets is None else run.targets()[1]
    if targets is not None:
        mean = run.get("at_time/mean/ntk")[:, counted]
        if targets.ndim == 1:
            error, name = np.mean(np.argmax(mean, axis=2) != targets[counted], axis=1), "share of wrong classes"
        else:
            error, name = np.sqrt(np.mean((mean - targets[counted]) ** 2, axis=(1, 2))), "root mean square error"
    variances = [run.get("at_time/variance/" + quantity)[:, counted].mean(axis=1) for quantity in quantities]
    figure.columns("times", *(column[drawn] for column in (times, error, *variances)))
    ends = np.flatnonzero(np.isinf(times))[:1].repeat(2)
    figure.columns("converged", times[drawn[[0, -1]]][: len(ends)], *(column[ends] for column in (error, *variances)))
    figure.draw("times", " ".join(quantities), name)


def plot_spectrum(run, figure, options):
    del options
    noise, there = run.get("noise_path/noise"), []
    for kernel in ("theta", "kappa"):
        values = run.get("spectrum/" + kernel)
        if values is not None:
            at = np.unique(np.geomspace(1, len(values), 300).round().astype(int))
            at = at[values[::-1][at - 1] > 0]
            figure.columns(kernel, at, values[::-1][at - 1])
            there.append(kernel)
    if noise is not None:
        order = np.argsort(noise, kind="stable")
        likelihood = run.get("noise_path/log_marginal_likelihood").sum(axis=1)
        left_out, dimension = run.get("noise_path/loo_log_density"), run.get("noise_path/effective_dimension")
        figure.columns("path", noise[order], likelihood[order], left_out[order], dimension[order])
        there.append("path")
    if not there:
        raise Unfit("there is neither a spectrum nor a path of noise levels (spectrum, noise_path)")
    figure.draw("spectrum", " ".join(there), run.summary["noise_variance"])


def plot_tune(run, figure, options):
    del run, options
    if not (figure.results / "tune.h5").is_file():
        raise Unfit("there is no tune.h5")
    try:
        file = h5py.File(figure.results / "tune.h5")
        objective, goal = file["objective"][()], file.attrs["tune.objective"].decode()
        names = list(file["parameter"])
    except (OSError, KeyError) as why:
        raise Unfit(f"tune.h5 is not one of widelimit tune: {why}") from why
    good = np.isfinite(objective)
    if not good.any():
        raise Unfit("all evaluations failed")
    least = goal in ("loo_rmse", "loo_crps")
    best = np.nanargmin(objective) if least else np.nanargmax(objective)
    edge = np.quantile(objective[good], 0.75 if least else 0.25)  # the worst quarter stands there
    shown = np.minimum(objective, edge) if least else np.maximum(objective, edge)
    beyond = objective > edge if least else objective < edge
    panels = []
    for number, name in enumerate(names):
        values, formula = file["parameter/" + name][()], file["parameter/" + name].attrs["formula"].decode()
        logarithmic = "log scale" in file["parameter/" + name].attrs["units"].decode()
        choices = formula.partition("in: ")[2].split()
        figure.columns(f"within_{number}", values[good & ~beyond], shown[good & ~beyond])
        figure.columns(f"beyond_{number}", values[good & beyond], shown[good & beyond])
        figure.columns(f"best_{number}", values[best], objective[best])
        panels.append(f"{name}|{int(logarithmic)}|{','.join(choices)}")
    figure.draw("tune", goal, " ".join(panels))


PLOTS = {
    "bands": plot_bands,
    "calibration": plot_calibration,
    "risk": plot_risk,
    "detection": plot_detection,
    "quantiles": plot_quantiles,
    "times": plot_times,
    "spectrum": plot_spectrum,
    "tune": plot_tune,
}


def draw(folder, options):
    tuned_alone = (folder / "tune.h5").is_file() and not (folder / "results.h5").is_file()
    run = None if tuned_alone else Run(folder)
    outputs = options.output if tuned_alone else run.mean(run.variances[0]).shape[1]
    if options.output > outputs:
        raise Unfit(f"there is no output {options.output}, but {outputs} in all")
    skipped = []
    for name in options.plot or (["tune"] if tuned_alone else PLOTS):
        prefix = f"{options.prefix}-" if options.prefix else f"{folder}{os.sep}"
        with tempfile.TemporaryDirectory() as columns:
            try:
                if run is None and name != "tune":
                    raise Unfit("results.h5 is missing")
                PLOTS[name](run, Figure(pathlib.Path(columns), prefix, options.formats, folder), options)
            except Unfit as why:
                if options.plot:
                    raise Unfit(f"no {name}: {why}") from why
                skipped.append(f"  {name}: {why}")
    if len(skipped) == len(PLOTS):
        raise Unfit("nothing to draw\n" + "\n".join(skipped))
    if skipped:
        print("not drawn:\n" + "\n".join(skipped))


def formats(text):
    chosen = text.replace(",", " ").split()
    if not chosen or set(chosen) - {"svg", "png"}:
        raise argparse.ArgumentTypeError("svg and png, or one of them")
    return chosen


def count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of at least 1")
    return int(text)


def parse():
    parser = argparse.ArgumentParser(prog="jobs/plot.sh", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="RESULTS", type=pathlib.Path, nargs="+")
    parser.add_argument("-p", dest="plot", metavar="PLOT", action="append", choices=PLOTS, help="only this one; again for more")
    parser.add_argument("-f", dest="formats", metavar="FORMATS", type=formats, default=["svg", "png"], help='"svg png"')
    parser.add_argument("-o", dest="prefix", metavar="PREFIX", help="figures are PREFIX-NAME.svg, of one folder")
    parser.add_argument("-y", dest="output", metavar="OUTPUT", type=count, default=1, help="drawn by bands and calibration (1)")
    parser.add_argument("-k", dest="heads", metavar="HEADS", type=count, default=16, help="of quantiles (16)")
    options = parser.parse_args()
    if options.prefix and len(options.folders) > 1:
        parser.error("-o is for one folder of results")
    return options


def main():
    options = parse()
    if h5py is None:
        sys.exit("plot.sh: NumPy or h5py is missing (Debian: python3-numpy python3-h5py)")
    if not shutil.which("gnuplot"):
        sys.exit("plot.sh: gnuplot is missing (Debian: gnuplot-nox)")
    status = 0
    for folder in options.folders:
        try:
            draw(folder, options)
        except Unfit as why:
            print(f"plot.sh: {folder}: {why}", file=sys.stderr)
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main())
