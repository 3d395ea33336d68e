"""usage: plots.py TOY DIGITS: the columns that jobs/plot.py hands to gnuplot, against the summary and against plain formulas."""

import argparse
import math
import pathlib
import sys

import numpy as np

import plot


class Columns:
    """In place of plot.Figure."""

    folder = pathlib.Path(".")

    def __init__(self):
        self.kept = {}

    def columns(self, name, *columns):
        self.kept[name] = np.column_stack(columns)

    def draw(self, plot_name, *arguments):
        self.arguments = arguments


def columns(function, run):
    made = Columns()
    function(run, made, argparse.Namespace(output=1, heads=4))
    return made


def near(found, wanted, what, tolerance=1e-12):
    assert abs(found - wanted) <= tolerance * max(1, abs(wanted)), f"{what}: {found}, not {wanted}"


toy, digits = (plot.Run(pathlib.Path(folder)) for folder in sys.argv[1:])

for run, measure in ((toy, lambda mean: mean["rmse"]), (digits, lambda mean: 1 - mean["accuracy"])):
    risk = columns(plot.plot_risk, run)
    assert set(risk.kept) == {"risk_" + quantity for quantity in run.rankings()}, "not every curve of risk"
    for quantity, curve in risk.kept.items():
        mean = run.summary["metrics"]["mean"]["nngp" if quantity == "risk_nngp" else "ntk"]
        near(curve[-1, 0], 1, quantity)
        near(curve[-1, 1], measure(mean), quantity)

areas = columns(plot.plot_detection, digits).arguments[1].split()
for quantity, area in zip(("ensemble", "ntk_gp", "nngp"), areas, strict=True):
    near(float(area), digits.summary["metrics"]["quantity"][quantity]["auroc"], "AUROC of " + quantity, 5e-5)
histogram = columns(plot.plot_detection, digits).kept["histogram"]
near(histogram[:, 1].sum(), 1, "in distribution")
near(histogram[:, 2].sum(), 1, "out of distribution")

coverage = columns(plot.plot_calibration, toy).kept["coverage_nngp"]
deviation = np.abs(toy.get("test/targets") - toy.get("mean/nngp"))[:, 0] / np.sqrt(toy.get("variance/nngp") + 0.0025)
for level in (0.5, 1.0, 2.0):
    within = coverage[coverage[:, 0] <= level, 1].max()
    near(within, np.mean(deviation <= level), f"share within {level} standard deviations")

times = columns(plot.plot_times, toy).kept
near(times["converged"][0, 1], toy.summary["metrics"]["mean"]["ntk"]["rmse"], "error at infinity")
near(times["converged"][1, 2], toy.summary["metrics"]["quantity"]["ensemble"]["mean_variance"], "variance at infinity")
assert times["times"][:, 0].tolist() == [0.1, 1.0], times["times"]
path = columns(plot.plot_spectrum, toy).kept["path"]
near(path[0, 1], toy.summary["noise_path"][0]["log_marginal_likelihood_sum"], "likelihood of the first noise")

tied = plot.last_of_ties(np.array([1.0, 1.0, 2.0, 3.0, 3.0]))
assert tied.tolist() == [1, 2, 4], tied
kept = plot.thin(100000)
assert kept[0] == 0 and kept[-1] == 99999 and len(kept) < 500 and math.isclose(np.diff(kept).max(), 251, abs_tol=2), kept
