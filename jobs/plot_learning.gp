# Called by inputs/digits/learning_curve.py with a folder of columns (rnd, ntk_gp, random: points labelled, error in %, its standard
# error), the figure, and this folder.
columns = ARG1; figure = ARG2
width = 560; height = 440
load ARG3.'/plot_style.gp'
set lmargin screen 0.15
set rmargin screen 0.96
set bmargin screen 0.33
set tmargin screen 0.95
set xlabel 'labelled images'
set ylabel 'test images classified wrongly (%)'
set logscale y
set xrange [0:]
set autoscale xfixmax
set yrange [1:50]
set ytics (1, 2, 5, 10, 20, 50)
set style fill solid 0.18 noborder
band(name) = columns.'/'.name
lowest(x) = x > 0.1 ? x : 0.1 # the scale is logarithmic
plot band('random') using 1:(lowest($2 - $3)):($2 + $3) with filledcurves lc rgb grey notitle, \
  band('rnd') using 1:(lowest($2 - $3)):($2 + $3) with filledcurves lt 1 notitle, \
  band('ntk_gp') using 1:(lowest($2 - $3)):($2 + $3) with filledcurves lt 2 notitle, \
  band('random') using 1:2 with linespoints lt 4 lc rgb grey title 'chosen at random', \
  band('rnd') using 1:2 with linespoints lt 1 title 'by the error of RND', \
  band('ntk_gp') using 1:2 with linespoints lt 2 title 'by the posterior under the NTK'
