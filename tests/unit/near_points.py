#!/usr/bin/env python3
"""Writes near_points.inc: kernels of relu and leaky_relu at nearly parallel points, where the angle is small or
near pi, to 60 digits. Needs mpmath. Run: python3 near_points.py > near_points.inc

Every coordinate is a double, so the values belong to exactly the points that the test uses."""
import argparse
import random

argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()

from mpmath import mp, mpf, sqrt, acos, pi, sin

mp.dps = 60


def kernels(x, y, depth, a, sigma_w, sigma_b):
    a, w, b, d = mpf(a), mpf(sigma_w) ** 2, mpf(sigma_b) ** 2, len(x)
    q, p, k = (w * sum(mpf(s) * mpf(t) for s, t in zip(u, v)) / d + b for u, v in ((x, x), (y, y), (x, y)))
    theta = k
    for _ in range(depth - 1):
        c = min(max(k / sqrt(q * p), mpf(-1)), mpf(1))
        t = acos(c)
        slope = a + (1 - a) ** 2 / 2 * (pi - t) / pi
        dual = sqrt(q * p) * (a * c + (1 - a) ** 2 / 2 * (sin(t) + (pi - t) * c) / pi)
        k, theta = b + w * dual, theta * w * slope
        theta += k
        q, p = (b + w * (1 + a * a) / 2 * s for s in (q, p))
    return float(k), float(theta)


random.seed(7)
base = [random.gauss(0, 1) for _ in range(5)]
other = [random.gauss(0, 1) for _ in range(5)]
pairs = [[s + eps * t for s, t in zip(base, other)] for eps in (1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-11, 1e-14)]
pairs += [[-s + eps * t for s, t in zip(base, other)] for eps in (0, 1e-3, 1e-5, 1e-8, 1e-12)]
pairs += [[factor * s for s in base] for factor in (3, -0.7, 1 + 2.0 ** -30)] + [other]
networks = [(3, 0, 2 ** 0.5, 0), (3, 0, 2 ** 0.5, 0.1), (3, 0.1, 1.1, 0), (9, 0.3, 1.2, 0.4), (40, 0, 1, 0.5),
            (64, 0, 2 ** 0.5, 0.05), (4, 0.999, 1.4, 0)]

print("/* Written by near_points.py. */")
print("static const double near_base[5] = {" + ", ".join(s.hex() for s in base) + "};")
print("static const double near_point[%d][5] = {" % len(pairs))
for y in pairs:
    print("    {" + ", ".join(float(s).hex() for s in y) + "},")
print("};")
print("static const struct {\n  int depth;\n  double slope, sigma_w, sigma_b, kappa_theta[%d][2];\n} near_case[] = {"
      % len(pairs))
for depth, a, sigma_w, sigma_b in networks:
    print("    {%d, %s, %s, %s, {" % (depth, float(a).hex(), float(sigma_w).hex(), float(sigma_b).hex()))
    for y in pairs:
        print("         {%s, %s}," % tuple(s.hex() for s in kernels(base, y, depth, a, sigma_w, sigma_b)))
    print("     }},")
print("};")
