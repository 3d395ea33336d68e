#!/usr/bin/env python3
"""Writes layer_cases.inc: kappa and Theta of networks that are lists of layers, at pairs of points, one equal and some nearly
parallel. Smooth activations by the trapezoidal rule in two dimensions, relu and leaky_relu in closed form, all in 36 digits;
a finer rule (--check) moves one value, Theta of the closest points where relu stands behind gelu, by 5e-15. Needs mpmath; minutes. Run: python3 layer_cases.py > layer_cases.inc

Every coordinate is a double, so the values belong to exactly the points that the test uses."""
import argparse
import random
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--check", action="store_true", help="by a finer rule")
arguments = parser.parse_args()

from mpmath import mp, mpf, sqrt, acos, pi, sin, cos, exp, erf, tanh, log, factorial

mp.dps = 36
STEP = mpf(1) / (11 if arguments.check else 9)
REACH = mpf(11)
WIDE = [k * STEP for k in range(int(-REACH / STEP), int(REACH / STEP) + 1)]
WEIGHT = [exp(-x * x / 2) * STEP / sqrt(2 * pi) for x in WIDE]

gauss = lambda z: exp(-z * z / 2) / sqrt(2 * pi)
normal = lambda z: (1 + erf(z / sqrt(mpf(2)))) / 2
SMOOTH = {
    "erf": (erf, lambda z: 2 / sqrt(pi) * exp(-z * z)),
    "gelu": (lambda z: z * normal(z), lambda z: normal(z) + z * gauss(z)),
    "sin": (sin, cos),
    "cos": (cos, lambda z: -sin(z)),
    "tanh": (tanh, lambda z: 1 - tanh(z) ** 2),
    "softplus": (lambda z: log(1 + exp(z)), lambda z: 1 / (1 + exp(-z))),
}


def smooth(layer, q, p, k):
    """E[phi phi], E[phi' phi'] by the rule; u = sqrt(q) x, v = (k/q) u + s y."""
    phi, slope = function(layer)
    s2 = p - k * k / q
    s = sqrt(s2) if s2 > p * mpf(10) ** -32 else mpf(0)
    square = dot = mpf(0)
    for x, wx in zip(WIDE, WEIGHT):
        u, row, row_dot = sqrt(q) * x, mpf(0), mpf(0)
        for y, wy in zip(WIDE, WEIGHT) if s else [(mpf(0), mpf(1))]:
            if wx * wy < mpf(10) ** -27:
                continue
            v = k / q * u + s * y
            row += wy * phi(v)
            row_dot += wy * slope(v)
        square += wx * phi(u) * row
        dot += wx * slope(u) * row_dot
    return square, dot


def hermite(n, z):
    """Normalized for N(0, 1), with its derivative."""
    rows = [mpf(1), z]
    for m in range(1, n):
        rows.append(z * rows[m] - m * rows[m - 1])
    root = sqrt(factorial(n))
    return rows[n] / root, n * rows[n - 1] / root if n else mpf(0)


def function(layer):
    """phi and phi' of an activation that lists alone have, or of one with a and b."""
    name = layer[0]
    if name == "polynomial":
        return (lambda z: sum(c * hermite(n, z)[0] for n, c in enumerate(layer[1])),
                lambda z: sum(c * hermite(n, z)[1] for n, c in enumerate(layer[1])))
    if len(layer) == 1:
        return SMOOTH[name]
    a, b = mpf(layer[1]), mpf(layer[2])
    if name == "gaussian":
        return lambda z: a * exp(b * z * z), lambda z: 2 * a * b * z * exp(b * z * z)
    if name == "exp":
        return lambda z: a * exp(b * z), lambda z: a * b * exp(b * z)
    if name == "sine":
        c = mpf(layer[3])
        return lambda z: a * sin(b * z + c), lambda z: a * b * cos(b * z + c)
    phi, slope = SMOOTH[name]
    c = mpf(layer[3]) if len(layer) > 3 else 0
    return lambda z: a * phi(b * z + c), lambda z: a * b * slope(b * z + c)


def abrelu(a, b, q, p, k):
    """a min(z, 0) + b max(z, 0) = a z + (b - a) max(z, 0)."""
    a, b = mpf(a), mpf(b)
    t = acos(min(max(k / sqrt(q * p), mpf(-1)), mpf(1)))
    relu, step = sqrt(q * p) / (2 * pi) * (sin(t) + (pi - t) * cos(t)), (pi - t) / (2 * pi)
    return a * a * k + a * (b - a) * k + (b - a) ** 2 * relu, a * a + a * (b - a) + (b - a) ** 2 * step


