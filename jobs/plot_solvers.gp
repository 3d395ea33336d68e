# Called by plot_solvers.sh with a folder of columns (solvers: their list; SOLVER: ranks, seconds, GiB, efficiency), the figure, the
# folder of this file and the number of cores.
columns = ARG1; figure = ARG2; cores = real(ARG4)
width = 1060; height = 420
load ARG3.'/plot_style.gp'
solvers = system("cat '".columns."/solvers'")
count = words(solvers)
file(k) = columns.'/'.word(solvers, k)
title(k) = word(solvers, k) eq 'iterative' ? 'no matrix (iterative)' : 'Cholesky, '.word(solvers, k)
stats file(1) using 1 nooutput
fewest = STATS_min
most = STATS_max
set logscale x 2
set xrange [fewest*0.85:most*1.18]
set xlabel 'ranks'
set multiplot layout 1,3 margins screen 0.08,0.985,0.27,0.91 spacing screen 0.075,0
if (cores < most && cores >= fewest) \
  { set arrow 1 from first cores,graph 0 to first cores,graph 1 nohead dt 3 lw 1.5 lc rgb grey }
set yrange [0:1.1<*]
set title 'a whole run'
set ylabel 'seconds'
set key maxrows 1
plot for [k = 1:count] file(k) using 1:2 with linespoints lt k title title(k), \
     NaN with lines lt 1 lw 1.5 dt 3 lc rgb grey title (cores < most ? sprintf('%g cores', cores) : '')
unset key
set title 'peak memory of all ranks'
set ylabel 'GiB'
plot for [k = 1:count] file(k) using 1:3 with linespoints lt k
set title 'efficiency of a core'
set ylabel 'efficiency'
set yrange [0:1.15<*]
plot for [k = 1:count] file(k) using 1:4 with linespoints lt k, 1.0 with lines lt 1 lw 1 dt 2 lc rgb 'black'
unset multiplot
