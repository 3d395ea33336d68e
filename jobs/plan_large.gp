# Called by plan_large.sh with a folder of columns (SIZE.time: cores, seconds, share of ideal), the figure, the folder of this
# file and the sizes.
columns = ARG1; figure = ARG2; sizes = ARG4
width = 960; height = 460
load ARG3.'/plot_style.gp'
count = words(sizes)
file(k) = columns.'/'.word(sizes, k).'.time'
set logscale x 2
set xlabel 'cores (one rank each)'
set xrange [48:87000]
set xtics ('64' 64, '256' 256, '1,024' 1024, '4,096' 4096, '16,384' 16384, '65,536' 65536)
set key maxrows 2
set multiplot layout 1,2 margins screen 0.115,0.975,0.28,0.91 spacing screen 0.1,0
set title 'predicted time of a whole run'
set ylabel 'time'
set logscale y
set ytics ('1 min' 60, '10 min' 600, '1 h' 3600, '10 h' 36000, '4 d' 345600)
plot for [k = 1:count] file(k) using 1:2 with linespoints lt k title 'n = '.word(sizes, k), \
     NaN with lines lt 1 lw 1 dt 2 lc rgb 'black' title 'knee: 50 %'
unset key
unset logscale y
set ytics auto
set yrange [0:110]
set title 'node hours, of those on the fewest nodes'
set ylabel '% of ideal'
plot for [k = 1:count] file(k) using 1:(100*$3) with linespoints lt k, 50 with lines lt 1 lw 1 dt 2 lc rgb 'black'
unset multiplot
