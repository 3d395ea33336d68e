# Called by plot_scaling.sh with a folder of columns (sizes: their list; SIZE: ranks, seconds, speed-up, efficiency, and seconds by
# lookahead), the figure, the folder of this file, the kind of study (strong, weak) and the number of cores.
columns = ARG1; figure = ARG2; kind = ARG4; cores = real(ARG5)
width = 1060; height = 440
load ARG3.'/plot_style.gp'
sizes = system("cat '".columns."/sizes'")
count = words(sizes)
name(k) = 'n = '.word(sizes, k).(kind eq 'weak' ? ' √ranks' : '')
file(k) = columns.'/'.word(sizes, k)
stats file(1) using 1 nooutput
fewest = STATS_min
most = STATS_max
set logscale x 2
set samples 1000
set xrange [fewest*0.85:most*1.18]
set xlabel 'ranks'
set key maxrows 2
set multiplot layout 1,3 margins screen 0.08,0.985,0.31,0.91 spacing screen 0.075,0
if (cores < most && cores >= fewest) \
  { set arrow 1 from first cores,graph 0 to first cores,graph 1 nohead dt 3 lw 1.5 lc rgb grey }
set logscale y 2
set format y '%g'
set title kind.' scaling: a whole run'
set ylabel 'seconds'
plot for [k = 1:count] file(k) using 1:2 with linespoints lt k title name(k), \
     for [k = 1:count] file(k) using 1:5 with lines lt k lw 1 dt 4 title (k == 1 ? 'engine: lookahead' : ''), \
     NaN with lines lt 1 lw 1.5 dt 3 lc rgb grey title (cores < most ? sprintf('%g cores', cores) : ''), \
     NaN with lines lt 1 lw 1 dt 2 lc rgb 'black' title 'ideal'
unset key
set title 'speed-up by flops'
set ylabel 'speed-up'
plot for [k = 1:count] file(k) using 1:3 with linespoints lt k, (x <= cores ? x : cores) with lines lt 1 lw 1 dt 2 lc rgb 'black'
unset logscale y
set yrange [0:1.15<*]
set title 'efficiency of a core'
set ylabel 'efficiency'
plot for [k = 1:count] file(k) using 1:($1 <= cores ? $4 : $4*$1/cores) with linespoints lt k, \
     1.0 with lines lt 1 lw 1 dt 2 lc rgb 'black'
unset multiplot
