# Called by plot.py with a folder of columns (risk_QUANTITY: share of the points kept, their error), the figure, this folder,
# the quantities and the error's name.
columns = ARG1; figure = ARG2; quantities = ARG4; error = ARG5
width = 560; height = 440
load ARG3.'/plot_style.gp'
set lmargin screen 0.17
set rmargin screen 0.96
set bmargin screen 0.33
set tmargin screen 0.91
set title 'error of the points of least variance'
set xlabel 'share of the test points kept'
set ylabel error
set xrange [0:1]
set yrange [0:*]
set offsets 0,0,graph 0.05,0
plot for [q in quantities] columns.'/risk_'.q using 1:2 with linespoints pn 9 lt style(q) title 'by the variance of '.both(q)
