# Called by plot.py with a folder of columns (theta, kappa: place from the largest, eigenvalue; path: noise variance, log
# marginal likelihood, log density of left-out targets, effective dimension), the figure, this folder, what there is of
# "theta kappa path", and the run's noise (0: none).
columns = ARG1; figure = ARG2; there = ' '.ARG4.' '; noise = real(ARG5)
has(what) = strstrt(there, ' '.what.' ') > 0
both_parts = has('theta') && has('path')
width = both_parts ? 900 : 560; height = 520
load ARG3.'/plot_style.gp'
if (both_parts) {
  set multiplot layout 1,2 margins screen 0.09,0.915,0.29,0.92 spacing screen 0.12,0
} else {
  set lmargin screen 0.15; set rmargin screen (has('path') ? 0.86 : 0.96); set bmargin screen 0.29; set tmargin screen 0.92
}
set logscale x
set format x '10^{%L}'

if (has('theta')) {
  set title 'eigenvalues over the training set'
  set xlabel 'place, from the largest'
  set ylabel 'eigenvalue'
  set logscale y
  set format y '10^{%L}'
  set key at screen (both_parts ? 0.25 : 0.5),0.02 center bottom
  line(y) = noise > 0 ? noise : NaN
  plot columns.'/theta' using 1:2 with linespoints pn 8 lt 2 title 'NTK Θ', \
       columns.'/kappa' using 1:2 with linespoints pn 8 lt 3 title 'NNGP κ', \
       columns.'/theta' using 1:(line($2)) with lines lt 1 lc rgb 'black' lw 1 dt 2 title (noise > 0 ? 'noise variance' : '')
  unset logscale y
  set format y '%h'
}
if (has('path')) {
  set title 'noise levels'
  set xlabel 'noise variance'
  set ylabel 'log density of the targets'
  set y2label 'effective dimension'
  set y2tics out
  set ytics nomirror
  set border 11
  set key at screen (both_parts ? 0.75 : 0.5),0.02 center bottom
  plot columns.'/path' using 1:2 with linespoints lt 1 title 'marginal likelihood', \
       '' using 1:3 with linespoints lt 2 title 'left out, summed', \
       '' using 1:4 axes x1y2 with linespoints lt 4 title 'effective dimension (right)'
}
if (both_parts) { unset multiplot }
