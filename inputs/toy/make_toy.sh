#!/bin/sh
# Writes train.csv: ten noisy values of sin(2.5 x) + 0.3 x with a gap in the middle (each noise is written here, drawn
# once from N(0, 0.05²)), and test.csv: 201 points with the exact values. Runs in this folder.
set -eu
awk '
BEGIN {
  n = split("-2.5 0.03 -2.2 -0.06 -1.8 0.01 -1.5 0.07 -1.1 -0.04 0.8 0.05 1.2 -0.02 1.6 -0.05 1.9 0.04 2.4 0.02", v, " ")
  print "x,y" >"train.csv"
  for (i = 1; i < n; i += 2) printf "%.1f,%.6f\n", v[i], truth(v[i]) + v[i + 1] >"train.csv"
  print "x,y" >"test.csv"
  for (i = -100; i <= 100; i++) printf "%.2f,%.6f\n", i * 0.04, truth(i * 0.04) >"test.csv"
}
function truth(x) { return sin(2.5 * x) + 0.3 * x }'