def rectifier(a, q, p, k):
    a, c = mpf(a), min(max(k / sqrt(q * p), mpf(-1)), mpf(1))
    t = acos(c)
    return (sqrt(q * p) * (a * c + (1 - a) ** 2 / 2 * (sin(t) + (pi - t) * c) / pi),
            a + (1 - a) ** 2 / 2 * (pi - t) / pi)


KNOWN = {}


def dual(layer, q, p, k):
    if layer[0] == "relu":
        return rectifier(0, q, p, k)
    if layer[0] == "leaky_relu":
        return rectifier(layer[1], q, p, k)
    if layer[0] == "identity":
        return k, mpf(1)
    if layer[0] == "abrelu":
        return abrelu(layer[1], layer[2], q, p, k)
    key = (layer, q, p, k)
    if key not in KNOWN:
        KNOWN[key] = smooth(*key)
    return KNOWN[key]


def forward(layers, q, p, k, theta, same=False, width=0, units=0):
    """Of two rows of the data, or of one with itself; in standard parametrization if there is a width."""
    for layer in layers:
        if layer[0] == "dense":
            w, b = mpf(layer[1]) ** 2, mpf(layer[2]) ** 2
            own = (units or width) * k + (b > 0) if width else w * k + b
            q, p, k = w * q + b, w * p + b, w * k + b
            theta, units = w * theta + own, 0
        elif layer[0] == "layer_norm":
            root = sqrt(q * p)
            q, p, k, theta = mpf(1), mpf(1), k / root, theta / root
        elif layer[0] == "dropout":
            q, p = q / mpf(layer[1]), p / mpf(layer[1])
            k, theta = (k / mpf(layer[1]), theta / mpf(layer[1])) if same else (k, theta)
        elif layer[0] == "residual":
            q, p, k, theta = (s + t for s, t in zip((q, p, k, theta), forward(layer[1], q, p, k, theta, same, width)))
        else:
            k, slope = dual(layer, q, p, k)
            q, p = dual(layer, q, q, q)[0], dual(layer, p, p, p)[0]
            theta *= slope
    return q, p, k, theta


def flat(layers):
    for layer in layers:
        if layer[0] == "dense":
            yield "{.kind = WL_LAYER_DENSE, .sigma_w = %s, .sigma_b = %s}" % tuple(float(s).hex() for s in layer[1:])
        elif layer[0] == "layer_norm":
            yield "{.kind = WL_LAYER_NORM}"
        elif layer[0] == "dropout":
            yield "{.kind = WL_LAYER_DROPOUT, .keep = %s}" % float(layer[1]).hex()
        elif layer[0] == "residual":
            branch = list(flat(layer[1]))
            yield "{.kind = WL_LAYER_RESIDUAL, .branch = %d}" % len(branch)
            yield from branch
        elif layer[0] == "polynomial":
            yield "{.kind = WL_LAYER_POLYNOMIAL, .hermite = {%s}}" % ", ".join(float(c).hex() for c in layer[1])
        elif len(layer) > 2:
            kind = "WL_LAYER_%s" % layer[0].upper()
            if layer[0] in SMOOTH:
                kind = "WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_%s" % layer[0].upper()
            yield "{.kind = %s, %s}" % (kind, ", ".join(".%s = %s" % (s, float(t).hex())
                                                        for s, t in zip("abc", layer[1:])))
        else:
            yield "{.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_%s, .slope = %s}" % (
                layer[0].upper(), float(layer[1] if len(layer) > 1 else 0).hex())


def dense(w, b):
    return ("dense", w, b)


