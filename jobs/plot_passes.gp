# Called by plot_passes.sh with a folder of columns (NOISE-RANK: passes, and the widest brackets of ntk_gp and of ensemble over the
# prior variance), the figure, and the folder of this file.
columns = ARG1; figure = ARG2
width = 1060; height = 440
load ARG3.'/plot_style.gp'
noises = '0.1 0.01 0.001 0.0001'
ranks = '16 64 256 512'
set logscale xy
set format y '10^{%T}'
set xrange [1.8:100]
set yrange [1e-11:1e1]
set ytics 1e2
set xtics (2, 5, 10, 20, 50)
set xlabel 'passes over the kernels'
set key maxrows 2
set multiplot layout 1,2 margins screen 0.09,0.985,0.31,0.91 spacing screen 0.09,0
set key at screen 0.29,0.02
set title 'rank 256'
set ylabel 'widest bracket / prior variance'
plot for [k = 1:words(noises)] columns.'/'.word(noises, k).'-256' using 1:2 with linespoints lt k title 'noise '.word(noises, k), \
     for [k = 1:words(noises)] columns.'/'.word(noises, k).'-256' using 1:3 with lines lt k lw 1 dt 2 title (k == 1 ? 'ensemble' : '')
set key at screen 0.77,0.02
set title 'noise 0.01'
unset ylabel
plot for [k = 1:words(ranks)] columns.'/0.01-'.word(ranks, k) using 1:2 with linespoints lt k title 'rank '.word(ranks, k), \
     for [k = 1:words(ranks)] columns.'/0.01-'.word(ranks, k) using 1:3 with lines lt k lw 1 dt 2 title (k == 1 ? 'ensemble' : '')
unset multiplot
