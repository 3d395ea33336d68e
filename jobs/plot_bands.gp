# Called by plot.py with a folder of columns (train: input, target; test: the same; bands_QUANTITY: input, mean, standard
# deviation; draws_QUANTITY: input, draw), the figure, this folder, the quantities, and the output (0: there is only one).
columns = ARG1; figure = ARG2; quantities = ARG4; output = int(ARG5)
count = words(quantities)
width = 110 + 300*count; height = 450
load ARG3.'/plot_style.gp'
data(q) = columns.'/bands_'.q
# All panels have the range of all bands and targets.
low = 1e300; high = -1e300
do for [q in quantities] {
  stats data(q) using ($2 - 2*$3):($2 + 2*$3) nooutput
  if (STATS_min_x < low) { low = STATS_min_x }
  if (STATS_max_y > high) { high = STATS_max_y }
}
stats columns.'/train' using 1:2 nooutput
if (STATS_min_y < low) { low = STATS_min_y }
if (STATS_max_y > high) { high = STATS_max_y }
if (low == high) { low = low - 1; high = high + 1 }
left = STATS_min_x; right = STATS_max_x
stats data(word(quantities, 1)) using 1 nooutput
if (STATS_min < left) { left = STATS_min }
if (STATS_max > right) { right = STATS_max }
if (left == right) { left = left - 1; right = right + 1 }
set xrange [left:right]
set yrange [low - 0.03*(high - low):high + 0.03*(high - low)]
set xlabel 'input'
set ylabel output > 0 ? sprintf('output %d', output) : 'output'
set style fill solid 0.25 noborder
set key maxrows (count > 1 ? 2 : 5)
set multiplot layout 1,count margins screen 70.0/width,1 - 15.0/width,0.28,0.91 spacing screen 25.0/width,0
do for [k = 1:count] {
  q = word(quantities, k)
  if (k > 1) { set format y ''; unset ylabel; unset key }
  set title name(q)
  draws = columns.'/draws_'.q
  some = int(system("wc -c < '".draws."'")) > 0
  stats columns.'/test' using 2 nooutput
  plot data(q) using 1:($2 - 2*$3):($2 + 2*$3) with filledcurves lc rgb grey title 'mean ± 2 standard deviations of the function', \
       (some ? draws : data(q)) using 1:(some ? $2 : NaN) with lines lt 1 lw 0.7 lc rgb grey title (some ? 'draws' : ''), \
       columns.'/test' using 1:2 with points lt 4 ps 0.3 title (STATS_records > 0 ? 'test targets' : ''), \
       data(q) using 1:2 with lines lt style(q) dt 1 lw 2.5 notitle, \
       columns.'/train' using 1:2 with points pt 7 ps 0.7 lc rgb 'black' title 'training targets'
}
unset multiplot
