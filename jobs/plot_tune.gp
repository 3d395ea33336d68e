# Called by plot.py with a folder of columns (within_K, beyond_K, best_K: value of parameter K, objective), the figure, this folder,
# the objective's name, and a word for each parameter: NAME|1 where its scale is logarithmic|its choices by commas.
columns = ARG1; figure = ARG2; objective = ARG4; panels = words(ARG5)
panel(k) = word(ARG5, k)
width = panels < 2 ? 480 : 330 * panels; height = 430
load ARG3.'/plot_style.gp'
part(text, k) = k == 1 ? text[1:strstrt(text, '|') - 1] : part(text[strstrt(text, '|') + 1:*], k - 1)
label(name) = name[strstrt(name, '.') + 1:*]
set bmargin screen 0.30
set tmargin screen 0.93
set offsets graph 0.04, graph 0.04, graph 0.06, graph 0.04
set key at screen 0.5,0.02 center bottom vertical Left reverse samplen 2
set multiplot layout 1,panels
do for [k=1:panels] {
  set lmargin screen (k - 1.0) / panels + 0.26 / panels
  set rmargin screen k * 1.0 / panels - 0.04 / panels
  choices = part(panel(k).'|', 3)
  unset logscale x
  set xtics autofreq
  set format x '%g'
  if (part(panel(k), 2) eq '1') { set logscale x; set format x '%.3g' }
  if (strlen(choices)) {
    set xtics ()
    number = 0
    rest = choices.','
    while (strlen(rest)) {
      set xtics add (rest[1:strstrt(rest, ',') - 1] number)
      number = number + 1
      rest = rest[strstrt(rest, ',') + 1:*]
    }
  }
  set xlabel label(part(panel(k), 1)) noenhanced
  if (k == 1) { set ylabel objective noenhanced } else { unset ylabel }
  if (k == 1) { set key } else { unset key }
  plot columns.sprintf('/within_%d', k - 1) using 1:2 with points lt 1 ps 0.6 title 'an evaluation', \
    columns.sprintf('/beyond_%d', k - 1) using 1:2 with points pt 1 ps 0.6 lc rgb grey title 'one of the worst quarter, at its edge', \
    columns.sprintf('/best_%d', k - 1) using 1:2 with points lt 2 ps 1.2 title 'the best'
}
unset multiplot
