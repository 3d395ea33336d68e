#!/usr/bin/env python3
"""Checks the formulas of theory.md, and the program by them. A line says what was compared, and the largest deviation.

    doc/check_theory.py build/widelimit

Needs NumPy, SciPy and h5py (Debian: python3-scipy, python3-h5py); what needs more than 16 digits is left out where
mpmath is missing.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("widelimit")
arguments = parser.parse_args()

import h5py
import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import erf, expit, gammaln

SIGMA_W, SIGMA_B, SLOPE, NOISE, DEPTH = 1.4, 0.3, 0.2, 0.05, 3
RECTIFIERS = {"relu": 0.0, "leaky_relu": SLOPE}


def density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def normal(z):
    return (1 + erf(z / np.sqrt(2))) / 2


SMOOTH = {  # name: (phi, its derivative)
    "identity": (lambda z: z, lambda z: 1 + 0 * z),
    "erf": (erf, lambda z: 2 / np.sqrt(np.pi) * np.exp(-z * z)),
    "gelu": (lambda z: z * normal(z), lambda z: normal(z) + z * density(z)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda z: -np.sin(z)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (expit, lambda z: expit(z) * (1 - expit(z))),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) * (1 + z * (1 - expit(z)))),
}

# The definition: trapezoidal rule in two variables, for rectifiers an integral over the angle.
STEP = 0.06
NODES = np.arange(-150, 151) * STEP
WEIGHTS = STEP * density(NODES)
U, V = np.meshgrid(NODES, NODES, indexing="ij")


def expectation(f, q, p, k):
    a = np.sqrt(q)
    b = np.sqrt(max(p - k * k / q, 0.0))
    return float(WEIGHTS @ (f(a * U) * f(k / a * U + b * V)) @ WEIGHTS)


def angular(f, rho):
    t = np.arccos(np.clip(rho, -1, 1))
    kinks = sorted(x % (2 * np.pi) for x in (np.pi / 2, -np.pi / 2, t + np.pi / 2, t - np.pi / 2))
    ends = [0.0, *kinks, 2 * np.pi]
    return sum(quad(lambda x: f(np.cos(x)) * f(np.cos(x - t)), *e, epsabs=1e-15)[0] for e in zip(ends, ends[1:]))


def definition(name, q, p, k):
    """E[phi phi] and E[phi' phi'] by integration."""
    if name not in RECTIFIERS:
        return tuple(expectation(f, q, p, k) for f in SMOOTH[name])
    a, size = RECTIFIERS[name], np.sqrt(q * p)
    return (size / np.pi * angular(lambda z: z if z > 0 else a * z, k / size),
            angular(lambda z: 1.0 if z > 0 else a, k / size) / (2 * np.pi))


def closed_form(name, q, p, k):
    """The table of section 2."""
    if name in RECTIFIERS:
        a, rho = RECTIFIERS[name], k / np.sqrt(q * p)
        t = np.arccos(rho)
        j1, j0 = (np.sin(t) + (np.pi - t) * rho) / np.pi, 1 - t / np.pi
        return np.sqrt(q * p) * (a * rho + (1 - a) ** 2 / 2 * j1), a + (1 - a) ** 2 / 2 * j0
    if name == "identity":
        return k, 1.0
    if name == "erf":
        size = (1 + 2 * q) * (1 + 2 * p)
        return 2 / np.pi * np.arcsin(2 * k / np.sqrt(size)), 4 / np.pi / np.sqrt(size - 4 * k * k)
    if name == "gelu":
        size, h = (1 + q) * (1 + p), 1 / (1 + q) + 1 / (1 + p)
        r, angle = np.sqrt(size - k * k), np.arcsin(k / np.sqrt(size))
        return (k / 4 + (k * angle + (q * p - k * k + h * k * k) / r) / (2 * np.pi),
                0.25 + (angle + k / r * (h + 1 / r**2)) / (2 * np.pi))
    scale = np.exp(-(q + p) / 2)
    odd, even = scale * np.sinh(k), scale * np.cosh(k)
    return (odd, even) if name == "sin" else (even, odd)


def kolmogorov(k, exp=np.exp, sqrt=np.sqrt, pi=np.pi):
    if k > 1:
        return sum((8 if n % 2 else -8) * k * n * n * exp(-2 * n * n * k * k) for n in range(1, 8))
    terms = ((2 * n - 1) ** 2 * pi**2 / 8 for n in range(1, 8))
    return sum(sqrt(2 * pi) * exp(-a / k**2) * (2 * a / k**2 - 1) / k**2 for a in terms)


def mixture():
    """s_n and w_n s_n of tanh'."""
    first, last = np.log(0.175), np.log(4.4)
    s = np.exp(np.linspace(first, last, 32))
    return s, np.array([(last - first) / 31 * np.sqrt(2 / np.pi) * kolmogorov(k) for k in s]) * s


