#!/usr/bin/env bash
# numbers.sh PROGRAM LAUNCHER RANKS CHECK_SUMMARY: every number of summary.json where it is known in closed form. Runs in a folder of
# its own.
#
# A linear network of depth 1 on one input without biases: κ = Θ = z zᵀ, so that with Σ z² = n for standardized inputs
#   S = z zᵀ + s I      log det S = (n − 1) log s + log(s + n)      S⁻¹ = (I − z zᵀ / (s + n)) / s
#   mean = t Σ z y / (s + n)      ntk_gp = nngp = bayesian_rnd = t² s / (s + n)      ensemble = rnd / 2 = t² s² / (s + n)²
set -uo pipefail
program=$1 launcher=$2 ranks=$3 check_summary=$4
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

# run CASE [OPTION]...
run() {
  local case=$1
  shift
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" run "$case.yaml" "$@" >"$case.log" 2>&1 || failed "$case: $(cat "$case.log")"
}

printf '%s\n' 1 2 3 6 >x.csv
printf '%s\n' 1 -1 2 0.5 >y.csv
printf '%s\n' 0 2.5 7 30 4 >t.csv
printf '%s\n' 0.5 1 -1 5 0 >u.csv
printf '%s\n' 0 0 0 1 1 >o.csv
cat >linear.yaml <<'END'
data:
  train: {inputs: x.csv, targets: y.csv}
  test: {inputs: t.csv, targets: u.csv, ood: o.csv}
  standardize: true
  header: false
network: {depth: 1, activation: identity, sigma_w: 1, sigma_b: 0}
noise_variance: 0.5
quantities: [ntk_gp, nngp, bayesian_rnd, ensemble, rnd]
grid: {block: 2}
output: {directory: linear}
END
run linear

