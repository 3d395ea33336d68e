# Called by plot_digits.sh with `columns` (a folder with ROC curves and histograms) and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 960,360 font 'sans,11' } \
else { set terminal svg size 960,360 font 'sans,13' background 'white' }
set output figure
set multiplot layout 1,2 margins 0.07,0.98,0.15,0.90 spacing 0.09
set grid lc '#dddddd'

set title 'Standard deviation of the ensemble at test images'
set xlabel 'standard deviation'
set ylabel 'share of the images'
set style fill transparent solid 0.55 noborder
set boxwidth 1 relative
set key top right
set xrange [0:*]
set yrange [0:*]
plot columns.'/histogram_ensemble' using 1:2 with boxes lc '#1f77b4' title 'digits 0 to 4 (known)', \
     '' using 1:3 with boxes lc '#d95f02' title 'digits 5 to 9 (never seen)'

set title 'Telling 5 to 9 from 0 to 4 by the variance'
set xlabel 'false positive rate'
set ylabel 'true positive rate'
set key bottom right
set xrange [0:0.5]
set yrange [0:1]
plot columns.'/roc_ensemble' with lines lw 2 lc '#1f77b4' title 'ensemble, RND', \
     columns.'/roc_ntk_gp' with lines lw 2 lc '#d95f02' title 'NTK posterior, Bayesian RND', \
     columns.'/roc_nngp' with lines lw 2 lc '#2a9d5c' title 'NNGP posterior'
unset multiplot
