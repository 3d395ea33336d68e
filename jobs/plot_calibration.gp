# Called by plot.py with a folder of columns (predicted_QUANTITY: observed, mean, standard deviation of an observation;
# coverage_QUANTITY: distance in standard deviations, share of the targets within it), the figure, this folder, the quantities
# (the first is the one whose predictions are drawn), and the output (0: there is only one).
columns = ARG1; figure = ARG2; quantities = ARG4; output = int(ARG5)
width = 900; height = 520
load ARG3.'/plot_style.gp'
first = word(quantities, 1)
set multiplot layout 1,2 margins screen 0.09,0.975,0.31,0.92 spacing screen 0.11,0

set title name(first).': 90 % intervals'
set xlabel (output > 0 ? sprintf('observed (output %d)', output) : 'observed')
set ylabel 'predicted'
z = 1.6448536269514722
set key at screen 0.29,0.02 center bottom
plot columns.'/predicted_'.first using 1:($2 - z*$3):(0):(2*z*$3) with vectors nohead lt 1 lw 1 lc rgb '#aaaaaa' title 'interval', \
     '' using 1:2 with points lt style(first) ps 0.6 title 'mean', \
     x with lines lt 1 lc rgb 'black' lw 1 dt 2 title 'predicted = observed'

set title 'targets within central intervals'
set xlabel 'level of the interval'
set ylabel 'share of the targets within it'
set xrange [0:1]
set yrange [0:1]
set size ratio -1
set key at screen 0.76,0.02 center bottom
level(distance) = 2*norm(distance) - 1
plot for [q in quantities] columns.'/coverage_'.q using (level($1)):2 with linespoints pn 9 lt style(q) title name(q), \
     x with lines lt 1 lc rgb 'black' lw 1 dt 2 title 'calibrated'
unset multiplot