# What must be there, as KEY VALUE TOLERANCE.
mapfile -t expected < <(paste -d, t.csv u.csv o.csv | awk -F, -v ranks="$ranks" -v s=0.5 '
  function abs(x) { return x < 0 ? -x : x }
  function say(key, value, scale) { printf "%s\n%.17g\n%.3g\n", key, value, 1e-12 * (scale ? scale : 1 + abs(value)) }
  BEGIN {
    pi = atan2(0, -1); n = split("1 2 3 6", x, " "); split("1 -1 2 0.5", y, " ")
    for (i = 1; i <= n; i++) mean += x[i] / n
    for (i = 1; i <= n; i++) square += (x[i] - mean) ^ 2 / n
    for (i = 1; i <= n; i++) { z[i] = (x[i] - mean) / sqrt(square); zy += z[i] * y[i]; yy += y[i] ^ 2 }
  }
  { t = ($1 - mean) / sqrt(square)
    m++; target[m] = $2; ood[m] = $3; prediction[m] = t * zy / (s + n)
    variance["posterior", m] = t ^ 2 * s / (s + n); variance["ensemble", m] = (t * s / (s + n)) ^ 2
    variance["rnd", m] = 2 * variance["ensemble", m] }
  # metrics of one quantity, whose variance has the formula `kind`
  function quantity(name, kind, likely,    j, k, sum, inside, nll, beyond, above, pairs) {
    for (j = 1; j <= m; j++) {
      if (ood[j]) { beyond += variance[kind, j]; continue }
      inside++; sum += variance[kind, j]
      v = variance[kind, j] + s
      nll += 0.5 * (log(2 * pi * v) + (target[j] - prediction[j]) ^ 2 / v)
      for (k = 1; k <= m; k++) if (ood[k]) { pairs++; above += variance[kind, k] > variance[kind, j] }
    }
    name = "metrics.quantity." name
    say(name ".mean_variance", sum / inside); say(name ".mean_variance_ood", beyond / (m - inside))
    say(name ".auroc", above / pairs)
    if (likely) say(name ".negative_log_likelihood", nll / inside)
  }
  END {
    for (j = 1; j <= m; j++) if (!ood[j]) { inside++; squared += (target[j] - prediction[j]) ^ 2 }
    split("ntk nngp", means, " "); split("theta kappa", factors, " ")
    for (k = 1; k <= 2; k++) { say("metrics.mean." means[k] ".points", inside); say("metrics.mean." means[k] ".rmse", sqrt(squared / inside)) }
    quantity("ntk_gp", "posterior", 1); quantity("nngp", "posterior", 1); quantity("bayesian_rnd", "posterior", 1)
    quantity("ensemble", "ensemble", 1); quantity("rnd", "rnd", 0)

    determinant = (n - 1) * log(s) + log(s + n)
    evidence = -0.5 * (yy - zy ^ 2 / (s + n)) / s - 0.5 * determinant - 0.5 * n * log(2 * pi)
    for (j = 1; j <= n; j++) {
      a = b = 0
      for (i = 1; i <= n; i++) { a += abs(z[i] * z[j] + (i == j) * s); b += abs((i == j) - z[i] * z[j] / (s + n)) / s }
      if (a > norm) norm = a
      if (b > inverse) inverse = b
    }
    for (k = 1; k <= 2; k++) {
      f = "factor." factors[k]
      say(f ".log_determinant", determinant); say(f ".norm_1", norm)
      printf "%s\n%.17g\n%.17g\n", f ".condition_estimate", norm * inverse * 2 / 3, norm * inverse / 3 # of at least a third
      say(f ".log_marginal_likelihood.0", evidence); say(f ".log_marginal_likelihood_sum", evidence)
      printf "%s\n0.5\n0.4999\n", f ".residual"
      p = "seconds.factor_" factors[k]; say(p ".gflops*" p ".max", n ^ 3 / 3 / 1e9, 1e-6)
      p = "seconds.predict_" factors[k]; say(p ".gflops*" p ".max", (k == 1 ? 4 : 1) * n ^ 2 * m / 1e9, 1e-6)
    }
    # the phases make up the time; on one rank the slowest is the mean
    count = split("setup read assemble factor_theta predict_theta factor_kappa predict_kappa write", phases, " ")
    for (k = 1; k <= count; k++) {
      p = "seconds." phases[k]; sum_of_phases = sum_of_phases "-" p ".mean"
      if (ranks == 1) { say(p ".max-" p ".mean", 0); say(p ".min-" p ".mean", 0) }
    }
    say("seconds.wall" sum_of_phases, 0, 1e6)
    say("gflops*seconds.wall", (2 * n ^ 3 / 3 + 5 * n ^ 2 * m) / 1e9, 1e-6)
    say("memory.matrix_bytes", 8 * n ^ 2)
    say("sizes.train", n); say("sizes.test", m); say("sizes.dimension", 1); say("sizes.outputs", 1); say("sizes.test_batch", m)
    say("grid.ranks", ranks); say("grid.block", 2); say("noise_variance", s); say("jitter", 0)
    say("clamped.count", 0); say("clamped.most_negative", 0)
    # a rank takes 8 to 400 MB: kilobytes that are called bytes, or one rank that is called all, are neither
    printf "memory.peak_rss_bytes_max\n204e6\n196e6\n"
    printf "memory.peak_rss_bytes_sum-memory.peak_rss_bytes_max\n%g\n%g\n", 204e6 * (ranks - 1), 196e6 * (ranks - 1)
  }')
((${#expected[@]} >= 3 * 54)) || failed "only $((${#expected[@]} / 3)) numbers are expected"
"$check_summary" linear/summary.json "${expected[@]}" || failed 'linear/summary.json'

# Each training point left out: without point i
#   mean = z_i (Σ z y − z_i y_i) / (s + n − z_i²)      ntk_gp = nngp = bayesian_rnd = z_i² s / (s + n − z_i²)
#   ensemble = rnd / 2 = (z_i s / (s + n − z_i²))²
run linear --set loo=true --set output.directory=left_out
mapfile -t expected < <(paste -d, x.csv y.csv | awk -F, -v s=0.5 '
  function say(key, value) { printf "%s\n%.17g\n%.3g\n", key, value, 1e-12 * (1 + (value < 0 ? -value : value)) }
  # P(|Z| < z) by Simpson with a step of 1/1000 of z: 1e-13 at z = 3
  function within(z,    i, sum) {
    for (i = 0; i <= 1000; i++) sum += (i % 1000 == 0 ? 1 : i % 2 ? 4 : 2) * exp(-0.5 * (z * i / 1000) ^ 2)
    return sum * z / 3000 * sqrt(2 / pi)
  }
  function quantity(name, kind, likely,    i, v, w, all, half, most, crps, density) {
    for (i = 1; i <= n; i++) {
      all += variance[kind, i]; v = variance[kind, i] + s; w = residual[i] / sqrt(v)
      half += w <= 0.674489750196082; most += w <= 1.64485362695147
      density -= 0.5 * (log(2 * pi * v) + w ^ 2)
      crps += sqrt(v) * (w * within(w) + sqrt(2 / pi) * exp(-0.5 * w ^ 2) - 1 / sqrt(pi))
    }
    name = "loo.quantity." name
    say(name ".mean_variance", all / n)
    if (!likely) return
    say(name ".negative_log_likelihood", -density / n); say(name ".log_predictive_density_sum", density)
    say(name ".coverage.0.level", 0.5); say(name ".coverage.0.share", half / n)
    say(name ".coverage.1.level", 0.9); say(name ".coverage.1.share", most / n); say(name ".crps", crps / n)
  }
  { x[++n] = $1; y[n] = $2; mean += $1 }
  END {
    pi = atan2(0, -1); mean /= n
    for (i = 1; i <= n; i++) square += (x[i] - mean) ^ 2 / n
    for (i = 1; i <= n; i++) { z[i] = (x[i] - mean) / sqrt(square); zy += z[i] * y[i] }
    for (i = 1; i <= n; i++) {
      r = y[i] - z[i] * (zy - z[i] * y[i]) / (s + n - z[i] ^ 2); residual[i] = r < 0 ? -r : r; squared += r ^ 2
      variance["posterior", i] = z[i] ^ 2 * s / (s + n - z[i] ^ 2)
      variance["ensemble", i] = (z[i] * s / (s + n - z[i] ^ 2)) ^ 2; variance["rnd", i] = 2 * variance["ensemble", i]
      surprise[i] = residual[i] / sqrt(variance["posterior", i] + s)
    }
    quantity("ntk_gp", "posterior", 1); quantity("nngp", "posterior", 1); quantity("bayesian_rnd", "posterior", 1)
    quantity("ensemble", "ensemble", 1); quantity("rnd", "rnd", 0)
    split("ntk nngp", means, " ")
    for (k = 1; k <= 2; k++) {
      name = "loo.mean." means[k]
      say(name ".points", n); say(name ".rmse", sqrt(squared / n))
      for (i = 1; i <= n; i++) {
        place = 0 # 0: most surprising
        for (j = 1; j <= n; j++) place += surprise[j] > surprise[i]
        say(name ".surprising.rows." place ".index", i - 1); say(name ".surprising.rows." place ".standardized_residual", surprise[i])
      }
    }
    say("loo.clamped.count", 0)
  }')
((${#expected[@]} == 3 * 54)) || failed "$((${#expected[@]} / 3)) numbers are expected of points left out"
"$check_summary" left_out/summary.json "${expected[@]}" || failed 'left_out/summary.json'

# Test points that are training points, without noise: all variances are zero, and rounding takes some below it.
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%.6f,%.6f,%.6f\n", sin(i), cos(3 * i), sin(7 * i + 1) }' >points.csv
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%.6f\n", sin(2 * i) }' >targets.csv
cat >clamped.yaml <<'END'
data:
  train: {inputs: points.csv, targets: targets.csv}
  test: {inputs: points.csv}
network: {depth: 2, activation: erf}
grid: {block: 8}
output: {directory: clamped}
END
run clamped
"$check_summary" clamped/summary.json clamped.count 150.5 150 clamped.most_negative -5e-12 4.999999999e-12 \
  metrics.quantity.ntk_gp.mean_variance 0 1e-12 || failed 'clamped/summary.json'
grep -Eq '^  [1-9][0-9]* variance\(s\) below zero by rounding \(down to -[0-9.]+e-1[0-9]\) set to zero' clamped.log ||
  failed "clamped variances are not printed: $(cat clamped.log)"
exit $((failures > 0))
