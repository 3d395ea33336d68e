# Called by plot_toy_draws.sh with `columns` (x, mean, variance and draws of each kind), `train` and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 960,420 font 'sans,11' } \
else { set terminal svg size 960,420 font 'sans,13' background 'white' }
set output figure
set multiplot layout 1,2 margins 0.05,0.99,0.08,0.90 spacing 0.04
set xrange [-4:4]
set yrange [-6:6]
set xtics 2
set ytics 2
set grid lc '#dddddd'
set style fill solid 0.2 noborder
set key bottom right samplen 2 font ',11'
points = '< tail -n +2 '.train.' | tr , " "'
kinds = 'posterior ensemble'
titles = '"Bayesian posterior, prior GP(0, Θ)" "deep ensemble, initially GP(0, κ)"'
names = '"draws" "members"'
colours = '#d95f02 #1f77b4'
do for [k = 1:2] {
  set title word(titles, k) font ',13'
  set format y (k == 1 ? '%g' : '')
  data = columns.'/'.word(kinds, k)
  plot data using 1:($2 - 2*sqrt($3)):($2 + 2*sqrt($3)) with filledcurves lc rgb word(colours, k) title 'mean ± 2 std. dev.', \
       data.'.draws' every :::0::11 using 1:2 with lines lw 0.7 lc '#777777' title '12 '.word(names, k), \
       data using 1:2 with lines lw 2.5 lc rgb word(colours, k) title 'mean', \
       points using 1:2 with points pt 7 ps 0.7 lc 'black' title 'observations'
}
unset multiplot
