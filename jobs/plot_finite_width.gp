# Called by plot_finite.sh with a folder of columns (width; CLAIM: width, deviation, standard error; CLAIM.fit: amplitude and
# rate), the figure and the folder of this file.
columns = ARG1; figure = ARG2
width = 1180; height = 500
load ARG3.'/plot_style.gp'
stats columns.'/width' using 1 nooutput
first = STATS_min; last = STATS_max
set multiplot layout 1,3 margins screen 0.085,0.985,0.36,0.91 spacing screen 0.09,0
set logscale x
set xlabel 'width'
set xtics first,4
set xrange [first*0.8:last*1.25]
set format y '%.3g'
panels = '"kappa theta" "ensemble_path rnd_path bayesian_rnd_path" "ensemble_coupled rnd_coupled bayesian_rnd_coupled"'
titles = '"kernels at initialization" "trained network to the limit of its start" "variance, coupled estimate"'
ylabels = '"relative distance" "relative distance" "|relative deviation|"'
label(c) = system('echo '.c.' | tr _ " "')
of(c, field) = real(system(sprintf("cut -f%d '%s/%s.fit'", field, columns, c)))
do for [p = 1:3] {
  set title word(titles, p)
  set ylabel word(ylabels, p)
  set key at screen (0.205 + (p - 1)*0.33),0.02 center bottom
  names = word(panels, p)
  if (p < 3) {
    set logscale y 2
    plot for [k = 1:words(names)] columns.'/'.word(names, k) using 1:2:3 with yerrorbars lt k dt 1 notitle, \
         for [k = 1:words(names)] of(word(names, k), 1)*x**(-of(word(names, k), 2)) with lines lt k lw 1.5 notitle, \
         for [k = 1:words(names)] 1/0 with linespoints lt k \
             title sprintf('%s: width^{−%.2f}', label(word(names, k)), of(word(names, k), 2))
  } else {
    set logscale y 10
    plot for [k = 1:words(names)] columns.'/'.word(names, k) using 1:(abs($2)):3 with yerrorbars lt k dt 1 title label(word(names, k)), \
         10.0/x with lines lt 1 lc rgb 'black' lw 1 dt 2 title '10 / width'
  }
}
unset multiplot
