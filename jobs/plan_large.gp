# Called by plan_large.sh with `columns` (a folder with SIZE.time: cores, seconds, share of ideal), `sizes` and `figure`.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size 960,400 font 'sans,10' } \
else { set terminal svg size 960,400 font 'sans,13' background 'white' }
set output figure
count = words(sizes)
colours = '#1f77b4 #d95f02 #2a9d5c #8e44ad #b8860b #444444'
colour(k) = word(colours, (k - 1) % 6 + 1)
file(k) = columns.'/'.word(sizes, k).'.time'
set grid lc '#dddddd'
set logscale x 2
set xlabel 'cores (one rank each)'
set xrange [48:87000]
set xtics ('64' 64, '256' 256, '1,024' 1024, '4,096' 4096, '16,384' 16384, '65,536' 65536)
set multiplot layout 1,2 margins 0.08,0.98,0.13,0.91 spacing 0.08
set title 'predicted time of a whole run'
set logscale y
set ytics ('1 min' 60, '10 min' 600, '1 h' 3600, '10 h' 36000, '4 d' 345600)
set key bottom left samplen 2 font ',11'
plot for [k = 1:count] file(k) using 1:2 with linespoints pt 7 ps 0.6 lw 1.5 lc rgb colour(k) title 'n = '.word(sizes, k)
unset logscale y
set ytics auto
set yrange [0:110]
set title '% of ideal: node hours on the fewest nodes that fit / node hours'
plot for [k = 1:count] file(k) using 1:(100*$3) with linespoints pt 7 ps 0.6 lw 1.5 lc rgb colour(k) notitle, \
     50 with lines dt 2 lc '#888888' title 'knee: 50 %'
unset multiplot