RELU, ERF, GELU, SIN, COS, TANH = (("relu",), ("erf",), ("gelu",), ("sin",), ("cos",), ("tanh",))
NORM, DROPOUT = ("layer_norm",), ("dropout", 0.75)
CASES = [
    [dense(1.5, 0.1), RELU, dense(1.2, 0.3), ("leaky_relu", 0.2), dense(1.1, 0)],
    [dense(1.3, 0.2), dense(0.9, 0.4), RELU, dense(1.2, 0.1), ("identity",), dense(1.4, 0)],
    [dense(1.3, 0.2), ERF, dense(1.1, 0.1), TANH, dense(1, 0)],
    [dense(1.4, 0.1), RELU, dense(1.2, 0.2), GELU, dense(1.4, 0.1), RELU, dense(1, 0)],
    [dense(1.5, 0.1), RELU, ("residual", [dense(1, 0.1), ERF, dense(1.4, 0.1)]), NORM, dense(1, 0)],
    [dense(1.2, 0), ("residual", [RELU, dense(1.2, 0.1), RELU, dense(0.7, 0)]), NORM, RELU, dense(1.3, 0.2),
     ("residual", [("residual", [dense(0.8, 0), RELU, dense(1, 0.3)]), RELU, dense(0.5, 0)]), dense(1, 0.5)],
    [dense(1.1, 0.3), NORM, ("softplus",), ("residual", [dense(0.9, 0), COS, dense(0.6, 0.1)]), NORM, dense(1, 0),
     SIN, dense(1.1, 0)],
    [dense(1.2, 0.2), ("abrelu", -1, 1), dense(1.3, 0.1), ("abrelu", 0.7, -0.2), dense(1.5, 0), ("abrelu", -2, 0), NORM,
     dense(1, 0.1)],
    [dense(0.9, 0.3), ("gaussian", 1.3, -0.6), dense(1.5, 0.2), ("exp", 0.8, 0.4), dense(1.1, 0.1)],
    [dense(0.8, 0.2), ("sine", 1.4, 0.9, 0.7), dense(1.2, 0.1), ("polynomial", (0.3, 1, -0.5, 0, 0.2)), dense(0.9, 0.1),
     ("erf", 2, 0.5), dense(1, 0)],
    [dense(1.3, 0.2), RELU, DROPOUT, dense(1.2, 0.1), RELU, ("dropout", 0.9), dense(1.1, 0.3), ("leaky_relu", 0.2), DROPOUT, dense(1, 0)],
    [dense(1.2, 0.1), ERF, DROPOUT, ("residual", [dense(1, 0.2), RELU, DROPOUT, dense(0.9, 0)]), NORM, dense(1.3, 0), TANH,
     ("dropout", 0.3), dense(1.1, 0.2)],
    [dense(1.2, 0.3), DROPOUT, dense(1.4, 0.1), RELU, ("dropout", 0.5), NORM, dense(1.1, 0.2), ("abrelu", -0.8, 1.1), ("dropout", 0.99),
     dense(1.3, 0.1), RELU, DROPOUT, dense(1.2, 0.4)],
]

STANDARD = [
    (40, [dense(1.5, 0.1), RELU, dense(1.2, 0.3), ("leaky_relu", 0.2), DROPOUT, dense(1.1, 0)]),
    (300, [dense(1.3, 0), ERF, dense(0.3, 1.5), RELU, ("residual", [dense(0.7, 2), RELU, dense(0.9, 0)]), NORM, dense(1.1, 0.4)]),
    (25, [dense(0.8, 0.6), ("abrelu", -0.6, 1.2), dense(1.3, 0), RELU, ("dropout", 0.6), dense(1.1, 1.7), ("leaky_relu", 0.3), dense(1, 0.2)]),
]
SHIFTED = [
    [dense(1.2, 0.1), ("erf", 1.3, 0.9, 0.7), dense(1.1, 0.2)],
    [dense(1.2, 0), ("erf", 2, -0.8, -1.6), dense(1.2, 0.1), ("erf", 0.7, 0.4, 3), dense(1, 0.3)],
]

random.seed(11)
base = [random.gauss(0, 1) for _ in range(4)]
other = [random.gauss(0, 1) for _ in range(4)]
POINTS = [base, other, [3 * s for s in base], [-0.7 * s for s in base]]
POINTS += [[s + eps * t for s, t in zip(base, other)] for eps in (1e-2, 1e-5, 1e-9)]
POINTS += [[-s + eps * t for s, t in zip(base, other)] for eps in (1e-3, 1e-8)]


def inner(x, y):
    return sum(mpf(s) * mpf(t) for s, t in zip(x, y)) / len(x)


print("/* Written by layer_cases.py. */")
print("enum { LAYER_DIMENSION = %d, LAYER_POINTS = %d, LAYER_MOST = 20 };" % (len(base), len(POINTS)))
print("static const double layer_base[LAYER_DIMENSION] = {" + ", ".join(s.hex() for s in base) + "};")
print("static const double layer_point[LAYER_POINTS][LAYER_DIMENSION] = {")
for y in POINTS:
    print("    {" + ", ".join(float(s).hex() for s in y) + "},")
print("};")
print("static const struct {\n  int width, count; /* width: in standard parametrization */\n  wl_layer layer[LAYER_MOST];\n  double diagonal[2], kappa_theta[LAYER_POINTS][2];\n"
      "} layer_case[] = {")
for width, layers in [(0, case) for case in CASES] + STANDARD + [(0, case) for case in SHIFTED]:
    parts = list(flat(layers))
    print("    {%d, %d,\n     {" % (width, len(parts)) + ",\n      ".join(parts) + "},")
    own = forward(layers, inner(base, base), inner(base, base), inner(base, base), mpf(0), True, width, len(base))
    print("     {%s, %s},\n     {" % (float(own[2]).hex(), float(own[3]).hex()))
    for y in POINTS:
        values = forward(layers, inner(base, base), inner(y, y), inner(base, y), mpf(0), False, width, len(base))
        print("         {%s, %s}," % (float(values[2]).hex(), float(values[3]).hex()))
        print(".", end="", file=sys.stderr, flush=True)
    print("     }},")
print("};")
