# Called by plot_scaling.sh with `columns` (a folder with ranks, seconds, speed-up and efficiency for each size, and the list
# `sizes`), `kind`, `cores` and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 960,360 font 'sans,10' } \
else { set terminal svg size 960,360 font 'sans,13' background 'white' }
set output figure
sizes = system('cat '.columns.'/sizes')
count = words(sizes)
colours = '#1f77b4 #d95f02 #2a9d5c #8e44ad #b8860b #444444'
colour(k) = word(colours, (k - 1) % 6 + 1)
name(k) = 'n = '.word(sizes, k).(kind eq 'weak' ? ' √ranks' : '')
file(k) = columns.'/'.word(sizes, k)
stats file(1) using 1 nooutput
fewest = STATS_min
most = STATS_max
set grid lc '#dddddd'
set logscale x 2
set samples 1000
set xrange [fewest*0.85:most*1.18]
set xlabel 'ranks'
set multiplot layout 1,3 margins 0.07,0.99,0.14,0.9 spacing 0.07
if (cores < most && cores >= fewest) \
  { set arrow 1 from first cores,graph 0 to first cores,graph 1 nohead dt 3 lc '#888888' }
set key top right samplen 2 font ',11'
set logscale y
set format y '%g'
set title kind.' scaling: seconds of a whole run'
plot for [k = 1:count] file(k) using 1:2 with linespoints pt 7 ps 0.7 lw 1.5 lc rgb colour(k) title name(k), \
     NaN with lines dt 3 lc '#888888' title (cores < most ? sprintf('%d cores', cores) : '')
set key top left samplen 2 font ',11'
set title 'speed-up (model flops/s)'
plot for [k = 1:count] file(k) using 1:3 with linespoints pt 7 ps 0.7 lw 1.5 lc rgb colour(k) notitle, \
     (x <= cores ? x : cores) with lines dt 2 lc '#888888' title 'ideal'
unset logscale y
set yrange [0:1.15]
set key bottom left samplen 2 font ',11'
set title 'efficiency (per core)'
plot for [k = 1:count] file(k) using 1:($1 <= cores ? $4 : $4*$1/cores) with linespoints pt 7 ps 0.7 lw 1.5 lc rgb colour(k) notitle, \
     1.0 with lines dt 2 lc '#888888' notitle
unset multiplot
