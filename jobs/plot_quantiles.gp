# Called by plot.py with a folder of columns (rnd, ensemble: probability, quantile), the figure, this folder and the heads.
columns = ARG1; figure = ARG2; heads = int(ARG4)
width = 560; height = 620
load ARG3.'/plot_style.gp'
set lmargin screen 0.14
set rmargin screen 0.96
set bmargin screen 0.25
set tmargin screen 0.97
set size square
set xlabel sprintf('quantile of χ²(%d)/%d', heads, heads)
set ylabel 'quantile of the samples, in units of the analytic variance'
# the quantile of χ²(K)/K by bisection of the incomplete gamma function
bisect(p, low, high, steps) = steps == 0 ? 0.5*(low + high) : \
  igamma(0.5*heads, 0.25*heads*(low + high)) < p ? bisect(p, 0.5*(low + high), high, steps - 1) \
                                                : bisect(p, low, 0.5*(low + high), steps - 1)
law(p) = bisect(p, 0.0, 20.0, 40)
plot columns.'/rnd' using (law($1)):2 with points lt 2 title sprintf('½ ε̄² of %d RND heads', heads), \
     columns.'/ensemble' using (law($1)):2 with points lt 1 pt 6 title sprintf('variance of %d ensemble members', heads + 1), \
     x with lines lt 1 lc rgb 'black' lw 1 dt 2 title 'equal'
