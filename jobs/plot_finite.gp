# Called by plot_finite.sh with `columns` (a folder with width, deviation, standard error of each claim, its fit, and for each
# model angle, mean, variance and twice five quantiles), `figures`, and the narrowest and widest width, `first` and `last`.
set terminal svg size 960,360 font 'sans,13' background 'white'
set datafile separator whitespace
set grid lc '#dddddd'

# Deviation against width
set output figures.'-width.svg'
set multiplot layout 1,3 margins 0.06,0.99,0.13,0.9 spacing 0.06
set logscale xy
set xlabel 'width'
set xtics (32, 64, 128, 256, 512, 1024, 2048, 4096)
set xrange [first*0.8:last*1.25]
set format y '%g'
set key bottom left samplen 2 font ',11'
panels = '"kappa theta" "ensemble_path rnd_path bayesian_rnd_path" "ensemble_coupled rnd_coupled bayesian_rnd_coupled"'
titles = '"kernels at initialization" "trained network to the limit of its own start" "variance, coupled estimate (absolute)"'
colours = '#1f77b4 #d95f02 #2a9d5c'
do for [p = 1:3] {
  set title word(titles, p) font ',13'
  names = word(panels, p)
  count = words(names)
  amplitude(k) = real(system('cut -f1 '.columns.'/'.word(names, k).'.fit'))
  rate(k) = real(system('cut -f2 '.columns.'/'.word(names, k).'.fit'))
  array a[3]
  array r[3]
  do for [k = 1:count] { a[k] = amplitude(k); r[k] = p == 1 || p == 2 ? rate(k) : 1.0 }
  plot for [k = 1:count] columns.'/'.word(names, k) using 1:(abs($2)):3 with yerrorbars pt 7 ps 0.7 lc rgb word(colours, k) notitle, \
       for [k = 1:count] (p < 3 ? a[k]*x**(-r[k]) : 1/0) with lines lw 1.5 lc rgb word(colours, k) \
           title (p < 3 ? sprintf('%s: width^{−%.2f}', system("echo ".word(names, k)." | tr _ ' '"), r[k]) : ''), \
       for [k = 1:count] (p == 3 ? 1/0 : NaN) with points pt 7 lc rgb word(colours, k) \
           title (p == 3 ? system("echo ".word(names, k)." | tr _ ' '") : ''), \
       (p == 3 ? 10.0/x : 1/0) with lines dt 2 lc '#888888' title (p == 3 ? '10 / width' : '')
}
unset multiplot
unset logscale

# Exact bands and the quantiles of trained networks
set output figures.'-bands.svg'
set multiplot layout 1,3 margins 0.05,0.99,0.13,0.9 spacing 0.04
set xlabel 'angle'
set xrange [-pi:pi]
set xtics autofreq 1
set ytics 2
set style fill solid 0.25 noborder
models = 'ensemble rnd bayesian_rnd'
titles = '"ensemble" "rnd: error" "posterior samples: mean + bayesian\_rnd"'
do for [k = 1:3] {
  set title word(titles, k) font ',13'
  scale = k == 2 ? 2.0 : 1.0
  centre = k == 2 ? 0.0 : 1.0
  data = columns.'/bands_'.word(models, k)
  plot data using 1:(centre*$2 - 1.96*sqrt(scale*$3)):(centre*$2 + 1.96*sqrt(scale*$3)) with filledcurves lc rgb word(colours, k) title 'exact 95 %', \
       data using 1:(centre*$2) with lines lw 2 lc rgb word(colours, k) title (k == 2 ? '' : 'exact mean'), \
       data using 1:(centre*$2 + $4) with points pt 6 ps 0.6 lc '#888888' title 'networks, width '.first, \
       data using 1:(centre*$2 + $8) with points pt 6 ps 0.6 lc '#888888' notitle, \
       data using 1:(centre*$2 + $9) with points pt 7 ps 0.5 lc 'black' title 'networks, width '.last, \
       data using 1:(centre*$2 + $13) with points pt 7 ps 0.5 lc 'black' notitle
}
unset multiplot
