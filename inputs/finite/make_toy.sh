#!/usr/bin/env bash
# Makes toy_train.csv and toy_test.csv beside itself: an angle t, its Fourier features of order 1 to 3, and the target.
set -euo pipefail
cd "$(dirname "$0")"

# rows COUNT FIRST-EXPRESSION: t of row i of COUNT comes from an awk expression of i and count
rows() {
  LC_ALL=C awk -v count="$1" 'BEGIN {
    print "t,cos1,sin1,cos2,sin2,cos3,sin3,y"
    pi = atan2(0, -1)
    for (i = 0; i < count; i++) {
      t = '"$2"'
      printf "%.6f", t
      for (k = 1; k <= 3; k++) printf ",%.17g,%.17g", cos(k * t), sin(k * t)
      printf ",%.17g\n", sin(2 * t) + 0.5 * cos(t)
    }
  }'
}

# 16 points on three quarters of the circle; 24 all around it, none of them equal to one of the 16
rows 16 '-0.75 * pi + 1.5 * pi * i / (count - 1)' >toy_train.csv
rows 24 '-pi + 2 * pi * (i + 0.5) / count' >toy_test.csv
