# Called by plot.py with a folder of columns (times: training time, error, then a mean variance for each quantity; converged: the
# same at infinity, where the run has it), the figure, this folder, the quantities, and the name of the error (empty: none).
columns = ARG1; figure = ARG2; quantities = ARG4; error = ARG5
panels = error eq '' ? 1 : 2
width = panels == 2 ? 900 : 560; height = 500
load ARG3.'/plot_style.gp'
if (panels == 2) {
  set multiplot layout 1,2 margins screen 0.09,0.975,0.31,0.92 spacing screen 0.11,0
} else {
  set lmargin screen 0.15; set rmargin screen 0.96; set bmargin screen 0.31; set tmargin screen 0.92
}
set logscale x
set format x '10^{%L}'
set xlabel 'training time'
has_end = int(system("test -s '".columns."/converged' && echo 1 || echo 0"))
if (panels == 2) {
  set title 'test points: '.error
  set ylabel error
  set yrange [0:*]
  set key at screen 0.26,0.02 center bottom
  if (has_end) {
    plot columns.'/times' using 1:2 with linespoints lt 3 title 'mean at the time', \
         columns.'/converged' using 1:2 with lines lt 1 lc rgb 'black' lw 1 dt 2 title 'converged'
  } else { plot columns.'/times' using 1:2 with linespoints lt 3 title 'mean at the time' }
}
set title 'mean variance over the test points'
set ylabel 'variance'
set yrange [0:*]
set key at screen (panels == 2 ? 0.76 : 0.5),0.02 center bottom
what(q) = q eq 'rnd' ? 'RND, E[ε²]' : name(q)
line(q) = q eq 'rnd' ? 5 : style(q)
if (has_end) {
  plot for [k = 1:words(quantities)] columns.'/times' using 1:(column(2 + k)) with linespoints lt line(word(quantities, k)) \
         title what(word(quantities, k)), \
       for [k = 1:words(quantities)] columns.'/converged' using 1:(column(2 + k)) with lines lt 1 lc rgb 'black' lw 1 dt 2 \
         title (k == 1 ? 'converged' : '')
} else {
  plot for [k = 1:words(quantities)] columns.'/times' using 1:(column(2 + k)) with linespoints lt line(word(quantities, k)) \
         title what(word(quantities, k))
}
if (panels == 2) { unset multiplot }