FAMILY = {  # scale, weight, linear part, e
    "tanh": (1, 1.0, 0.0, 0),
    "sigmoid": (2, 0.25, 0.0, 0),
    "softplus": (2, 0.25, 0.5, 1),
    "silu": (2, 0.25, 0.5, 1),
}


def double_sum(name, q, p, k):
    scale, weight, linear, _ = FAMILY[name]
    s, ws = mixture()
    s, ws = scale * s, scale * weight * ws
    mean = np.prod([WEIGHTS @ SMOOTH[name][0](np.sqrt(v) * NODES) for v in (q, p)])
    w, sm, sn = np.outer(ws, ws), s[:, None] ** 2, s[None, :] ** 2
    a2 = (sm + q) * (sn + p)
    r = np.sqrt(a2 - k * k)
    angle, h = np.arctan(k / r), sm / (sm + q) + sn / (sn + p)
    if name == "softplus":
        pair = mean + (w * (k * angle + r - np.sqrt(a2))).sum(), (w * angle).sum()
    elif name == "silu":
        pair = ((w * (k * angle + (q * p - k * k + h * k * k) / r)).sum(),
                (w * (angle + k / r * (h + sm * sn / r**2))).sum())
    else:
        pair = mean + (w * angle).sum(), (w / r).sum()
    return pair[0] + linear**2 * k, pair[1] + linear**2


def coefficients(name, q, terms=200):
    scale, weight, _, _ = FAMILY[name]
    s, ws = mixture()
    s, ws = scale * s, scale * weight * ws
    m = np.arange(terms)[:, None]
    r, y = q / (s * s + q), ws / np.sqrt(s * s + q)
    c = np.exp(gammaln(2 * m + 1) / 2 - m * np.log(2) - gammaln(m + 1))
    next_c = c * np.sqrt((2 * m + 1) / (2 * m + 2))
    if name == "softplus":
        return (np.sqrt(q / (2 * m + 1)) * c * y * r**m).sum(1)
    if name == "silu":
        return (np.sqrt(q * (2 * m + 2)) * next_c * y * r**m * (1 / (2 * m + 1) + s * s / (s * s + q))).sum(1)
    return (c * y * r**m).sum(1)


def series(name, q, p, k):
    _, _, linear, e = FAMILY[name]
    mean = np.prod([WEIGHTS @ SMOOTH[name][0](np.sqrt(v) * NODES) for v in (q, p)])
    rho, m = k / np.sqrt(q * p), np.arange(200)
    terms = coefficients(name, q) * coefficients(name, p) * rho ** (2 * m)
    return (mean + k * (linear**2 + rho**e * (terms / (2 * m + 1 + e)).sum()), linear**2 + rho**e * terms.sum())


def report(what, deviation):
    print(f"{what:<76s} {float(deviation):.1e}", flush=True)


def check_duals():
    pairs = [(1.0, 1.7, 0.4), (0.3, 2.0, -0.5), (2.5, 0.1, 0.2)]

    def deviation(formula, names):
        return max(np.abs(np.subtract(formula(n, *c), definition(n, *c))).max() for n in names for c in pairs)

    closed = [*RECTIFIERS, "identity", "erf", "gelu", "sin", "cos"]
    report("closed forms against integrals", deviation(closed_form, closed))
    report("double sums of tanh, sigmoid, softplus, silu against integrals", deviation(double_sum, FAMILY))
    report("their Hermite series against integrals", deviation(series, FAMILY))


