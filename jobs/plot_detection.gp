# Called by plot.py with a folder of columns (histogram: left end of the bin, share in distribution, share out of it;
# roc_QUANTITY: false and true positive rate), the figure, this folder, the quantities, and the area under each curve.
columns = ARG1; figure = ARG2; quantities = ARG4; areas = ARG5
width = 900; height = 520
load ARG3.'/plot_style.gp'
first = word(quantities, 1)
set multiplot layout 1,2 margins screen 0.1,0.975,0.33,0.92 spacing screen 0.1,0

set title 'standard deviation of the '.(first eq 'rnd' ? 'error of RND' : name(first))
set xlabel 'standard deviation'
set ylabel 'share of the test points'
set xrange [0:*] noextend
set yrange [0:*]
set offsets 0,0,graph 0.05,0
set key at screen 0.29,0.02 center bottom
plot columns.'/histogram' using 1:2 with fillsteps fill solid 0.35 noborder lt 1 title 'in distribution', \
     '' using 1:2 with steps lt 1 lw 1.5 notitle, \
     '' using 1:3 with steps lt 2 title 'out of distribution'

set title 'telling one from the other by the variance'
set xlabel 'false positive rate'
set ylabel 'true positive rate'
set xrange [0:1]
set yrange [0:1]
set offsets 0,0,0,0
set size ratio -1
set key at screen 0.74,0.02 center bottom
plot for [k = 1:words(quantities)] columns.'/roc_'.word(quantities, k) using 1:2 with linespoints pn 8 lt style(word(quantities, k)) \
       title sprintf('%s: AUROC %s', both(word(quantities, k)), word(areas, k)), \
     x with lines lt 1 lc rgb 'black' lw 1 dt 2 title 'chance: 0.5'
unset multiplot
