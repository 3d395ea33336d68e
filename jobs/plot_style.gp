# What all figures share. Loaded by plot_*.gp once `figure`, `width` and `height` are set. Colours are those of Okabe and Ito
# (2008), which colour-blind readers tell apart; each has a shape and a dash of its own. Legends stand below the panels.
if (figure[strlen(figure) - 3:] eq '.png') { set terminal pngcairo size width,height font 'sans,11' } \
else { set terminal svg size width,height font 'sans,13' background 'white' }
set output figure
set encoding utf8
set datafile separator whitespace
grey = '#777777'
set linetype 1 lc rgb '#0072B2' pt 7 ps 0.8 dt 1 lw 2
set linetype 2 lc rgb '#D55E00' pt 5 ps 0.7 dt (9,4) lw 2
set linetype 3 lc rgb '#009E73' pt 9 ps 0.9 dt (9,3,2,3) lw 2
set linetype 4 lc rgb '#CC79A7' pt 13 ps 1.0 dt (3,3) lw 2
set linetype 5 lc rgb '#E69F00' pt 11 ps 0.9 dt (14,4) lw 2
set linetype 6 lc rgb '#56B4E9' pt 6 ps 0.9 dt (9,3,2,3,2,3) lw 2
set linetype cycle 6
set grid lt 1 lc rgb '#dddddd' lw 1 dt 1
set border 3
set tics nomirror out
set title font ',13'
set pointintervalbox 0
set key at screen 0.5,0.02 center bottom vertical Left reverse samplen 3

# of a quantity its line type and its names
style(q) = q eq 'ensemble' || q eq 'rnd' ? 1 : q eq 'nngp' ? 3 : 2
name(q) = q eq 'ensemble' ? 'ensemble' : q eq 'rnd' ? 'RND' : q eq 'ntk_gp' ? 'NTK posterior' : \
  q eq 'bayesian_rnd' ? 'Bayesian RND' : 'NNGP posterior'
both(q) = q eq 'ensemble' ? 'ensemble, RND' : q eq 'ntk_gp' ? 'NTK posterior, Bayesian RND' : name(q)