def recursion(name, a, b):
    """kappa and theta of all pairs, with integrals in each layer."""
    first = lambda x, y: SIGMA_W**2 * (x * y).sum(-1) / x.shape[-1] + SIGMA_B**2
    kappa, q, p = first(a[:, None], b[None, :]), first(a, a), first(b, b)
    theta = kappa.copy()
    for _ in range(DEPTH - 1):
        duals = np.array([[definition(name, u, v, k) for v, k in zip(p, row)] for u, row in zip(q, kappa)])
        kappa = SIGMA_B**2 + SIGMA_W**2 * duals[..., 0]
        theta = theta * SIGMA_W**2 * duals[..., 1] + kappa
        q, p = (SIGMA_B**2 + SIGMA_W**2 * np.array([definition(name, v, v, v)[0] for v in x]) for x in (q, p))
    return kappa, theta


def quantities(x, t, y, name):
    """Everything of section 4 by plain linear algebra."""
    (kxx, hxx), (ktx, htx), (ktt, htt) = recursion(name, x, x), recursion(name, t, x), recursion(name, t, t)
    noise = NOISE * np.eye(len(x))
    s, a = hxx + noise, htx @ np.linalg.inv(hxx + noise)
    b = ktx @ np.linalg.inv(kxx + noise)
    ensemble, posterior = ktt + a @ kxx @ a.T - a @ ktx.T - ktx @ a.T, htt - a @ htx.T
    constant = np.linalg.slogdet(s)[1] + len(x) * np.log(2 * np.pi)
    evidence = [-(v @ np.linalg.solve(s, v) + constant) / 2 for v in y.T]
    kernels = {"kernel/kappa_XX": kxx, "kernel/theta_XX": hxx, "kernel/kappa_TX": ktx, "kernel/theta_TX": htx,
               "kernel/kappa_TT": ktt, "kernel/theta_TT": htt}
    results = {"mean/ntk": a @ y, "mean/nngp": b @ y, "covariance/ensemble": ensemble,
               "covariance/rnd": 2 * ensemble, "covariance/ntk_gp": posterior,
               "covariance/bayesian_rnd": posterior, "covariance/nngp": ktt - b @ ktx.T}
    return kernels, results, np.array(evidence)


def run(program, folder, name, depth=DEPTH):
    slope = f", slope: {SLOPE}" if name == "leaky_relu" else ""
    (folder / "c.yaml").write_text(
        "data: {train: {inputs: X.npy, targets: Y.npy}, test: {inputs: T.npy}}\n"
        f"network: {{depth: {depth}, activation: {name}, sigma_w: {SIGMA_W}, sigma_b: {SIGMA_B}{slope}}}\n"
        f"noise_variance: {NOISE}\noutput: {{directory: out, covariance: true, kernels: true}}\n")
    subprocess.run([program, "run", folder / "c.yaml"], check=True, stdout=subprocess.DEVNULL)
    return h5py.File(folder / "out/results.h5"), json.loads((folder / "out/summary.json").read_text())


def check_program(program, folder):
    draw = np.random.default_rng(1)
    x, y, t = draw.normal(size=(7, 3)), draw.normal(size=(7, 2)), draw.normal(size=(3, 3))
    x[5], t[2] = -0.9 * x[4], x[1]
    for file, values in (("X", x), ("Y", y), ("T", t)):
        np.save(folder / f"{file}.npy", values)
    relative = lambda a, b: np.abs(a - b).max() / np.abs(b).max()
    for name in [*RECTIFIERS, *SMOOTH]:
        kernels, results, evidence = quantities(x, t, y, name)
        file, summary = run(program, folder, name)
        with file:
            report(f"{name}: kernels of the program", max(relative(file[k][()], v) for k, v in kernels.items()))
            report(f"{name}: means and covariances", max(relative(file[k][()], v) for k, v in results.items()))
        found = np.array(summary["factor"]["theta"]["log_marginal_likelihood"])
        report(f"{name}: log marginal likelihood", relative(found, evidence))


