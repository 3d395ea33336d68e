# Called by plot_quantiles.sh with `columns` (a folder with probability and quantile for each kind), `heads` and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 640,620 font 'sans,11' } \
else { set terminal svg size 640,620 font 'sans,13' background 'white' }
set output figure
set size square
set grid lc '#dddddd'
set key top left samplen 2
set xlabel sprintf('quantile of χ²(%d)/%d', heads, heads)
set ylabel 'quantile of the samples, in units of the analytic variance'
# the quantile of χ²(K)/K by bisection of the incomplete gamma function
bisect(p, low, high, steps) = steps == 0 ? 0.5*(low + high) : \
  igamma(0.5*heads, 0.25*heads*(low + high)) < p ? bisect(p, 0.5*(low + high), high, steps - 1) \
                                                : bisect(p, low, 0.5*(low + high), steps - 1)
law(p) = bisect(p, 0.0, 20.0, 40)
plot columns.'/rnd' using (law($1)):2 with points pt 7 ps 0.6 lc '#d95f02' title sprintf('½ ε̄² of %d RND heads', heads), \
     columns.'/ensemble' using (law($1)):2 with points pt 6 ps 0.9 lc '#1f77b4' title sprintf('variance of %d ensemble members', heads + 1), \
     x with lines lc 'black' dt 2 title 'equal'
