# Called by plot_finite.sh with a folder of columns (bands_MODEL: angle, mean, variance, five quantiles of the narrowest networks
# and five of the widest), the figure, the folder of this file, and the two widths.
columns = ARG1; figure = ARG2; narrowest = ARG4; widest = ARG5
width = 1120; height = 440
load ARG3.'/plot_style.gp'
set multiplot layout 1,3 margins screen 0.075,0.985,0.31,0.91 spacing screen 0.08,0
set xlabel 'angle'
set xrange [-pi:pi]
set xtics 1
set style fill solid 0.25 noborder
set key maxrows 2
models = 'ensemble rnd bayesian_rnd'
titles = '"ensemble" "error of RND" "posterior: mean + Bayesian RND"'
do for [k = 1:3] {
  if (k > 1) { unset key }
  set title word(titles, k)
  set ylabel word('output error output', k)
  scale = k == 2 ? 2.0 : 1.0
  centre = k == 2 ? 0.0 : 1.0
  data = columns.'/bands_'.word(models, k)
  plot data using 1:(centre*$2 - 1.96*sqrt(scale*$3)):(centre*$2 + 1.96*sqrt(scale*$3)) with filledcurves lc rgb grey title 'exact central 95 %', \
       data using 1:(centre*$2) with lines lt 1 lw 2 title 'exact mean', \
       data using 1:(centre*$2 + $4) with points lt 2 pt 4 ps 0.7 lw 1 title '2.5 and 97.5 % of networks of width '.narrowest, \
       data using 1:(centre*$2 + $8) with points lt 2 pt 4 ps 0.7 lw 1 notitle, \
       data using 1:(centre*$2 + $9) with points pt 7 ps 0.5 lc rgb 'black' title 'the same of width '.widest, \
       data using 1:(centre*$2 + $13) with points pt 7 ps 0.5 lc rgb 'black' notitle
}
unset multiplot