def check_algebra():
    draw = np.random.default_rng(0)
    n, m, noise = 8, 3, 0.3
    square = lambda: (lambda b: b @ b.T)(draw.normal(size=(n + m, n + m)))
    theta = square() + square()  # kappa + theta_lower
    xx, tx, tt = theta[:n, :n], theta[n:, :n], theta[n:, n:]
    a = tx @ np.linalg.inv(xx + noise * np.eye(n))
    error = lambda eta: tt - a @ tx.T - tx @ a.T + a @ (xx + eta * np.eye(n)) @ a.T
    report("Bayesian RND with noise draws = posterior", np.abs(error(noise) - (tt - a @ tx.T)).max())
    missing = tt - a @ tx.T - error(0.0)
    report("... without them too small by sigma^2 A A'", np.abs(missing - noise * a @ a.T).max())
    variance, heads, draws = 0.37, 4, 20000
    rnd = (draw.normal(scale=np.sqrt(2 * variance), size=(draws, heads)) ** 2).sum(1) / (2 * heads)
    members = draw.normal(scale=np.sqrt(variance), size=(draws, heads + 1)).var(axis=1, ddof=1)
    for what, sample in (("RND heads", rnd), ("ensemble members", members)):
        p = stats.kstest(sample * heads / variance, "chi2", args=(heads,)).pvalue
        print(f"{what + ' follow chi^2(K)/K: p value of Kolmogorov and Smirnov':<76s} {p:.2f}")


def check_digits(program, folder):
    """Kernels of nearly coincident points, and the mixture, to more digits than a double has."""
    try:
        import mpmath as mp
    except ImportError:
        print("mpmath is missing: nothing checked beyond 16 digits")
        return
    mp.mp.dps = 40
    first, last = mp.log(mp.mpf("0.175")), mp.log(mp.mpf("4.4"))
    step = (last - first) / 31
    s = [mp.exp(first + step * n) for n in range(32)]
    w = [step * mp.sqrt(2 / mp.pi) * kolmogorov(k, mp.exp, mp.sqrt, mp.pi) for k in s]
    mixture_of = lambda z: sum(a * mp.exp(-z * z / (2 * k * k)) for a, k in zip(w, s))
    points = mp.linspace(0, 12, 121)
    report("32 nodes for tanh', 0 <= z <= 12", max(abs(mixture_of(z) - mp.sech(z) ** 2) for z in points))

    def theta(x, y, number, acos, sin, pi, sqrt):
        """The textbook recursion of a relu network in any arithmetic."""
        weight, bias = number(SIGMA_W) ** 2, number(SIGMA_B) ** 2
        dot = lambda a, b: weight * sum(number(float(c)) * number(float(d)) for c, d in zip(a, b)) / len(a) + bias
        q, p, k = dot(x, x), dot(y, y), dot(x, y)
        h = k
        for _ in range(DEPTH - 1):
            rho = min(k / sqrt(q * p), number(1))
            t = acos(rho)
            k = weight * sqrt(q * p) * (sin(t) + (pi - t) * rho) / pi / 2 + bias
            h, q, p = h * weight * (1 - t / pi) / 2 + k, weight * q / 2 + bias, weight * p / 2 + bias
        return h

    draw = np.random.default_rng(1)
    for gap in (1e-3, 1e-6, 1e-9):
        x = draw.normal(size=3)
        y = x + [gap, 0, 0]
        for file, values in (("X", [x, y]), ("Y", [[0.0], [0.0]]), ("T", [x])):
            np.save(folder / f"{file}.npy", np.array(values))
        exact = theta(x, y, mp.mpf, mp.acos, mp.sin, mp.pi, mp.sqrt)
        with run(program, folder, "relu")[0] as file:
            report(f"theta at distance {gap:g}: program", abs(file["kernel/theta_XX"][0, 1] - exact) / exact)
        textbook = theta(x, y, float, np.arccos, np.sin, np.pi, np.sqrt)
        report(f"theta at distance {gap:g}: textbook formula", abs(textbook - exact) / exact)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        check_duals()
        check_algebra()
        check_digits(arguments.widelimit, Path(place))
        check_program(arguments.widelimit, Path(place))
