# Called by plot_toy.sh with `columns` (a folder with x, mean, variance for each quantity), `train`, `test` and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 960,340 font 'sans,11' } \
else { set terminal svg size 960,340 font 'sans,13' background 'white' }
set output figure
set multiplot layout 1,3 margins 0.05,0.99,0.09,0.89 spacing 0.03
set xrange [-4:4]
set yrange [-4.5:4.5]
set xtics 2
set ytics 2
set grid lc '#dddddd'
set style fill solid 0.25 noborder
set key bottom right samplen 2 font ',11'
set datafile separator whitespace

quantities = 'ensemble ntk_gp nngp'
titles = '"ensemble (rnd: twice the variance)" "ntk\_gp and bayesian\_rnd" "nngp"'
colours = '#1f77b4 #d95f02 #2a9d5c'
do for [k = 1:3] {
  set title word(titles, k) font ',13'
  set format y (k == 1 ? '%g' : '')
  data = columns.'/'.word(quantities, k)
  truth = '< tail -n +2 '.test.' | tr , " "'
  points = '< tail -n +2 '.train.' | tr , " "'
  plot data using 1:($2 - 2*sqrt($3)):($2 + 2*sqrt($3)) with filledcurves lc rgb word(colours, k) title 'mean ± 2 std. dev.', \
       truth using 1:2 with lines lc '#888888' dt 2 title 'truth', \
       data using 1:2 with lines lw 2 lc rgb word(colours, k) notitle, \
       points using 1:2 with points pt 7 ps 0.6 lc 'black' title 'observations'
}
unset multiplot
